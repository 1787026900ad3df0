internal import Postgres

/// The table in a schema that records its applied migrations. Because it lives there, it travels with a dump, a
/// restore and a rename, and cannot lie about a schema that was put back from a backup.
struct Ledger: Sendable {
  let schema: SchemaName
  let table: String
  /// The columns that the table has; a table of dbmate's has one.
  var columns: Set<String> = Ledger.allColumns

  var name: QualifiedName { schema.relation(table) }

  /// All columns but `version` may be NULL: the tables of dbmate and Rails are this one with fewer columns.
  var create: SQL {
    let others = Self.optionalColumns.map { $0.definition }
    return """
      CREATE TABLE \(name) (
        version varchar(128) CONSTRAINT \(Identifier("\(table)_pkey")) PRIMARY KEY,
        \(SQL.joined(others, by: ",\n  "))
      )
      """
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

  private static let optionalColumns: [(name: String, definition: SQL)] = [
    ("name", "name text"), ("checksum", "checksum text"),
    ("applied_at", "applied_at timestamp with time zone"),
    ("applied_by", "applied_by text"), ("duration_ms", "duration_ms bigint"),
    ("statements_done", "statements_done integer"), ("statements_total", "statements_total integer"),
    ("tool_version", "tool_version text"),
  ]

  static let allColumns: Set<String> = Set(["version"] + optionalColumns.map(\.name))

  /// Whether the table is there.
  var exists: SQL { "SELECT to_regclass(\(name.quoted)) IS NOT NULL" }

  /// First the table's columns, then its rows; as JSON, so that a table with fewer columns reads the same.
  var read: [SQL] {
    [
      """
      SELECT attname FROM pg_catalog.pg_attribute
      WHERE attrelid = to_regclass(\(name.quoted)) AND attnum > 0 AND NOT attisdropped
      """,
      """
      SELECT r->>'version', r->>'checksum', (r->>'statements_done')::int, (r->>'statements_total')::int
      FROM (SELECT to_jsonb(l) FROM \(name) l) AS l (r)
      """,
    ]
  }

  /// The rows that ``LedgerRecord/init(_:)`` reads.
  var readRecords: SQL {
    """
    SELECT r->>'version', r->>'name', r->>'checksum', (r->>'statements_done')::int, (r->>'statements_total')::int
    FROM (SELECT to_jsonb(l) FROM \(name) l) AS l (r) WHERE r->>'version' IS NOT NULL ORDER BY 1
    """
  }

  /// Repeats the head where one catalog query finds it for all tenants.
  func comment(_ history: LedgerHistory) -> SQL {
    "COMMENT ON TABLE \(name) IS \(literal: history.head.comment)"
  }

  /// Writes the comment of a history that was read before, unless the ledger is another by now. A migration under way
  /// writes its own after this.
  func rewriteComment(_ history: LedgerHistory) -> [SQL] {
    [
      "LOCK TABLE \(name) IN SHARE UPDATE EXCLUSIVE MODE", "SELECT \(soundness(count: history.count))",
      comment(history),
    ]
  }

  /// Takes the file's checksum for the one that is recorded.
  func accept(_ file: MigrationFile, insteadOf checksum: Checksum) -> SQL {
    """
    UPDATE \(name) SET checksum = \(file.checksum.rawValue)
    WHERE version = \(file.version.rawValue) AND checksum = \(checksum.rawValue)
    """
  }

  /// Records a migration that is begun as applied.
  func finish(_ file: MigrationFile) -> SQL {
    "UPDATE \(name) SET statements_done = statements_total WHERE version = \(file.version.rawValue)"
  }

  /// Notes the time that a migration took, and makes sure that things are as they must be for the record to be true.
  /// The division fails if its row is gone; for the others see ``soundness(count:)``.
  func close(_ file: MigrationFile, count: Int) -> SQL {
    let took: SQL = "1000 * extract(epoch FROM clock_timestamp() - now())"
    let note: SQL = columns.contains("duration_ms") ? "duration_ms = \(took)" : "version = version"
    return """
      WITH closed AS (
        UPDATE \(name) SET \(note) WHERE version = \(file.version.rawValue) RETURNING version
      )
      SELECT 1 / count(*), \(soundness(count: count))
      FROM closed
      """
  }

  /// Makes sure of the same after a migration was undone.
  func closeUndone(count: Int) -> SQL { "SELECT \(soundness(count: count))" }

  /// Two columns. What fails tells what is wrong: the cast to a number, that the search path is another; the cast to a
  /// date, that the ledger has not `count` rows, so that what is to be done was taken from a head comment that is not
  /// true, or from an older look.
  private func soundness(count: Int) -> SQL {
    """
    \(searchPathIsSound),
      CASE WHEN (SELECT count(*) FROM \(name)) <> \(count)
        THEN CAST(current_setting('search_path') AS date) END
    """
  }

  /// Makes sure of the search path alone.
  var checkSearchPath: SQL { "SELECT \(searchPathIsSound)" }

  private var searchPathIsSound: SQL {
    """
    CASE WHEN current_setting('search_path') <> \(schema.searchPath)
        THEN CAST(current_setting('search_path') AS integer) END
    """
  }

  /// Takes a migration out of the ledger. If it is not there any more, the division fails.
  func remove(_ version: MigrationVersion) -> SQL {
    """
    WITH removed AS (DELETE FROM \(name) WHERE version = \(version.rawValue) RETURNING version)
    SELECT 1 / count(*) FROM removed
    """
  }

  /// The file's own statements.
  func statements(of file: MigrationFile, _ direction: MigrationDirection) -> [PlannedStatement] {
    (direction == .up ? file.up : file.down ?? []).map { statement in
      PlannedStatement(
        SQL(unsafeRaw: statement.text), source: MigrationSource(file: file, place: .statement(statement)))
    }
  }

  /// What each transaction of ours in the schema begins with.
  func opening(_ guards: SQL) -> [PlannedStatement] {
    [guards, TenantDatabase.setSearchPath(schema)].map { PlannedStatement($0) }
  }

  /// A transactional migration, as part of a transaction whose search path is the schema's.
  func run(_ file: MigrationFile, after count: Int) -> [PlannedStatement] {
    let settings = file.upOptions.settings
    let body = statements(of: file, .up)
    let source = { MigrationSource(file: file, place: $0) }
    return settings.map { PlannedStatement($0, source: source(.ledger)) }
      + [PlannedStatement(record([LedgerRecord(file)]), source: source(.ledger))]
      + body + [PlannedStatement(close(file, count: count + 1), source: source(.close))]
  }
}

extension MigrationOptions {
  /// The file's own time limits, for the rest of the transaction.
  var settings: [SQL] {
    [("lock_timeout", lockTimeout), ("statement_timeout", statementTimeout)].compactMap { name, value in
      value.map { "SET LOCAL \(unsafeRaw: name) TO \(literal: $0.milliseconds)" }
    }
  }
}
