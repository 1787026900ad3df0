internal import TenancyPostgres

/// An advisory lock of whoever creates a schema (PostgreSQL manual, 13.3.5). By it a create that is running is told from one
/// that was killed: the server frees it when the session is gone.
struct CreationLock {
  private let key: SQL

  init(_ schema: SchemaName) {
    key = "\(unsafeRaw: String(SessionLock.space)), pg_catalog.hashtext(\(literal: schema.rawValue))"
  }

  /// Safe under any search path, as it stands at the end of each file.
  var take: SQL { "pg_catalog.pg_advisory_lock(\(key))" }
  var takeForTransaction: SQL { "SELECT pg_advisory_xact_lock(\(key))" }
  var tryForTransaction: SQL { "pg_try_advisory_xact_lock(\(key))" }

  /// Whether a session has it.
  var isTaken: SQL {
    """
    EXISTS (
      SELECT FROM pg_catalog.pg_locks l JOIN (VALUES (\(key))) k (space, name)
        ON l.classid = k.space::oid AND l.objid = k.name::oid
      WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    """
  }
}

/// The comment on a schema that is being created.
struct CreationMark {
  /// A code of tenantctl itself: PostgreSQL has no class TC.
  static let isLocked: SQLState = "TC001"
  private static let prefix = "tenantctl: being created, "
  private let text: String

  init() {
    text = Self.prefix + String(UInt64.random(in: 0...UInt64.max), radix: 16)
  }

  /// Reads a schema's comment; `nil` if it is no mark.
  init?(comment: String?) {
    guard let comment, comment.hasPrefix(Self.prefix) else { return nil }
    text = comment
  }

  func set(on schema: SchemaName) -> SQL { "COMMENT ON SCHEMA \(schema.identifier) IS \(literal: text)" }

  func remove(from schema: SchemaName) -> SQL { "COMMENT ON SCHEMA \(schema.identifier) IS NULL" }

  /// That the schema is still the one that this run made, and no other run has started over.
  func isOn(_ schema: SchemaName) -> SQL {
    "obj_description(to_regnamespace(\(literal: schema.identifier.quoted)), 'pg_namespace') = \(literal: text)"
  }

  /// Drops the schema if it has this mark. The last transaction of a create comments on the ledger, so with a lock on
  /// that it is decided whether the tenant is complete.
  /// - Parameter lock: it fails with ``isLocked`` if another session holds it.
  func drop(_ schema: SchemaName, _ ledger: Ledger, ifFree lock: CreationLock? = nil) -> SQL {
    let refuse: SQL = lock.map { "IF NOT \($0.tryForTransaction) THEN RAISE SQLSTATE 'TC001'; END IF;" } ?? ""
    let body: SQL = """
      BEGIN
        \(refuse)
        IF \(isOn(schema)) AND to_regclass(\(literal: ledger.name.quoted)) IS NOT NULL THEN
          LOCK TABLE \(ledger.name);
        END IF;
        IF \(isOn(schema)) THEN DROP SCHEMA \(schema.identifier) CASCADE; END IF;
      END
      """
    return "DO \(literal: body.inlined)"
  }
}
