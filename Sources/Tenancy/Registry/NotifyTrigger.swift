internal import TenancyPostgres

/// A trigger of ``RegistryNotifications``; each table has all of them.
struct NotifyTrigger: Sendable, Hashable {
  /// In `pg_trigger.tgenabled`.
  private enum Firing: String {
    /// Except for sessions with `session_replication_role = replica`.
    case origin = "O"
    /// Only for those.
    case replica = "R"
    case always = "A"
  }

  let name: Identifier
  private let events: String
  private let tables: String
  private let level: String
  private let firing: Firing
  /// In `pg_trigger.tgtype`.
  private let type: Int

  /// One for each event: a trigger with transition tables cannot have several. Statement triggers do not fire when logical
  /// replication applies changes of rows (PostgreSQL manual, 31.7 "Architecture"), so that there is a row trigger for it.
  static let all = [
    NotifyTrigger(
      name: "tenantctl_notify_insert", events: "INSERT", tables: "REFERENCING NEW TABLE AS new_rows ",
      level: "STATEMENT", firing: .origin, type: 4),
    NotifyTrigger(
      name: "tenantctl_notify_update", events: "UPDATE",
      tables: "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows ", level: "STATEMENT", firing: .origin,
      type: 16),
    NotifyTrigger(
      name: "tenantctl_notify_delete", events: "DELETE", tables: "REFERENCING OLD TABLE AS old_rows ",
      level: "STATEMENT", firing: .origin, type: 8),
    NotifyTrigger(
      name: "tenantctl_notify_truncate", events: "TRUNCATE", tables: "", level: "STATEMENT", firing: .always,
      type: 32),
    NotifyTrigger(
      name: "tenantctl_notify_replica", events: "INSERT OR UPDATE OR DELETE", tables: "", level: "ROW",
      firing: .replica, type: 29),
  ]

  func definition(on table: QualifiedName, calling function: QualifiedName) -> SQL {
    """
    CREATE OR REPLACE TRIGGER \(name) AFTER \(unsafeRaw: events) ON \(table)
      \(unsafeRaw: tables)FOR EACH \(unsafeRaw: level) EXECUTE FUNCTION \(function)()
    """
  }

  /// An action of `ALTER TABLE`.
  var enabling: SQL {
    switch firing {
    case .origin: "ENABLE TRIGGER \(name)"
    case .replica: "ENABLE REPLICA TRIGGER \(name)"
    case .always: "ENABLE ALWAYS TRIGGER \(name)"
    }
  }

  /// That the table `c` has it, and that it calls the function `p`.
  var isCurrent: SQL {
    """
    EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = \(literal: name.name)
        AND g.tgfoid = p.oid AND g.tgenabled = \(literal: firing.rawValue) AND g.tgtype = \(unsafeRaw: "\(type)")
        AND g.tgqual IS NULL AND g.tgattr::text = ''
        AND g.tgoldtable IS NOT DISTINCT FROM \(transition("old_rows"))
        AND g.tgnewtable IS NOT DISTINCT FROM \(transition("new_rows")))
    """
  }

  private func transition(_ name: String) -> SQL {
    tables.contains(" \(name) ") ? "\(literal: name)" : "NULL"
  }
}
