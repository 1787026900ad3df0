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

  /// Notes the time that a migration took, and makes sure that the search path is what it was. As an insert that has
  /// to meet its own row, which costs the server less than to look the row up: if the row is gone, it is one that
  /// was not there, and the division fails.
  func close(_ file: MigrationFile) -> SQL {
    let isWhole = columns.isSuperset(of: ["checksum", "duration_ms"])
    let took: SQL = "1000 * extract(epoch FROM clock_timestamp() - now())"
    let note: SQL = isWhole ? "UPDATE SET duration_ms = \(took)" : "NOTHING"
    let isNew: SQL = isWhole ? "l.checksum IS NULL" : "l.version IS NOT NULL"
    return """
      INSERT INTO \(name) AS l (version)
      SELECT \(file.version.rawValue) WHERE \(searchPathIsSound)
      ON CONFLICT (version) DO \(note)
      RETURNING 1 / CASE WHEN \(isNew) THEN 0 ELSE 1 END
      """
  }

  /// Makes sure that neither the search path nor the rest of the ledger has changed.
  func check(count: Int) -> SQL { "SELECT \(soundness(count: count))" }

  private func soundness(count: Int) -> SQL { "\(searchPathIsSound), \(hasRows(count))" }

  /// Makes sure of the search path alone.
  var checkSearchPath: SQL { "SELECT \(searchPathIsSound)" }

  /// True; if the search path is another by now, the cast to a number fails.
  private var searchPathIsSound: SQL {
    """
    CASE WHEN current_setting('search_path') = \(schema.searchPath) THEN true
      ELSE CAST(current_setting('search_path') AS integer) = 0 END
    """
  }

  /// True; if the ledger has not so many rows, because what is to be done was taken from a head comment that is not
  /// true, or from an older look, the cast to a date fails.
  func hasRows(_ count: Int) -> SQL {
    """
    CASE WHEN (SELECT count(*) FROM \(name)) = \(count) THEN true
      ELSE isfinite(CAST(current_setting('search_path') AS date)) END
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
  func opening(_ limits: TimeLimits) -> [PlannedStatement] { [PlannedStatement(limits.local(in: schema))] }

  /// A transactional migration, as part of a transaction whose search path is the schema's.
  /// - Parameters:
  ///   - count: how many rows the ledger has before.
  ///   - isOwn: whether the ledger is the transaction's own, so that nobody else can have changed it.
  func run(_ file: MigrationFile, after count: Int, isOwn: Bool) -> [PlannedStatement] {
    func source(_ place: MigrationSource.Place) -> MigrationSource {
      MigrationSource(file: file, place: place)
    }
    let row = LedgerRecord(file)
    let opening = file.upOptions.settings + [isOwn ? record([row]) : record(row, after: count)]
    // To count its rows again costs the server more than all the rest of ours.
    let namesLedger = file.up.contains { $0.text.lowercased().contains(table.lowercased()) }
    let closing = [close(file)] + (namesLedger ? [check(count: count + 1)] : [])
    return opening.map { PlannedStatement($0, source: source(.ledger)) } + statements(of: file, .up)
      + closing.map { PlannedStatement($0, source: source(.close)) }
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
