internal import SQLText
internal import TenancyPostgres

/// The table in a schema that records its applied migrations. Because it lives there, it travels with a dump, a
/// restore and a rename, and cannot lie about a schema that was put back from a backup.
struct Ledger: Sendable {
  let schema: SchemaName
  let table: String
  /// Who may own it.
  let trust: LedgerTrust
  /// The columns that the table has; a table of dbmate's has one.
  var columns: Set<String> = Ledger.allColumns
  /// The table that was inspected; `nil` if it is created in this run.
  var oid: Int?
  /// Whether other roles have privileges on it, by which they could put a trigger on it.
  var isGranted = false

  var name: QualifiedName { schema.relation(table) }

  /// All columns but `version` may be NULL: the tables of dbmate and Rails are this one with fewer columns.
  private var create: SQL {
    let others = Self.optionalColumns.map { $0.definition }
    return """
      CREATE TABLE \(name) (
        version varchar(128) CONSTRAINT \(Identifier("\(table)_pkey")) PRIMARY KEY,
        \(SQL.joined(others, by: ",\n  "))
      )
      """
  }

  /// Makes it, for its owner alone.
  var creation: [SQL] {
    [create]
      + (trust.closedTo.isEmpty ? [] : ["REVOKE ALL ON TABLE \(name) FROM \(SQL.joined(trust.closedTo))"])
  }

  /// Adds the columns that a table of dbmate's lacks; `nil` if it lacks none.
  var complete: SQL? { missingColumns.isEmpty ? nil : add(Set(missingColumns)) }

  /// Adds columns that another tool's table has not.
  func add(_ columns: Set<String>) -> SQL {
    let added = Self.optionalColumns.filter { columns.contains($0.name) }
    return "ALTER TABLE \(name) \(SQL.joined(added.map { "ADD COLUMN IF NOT EXISTS \($0.definition)" }))"
  }

  /// The columns that it lacks, in order.
  var missingColumns: [String] { Self.optionalColumns.map(\.name).filter { !columns.contains($0) } }

  /// Together with the version no wider than the 2 kB from which on a table gets a TOAST table (PostgreSQL manual,
  /// "TOAST"): that and its index would be two relations more in every schema. A file's name has 255 bytes, of which 6
  /// are not the migration's name.
  private static let optionalColumns: [(name: String, definition: SQL)] = [
    ("name", "name varchar(249)"), ("checksum", "checksum varchar(64)"),
    ("applied_at", "applied_at timestamp with time zone"),
    ("applied_by", "applied_by name"), ("duration_ms", "duration_ms bigint"),
    ("statements_done", "statements_done integer"), ("statements_total", "statements_total integer"),
    ("tool_version", "tool_version varchar(16)"),
  ]

  static let allColumns: Set<String> = Set(["version"] + optionalColumns.map(\.name))

  /// First the table's columns, then its rows; as JSON, so that a table with fewer columns reads the same.
  var read: [SQL] {
    [
      """
      SELECT attname FROM pg_catalog.pg_attribute
      WHERE attrelid = \(regclass) AND attnum > 0 AND NOT attisdropped
      """,
      """
      SELECT r->>'version', r->>'checksum', (r->>'statements_done')::int, (r->>'statements_total')::int
      FROM (SELECT to_jsonb(l) FROM ONLY \(name) l) AS l (r)
      """,
    ]
  }

  /// The rows that ``LedgerRecord/init(_:)`` reads.
  var readRecords: SQL {
    """
    SELECT r->>'version', r->>'name', r->>'checksum', (r->>'statements_done')::int, (r->>'statements_total')::int
    FROM (SELECT to_jsonb(l) FROM ONLY \(name) l) AS l (r) WHERE r->>'version' IS NOT NULL ORDER BY 1
    """
  }

  /// Repeats the head where one catalog query finds it for all tenants. A table that has checksums and lacks other columns has
  /// none: who knows it by its head takes it for one that has all.
  /// - Parameter history: `nil` while a migration is begun and not finished: then everybody reads the ledger itself.
  func comment(_ history: LedgerHistory?) -> SQL {
    let isKnownByHead = missingColumns.isEmpty || !columns.contains("checksum")
    let text: SQL = history.flatMap { isKnownByHead ? "\(literal: $0.head.comment)" as SQL : nil } ?? "NULL"
    return "COMMENT ON TABLE \(name) IS \(text)"
  }

  /// Writes the comment of a history that was read before, unless the ledger was replaced. A running migration
  /// writes its own after this.
  func rewriteComment(_ history: LedgerHistory, _ state: LedgerState) -> [SQL] {
    ["SELECT \(ifCount(state.finished, "1"))", comment(state.begun.isEmpty ? history : nil)]
  }

  /// Replaces the recorded checksum with the file's.
  /// - Parameter isBegun: whether the file is begun and not finished: the rest of it is what the file has now.
  func accept(_ file: MigrationFile, insteadOf checksum: Checksum, isBegun: Bool) -> SQL {
    let total: SQL = isBegun ? ", statements_total = \(file.up.count)" : ""
    return """
      UPDATE ONLY \(name) SET checksum = \(file.checksum.rawValue)\(total)
      WHERE version = \(file.version.rawValue) AND checksum = \(checksum.rawValue)
      """
  }

  /// Records a migration that is begun as applied.
  func finish(_ file: MigrationFile) -> SQL {
    "UPDATE ONLY \(name) SET statements_done = statements_total WHERE version = \(file.version.rawValue)"
  }

  /// The start of a transaction that writes to a ledger: no other session may write its comment, or put a trigger on
  /// it, until the transaction ends; everybody may read and write its rows.
  func opening(_ limits: TimeLimits, exists: Bool = true, for source: MigrationSource? = nil)
    -> [PlannedStatement]
  {
    let locked: [SQL] = exists ? [lock, check(trust)] : []
    return (limits.opening + locked).map { PlannedStatement($0, source: source) }
  }

  var lock: SQL { "LOCK TABLE ONLY \(name) IN SHARE UPDATE EXCLUSIVE MODE" }

  /// The number, or a division by zero if the ledger has not so many finished rows: what is to be done was taken from a head
  /// comment that is stale, or was read earlier. A migration that another session has begun to apply or to undo is not
  /// finished.
  func ifCount(_ finished: Int, _ number: SQL) -> SQL {
    let isFinished: SQL =
      columns.isSuperset(of: Self.progressColumns)
      ? " WHERE (statements_done < statements_total) IS NOT TRUE" : ""
    return Guard.number(
      number,
      if: "(SELECT pg_catalog.count(*) FROM ONLY \(name)\(isFinished)) = \(unsafeRaw: String(finished))")
  }

  /// Takes a migration out of the ledger. If it no longer exists, or the ledger has not so many finished rows, the division
  /// fails.
  func remove(_ version: MigrationVersion, of count: Int) -> SQL {
    """
    WITH removed AS (DELETE FROM ONLY \(name) WHERE version = \(version.rawValue) RETURNING 1)
    SELECT \(ifCount(count, "1 / count(*)")) FROM removed
    """
  }

  /// Fails if the role that the file has set may not use the schema: the statement's names would lead elsewhere.
  func checkOfRole(_ statement: SQLStatement, of file: MigrationFile) -> PlannedStatement {
    PlannedStatement(schema.usable, source: MigrationSource(file: file, place: .role(statement)))
  }

  /// The file's own statements.
  func statements(of file: MigrationFile, _ direction: MigrationDirection) -> [PlannedStatement] {
    file.statements(direction).map { statement in
      PlannedStatement(
        SQL(unsafeRaw: statement.text), source: MigrationSource(file: file, place: .statement(statement)))
    }
  }
}
