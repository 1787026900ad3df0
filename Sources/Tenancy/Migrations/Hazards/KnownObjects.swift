internal import SQLText

/// What the statements before have made, as far as hazards depend on it. Names are without their schemas; a column's is
/// `table.column`.
struct KnownObjects {
  /// What the file has done so far that is being read.
  var file = FileChanges()
  /// The columns of tables, and what is known of them.
  var columns: [String: [String: ColumnType]] = [:]
  var notNull: Set<String> = []
  /// Columns with a CHECK that they are not null, by the name of the constraint that is not valid yet.
  var unvalidated: [String: String] = [:]
  /// The names in the indexes of a table: columns, and some more.
  var indexed: [String: Set<String>] = [:]
  var partitioned: Set<String> = []
  /// Types and tables, which are types, too.
  var types: Set<String> = []

  /// The names of all that a statement of these files makes.
  static func names(madeBy files: [MigrationFile]) -> Set<String> {
    Set(files.flatMap(\.up).compactMap { SQLWords($0).createdName })
  }

  // MARK: - What a statement meets

  /// Whether an app may use the table: nobody uses yet what the same file makes.
  func isLive(_ table: String?) -> Bool { table.map { !file.relations.contains($0) } ?? false }

  /// Whether an app may use the table, and it may have rows.
  func hasRows(_ table: String?) -> Bool {
    isLive(table) && table.map { !file.emptied.contains($0) } ?? false
  }

  /// Whether an app may use the table by this name.
  func isUsed(_ table: String?) -> Bool {
    isLive(table) && table.map { !file.newNames.contains($0) } ?? false
  }

  /// Whether an app may use the column.
  func isUsed(_ table: String, _ column: String) -> Bool {
    isLive(table) && !file.newNames.contains("\(table).\(column)")
  }

  /// Whether PostgreSQL neither rewrites nor reads the table to give the column another type.
  func changesFreely(_ table: String, _ column: String, _ change: AlterTable.Action) -> Bool {
    guard let type = change.newType, let old = columns[table]?[column] else { return false }
    // USING may say nothing else than the cast that happens anyway.
    if let using = change.firstIndex(where: { $0.is("USING") }) {
      let value = change[using...].dropFirst()
      guard value.first?.name == column, value.count == 1 || value.dropFirst().first?.text == ":" else {
        return false
      }
    }
    let isIndexed = indexed[table]?.contains(column) ?? false
    return old.changesFreely(to: type) || file.isUTC && !isIndexed && old.isSameInUTC(type)
  }
}

/// What a file has done so far, and what it will have made in the end.
struct FileChanges {
  /// Tables and views that it has made.
  var relations: Set<String> = []
  /// Columns that it has added, and names that it has given to tables and columns that were there before.
  var newNames: Set<String> = []
  /// Tables that it has emptied: there is nothing to check or rewrite.
  var emptied: Set<String> = []
  /// Constraints that it has added NOT VALID, and what they would be without.
  var notValid: [String: Hazard] = [:]
  /// Whether it has set the time zone to UTC.
  var isUTC = false
  /// The tables and views that it makes, and those that it renames, by their new names.
  private var made: Set<String> = []
  private var renamed: Set<String> = []

  init() {}

  /// - Parameter statements: those that apply the file.
  init(_ statements: [SQLStatement]) {
    let all = statements.map(SQLWords.init).flatMap { words in [words] + words.embedded.flatMap(\.statements)
    }
    made = Set(all.compactMap(\.createdRelation))
    renamed = Set(all.compactMap { AlterTable($0)?.newName })
  }

  /// Whether it leaves another table or a view under the name of one that it renames.
  func succeeds(_ table: String) -> Bool { made.contains(table) || renamed.contains(table) }

  /// Whether it gives the name of a table that it drops to another one, which had another name before.
  func replaces(_ table: String) -> Bool { renamed.contains(table) }
}
