internal import SQLText
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

/// The mark on a schema that is being created: the comment on the column of the ledger that is made with it.
struct CreationMark {
  /// A code of tenantctl itself: PostgreSQL has no class TC.
  static let isLocked: SQLState = "TC001"
  private static let prefix = "tenantctl: being created, "
  private let text: String

  init() {
    text = Self.prefix + String(UInt64.random(in: 0...UInt64.max), radix: 16)
  }

  /// Reads a comment on a ledger's column, or on a schema, where the mark was before; `nil` if it is no mark.
  init?(comment: String?) {
    guard let comment, comment.hasPrefix(Self.prefix) else { return nil }
    text = comment
  }

  /// The mark on a ledger of the row `c` of pg_class, NULL where a role that is not trusted could have written it.
  static func trusted(by trust: LedgerTrust) -> SQL {
    """
    CASE WHEN c.relkind = 'r' AND c.relowner IN (\(trust.owners))
      THEN col_description(c.oid, \(unsafeRaw: String(Ledger.markedNumber))) END
    """
  }

  func set(on ledger: Ledger) -> SQL { ledger.mark(text) }

  /// The same for people, who look at the schema: `\dn+` shows it. A file may replace it.
  func show(on schema: SchemaName) -> SQL { "COMMENT ON SCHEMA \(schema.identifier) IS \(literal: text)" }

  /// Removes what ``show(on:)`` has written, unless one of the files has written another comment. To look takes PL/pgSQL, whose
  /// library a fresh session loads first.
  func hide(on ledger: Ledger, after files: [MigrationFile]) -> SQL {
    let remove: SQL = "COMMENT ON SCHEMA \(ledger.schema.identifier) IS NULL"
    guard files.contains(where: \.mayReplaceSchemaComment) else { return remove }
    let body: SQL = """
      BEGIN
        IF \(ledger.schemaComment) = \(literal: text) THEN
          \(remove);
        END IF;
      END
      """
    return "DO \(literal: body.inlined)"
  }

  /// That the schema is still the one that this run made, and no other run has started over. By functions alone: it stands in
  /// an INSERT, which Citus may have to plan.
  func isOn(_ ledger: Ledger) -> SQL {
    """
    \(literal: text) IN (
      col_description(to_regclass(\(literal: ledger.name.quoted)), \(unsafeRaw: String(Ledger.markedNumber))),
      \(ledger.schemaComment))
    """
  }

  /// Drops the schema if it has this mark.
  /// - Parameter lock: it fails with ``isLocked`` if another session holds it.
  func drop(_ ledger: Ledger, ifFree lock: CreationLock? = nil) -> SQL {
    let drop: SQL = "IF \(isOn(ledger)) THEN DROP SCHEMA \(ledger.schema.identifier) CASCADE; END IF;"
    let body: SQL = """
      BEGIN
        \(holding(ledger, ifFree: lock))
        \(drop)
      END
      """
    return "DO \(literal: body.inlined)"
  }

  /// Keeps the schema as it is, with this mark or without it, until the transaction ends.
  func hold(_ ledger: Ledger, ifFree lock: CreationLock? = nil) -> PlannedStatement {
    let body: SQL = """
      BEGIN
        \(holding(ledger, ifFree: lock))
      END
      """
    return PlannedStatement("DO \(literal: body.inlined)")
  }

  /// Fails, and with it the transaction, if the schema no longer has this mark.
  func guardOn(_ ledger: Ledger) -> PlannedStatement {
    PlannedStatement(
      guarding: "SELECT \(Guard.number(if: isOn(ledger)))",
      purpose: "fails if another session has created the tenant")
  }

  /// The last transaction of a create locks the ledger, so with a lock on that it is decided whether the tenant is complete.
  private func holding(_ ledger: Ledger, ifFree lock: CreationLock?) -> SQL {
    let refuse: SQL = lock.map { "IF NOT \($0.tryForTransaction) THEN RAISE SQLSTATE 'TC001'; END IF;" } ?? ""
    return """
      \(refuse)
        IF \(isOn(ledger)) AND to_regclass(\(literal: ledger.name.quoted)) IS NOT NULL THEN
          LOCK TABLE \(ledger.name);
        END IF;
      """
  }
}

extension MigrationFile {
  /// Whether its up section may have written another comment on the schema, by its own words or by a function that it calls.
  fileprivate var mayReplaceSchemaComment: Bool {
    mayCommentOnSchema
      || up.contains { ["SELECT", "WITH", "CALL", "DO", "EXECUTE"].contains($0.leadingKeywords.first) }
  }
}
