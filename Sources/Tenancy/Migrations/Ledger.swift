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
      lock, "SELECT \(hasRows(history.count))", comment(history),
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

  /// Nobody else may write the ledger's comment until the transaction ends; everybody may read and write its rows.
  private var lock: SQL { "LOCK TABLE \(name) IN SHARE UPDATE EXCLUSIVE MODE" }

  /// Makes sure of the search path.
  var checkSearchPath: SQL { "SELECT \(searchPathIsSound)" }

  /// True; if the search path is another by now, the cast to a number fails.
  var searchPathIsSound: SQL { "CASE WHEN \(hasSearchPath) THEN true ELSE \(searchPathAsNumber) = 0 END" }

  /// The number; if the search path is another by now, the cast to a number fails.
  func ifSearchPathIsSound(_ number: SQL) -> SQL {
    "CASE WHEN \(hasSearchPath) THEN \(number) ELSE \(searchPathAsNumber) END"
  }

  private var hasSearchPath: SQL { "current_setting('search_path') = \(schema.searchPath)" }
  private var searchPathAsNumber: SQL { "CAST(current_setting('search_path') AS integer)" }

  /// True; if the ledger has not so many rows, because what is to be done was taken from a head comment that is not
  /// true, or from an older look, the cast to a date fails.
  private func hasRows(_ count: Int) -> SQL {
    """
    CASE WHEN (SELECT count(*) FROM \(name)) = \(count) THEN true
      ELSE isfinite(CAST(current_setting('search_path') AS date)) END
    """
  }

  /// Takes a migration out of the ledger. If it is not there any more, the division fails.
  func remove(_ version: MigrationVersion, isChecked: Bool = false) -> SQL {
    """
    WITH removed AS (DELETE FROM \(name) WHERE version = \(version.rawValue) RETURNING version)
    SELECT 1 / count(*)\(isChecked ? ", \(searchPathIsSound)" : "" as SQL) FROM removed
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

  /// What takes a file in that direction within one transaction.
  ///
  /// The lock goes first: a second runner waits for it, and then finds that the ledger has not so many rows any more,
  /// before it has run any of the file. It hinders nobody who reads or writes tables, and the head comment needs it
  /// anyway. The record goes last, where it knows how long the file took and that it has left the search path as it was.
  ///
  /// A fleet pays for each look at a table, and for each query: the rows are counted along with setting the search path,
  /// and that is looked at again along with adding the record.
  /// - Parameter count: how many rows the ledger has before.
  func run(
    _ file: MigrationFile, _ direction: MigrationDirection, after count: Int, _ limits: TimeLimits
  ) -> [PlannedStatement] {
    let enter: SQL = "SELECT set_config('search_path', \(schema.searchPath), true), \(hasRows(count))"
    return [PlannedStatement(limits.local)]
      + planned(file.options(direction).settings + [lock, enter], file, .ledger)
      + body(file, direction, after: count)
  }

  /// The same in a transaction that has made the ledger, so that nobody else can have changed it, and whose search path is
  /// the schema's.
  func runAfterCreation(
    _ file: MigrationFile, _ direction: MigrationDirection, after count: Int
  ) -> [PlannedStatement] {
    planned(file.options(direction).settings, file, .ledger) + body(file, direction, after: count)
  }

  private func body(
    _ file: MigrationFile, _ direction: MigrationDirection, after count: Int
  ) -> [PlannedStatement] {
    let isUp = direction == .up
    var closing = [isUp ? record(LedgerRecord(file)) : remove(file.version, isChecked: true)]
    if isUp && !columns.contains(Self.guardedColumn) { closing.append(checkSearchPath) }
    // Counted again, each time, the rows would cost the server more than all the rest of ours.
    if isNamed(in: file, direction) {
      closing.append("SELECT \(hasRows(isUp ? count + 1 : count - 1))")
    }
    return statements(of: file, direction) + planned(closing, file, .close)
  }

  private func planned(
    _ statements: [SQL], _ file: MigrationFile, _ place: MigrationSource.Place
  ) -> [PlannedStatement] {
    statements.map { PlannedStatement($0, source: MigrationSource(file: file, place: place)) }
  }

  private func isNamed(in file: MigrationFile, _ direction: MigrationDirection) -> Bool {
    (direction == .up ? file.up : file.down ?? []).contains { $0.text.containsFolded(table) }
  }
}

extension MigrationFile {
  fileprivate func options(_ direction: MigrationDirection) -> MigrationOptions {
    direction == .up ? upOptions : downOptions
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

extension String {
  /// Whether the other text is in it, ASCII letters of either case: as the server folds names that are not quoted. Each
  /// tenant of a fleet asks it of the whole file, so it goes over the bytes.
  fileprivate func containsFolded(_ other: String) -> Bool {
    func folded(_ byte: UInt8) -> UInt8 {
      UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
    let other = other.utf8.map(folded)
    var text = self
    return text.withUTF8 { text in
      guard let first = other.first, other.count <= text.count else { return other.isEmpty }
      return (0...(text.count - other.count)).contains { start in
        folded(text[start]) == first
          && other.indices.allSatisfy { folded(text[start + $0]) == other[$0] }
      }
    }
  }
}
