internal import TenancyPostgres

/// Everything that foreign SQL may leave in a session: settings, a role, cursors, prepared statements, channels, temporary
/// tables, the last values of sequences, advisory locks. The connection is for the next file or tenant then, which must not
/// meet any of it. Finding out whether there is something to clean would cost more than cleaning.
enum SessionCleaning {
  /// How much is cleaned.
  enum Extent: Sendable {
    /// Everything.
    case whole
    /// What is set, between the statements of a file that runs outside of a transaction: its temporary tables and our lock
    /// last until its end.
    case part

    /// For the end of a transaction: the parts of `DISCARD ALL` (PostgreSQL manual, "DISCARD"), which itself is refused
    /// there. So the right session is cleaned also behind a pooler.
    var statements: [SQL] {
      switch self {
      case .whole:
        ["CLOSE ALL", "RESET ALL", "DEALLOCATE ALL", "UNLISTEN *", "DISCARD TEMP", "DISCARD SEQUENCES"]
      case .part: resetRole + ["RESET ALL", "DEALLOCATE ALL"]
      }
    }

    func statements(for connection: Connection) async -> [SQL] {
      statements + (await connection.ownSettings)
    }
  }

  /// Fires the triggers that wait for the end of the transaction, and gives the role back.
  static let settle: [SQL] = ["SET CONSTRAINTS ALL IMMEDIATE"] + resetRole

  private static let resetRole: [SQL] = ["RESET SESSION AUTHORIZATION", "RESET ROLE"]

  /// Frees the session's advisory locks. Safe under any search path.
  static let unlock: SQL = "pg_catalog.pg_advisory_unlock_all()"

  /// The path of tenantctl's own statements: unqualified names find no object of a tenant, or of a role that may create in
  /// `public` (PostgreSQL manual, 5.9.6 "Usage Patterns").
  static let ownPath = "pg_catalog, pg_temp"

  /// Sets it for the rest of the transaction.
  static let pin: SQL = "SET LOCAL search_path TO \(unsafeRaw: ownPath)"

  /// For the start of a transaction in a session that other clients have used.
  static func opening(for connection: Connection) async -> [SQL] {
    resetRole + (await Extent.whole.statements(for: connection))
  }

  /// Rolls back and cleans, in one message: in between a pooler could give the session to somebody else.
  static let afterRollback: Connection.RollingBack = { await $0.clean(after: ["ROLLBACK"]) }

  fileprivate static func all(_ extent: Extent, for connection: Connection) async -> [SQL] {
    resetRole + (await extent.statements(for: connection)) + (extent == .whole ? ["SELECT \(unlock)"] : [])
  }
}

extension Connection {
  /// Cleans a session outside of a transaction; after a rollback, which leaves prepared statements, locks and sequences'
  /// last values behind, or after statements that were no transaction. A session that cannot be cleaned is closed.
  func clean(_ extent: SessionCleaning.Extent = .whole, after first: [SQL] = []) async {
    // In a new task: this one may be cancelled, and a cancelled task cannot use the connection.
    await Task {
      if state == .closed { return }
      // A message with a syntax error has not begun the transaction.
      let first = state == .inTransaction ? first : []
      do { _ = try await message(first + SessionCleaning.all(extent, for: self)) } catch { close() }
    }.value
  }
}

extension [SQL] {
  /// The end of a transaction with foreign statements, before the `COMMIT`.
  static func leaving(for connection: Connection) async -> [SQL] {
    SessionCleaning.settle + ["SELECT \(SessionCleaning.unlock)"]
      + (await SessionCleaning.Extent.whole.statements(for: connection))
  }
}
