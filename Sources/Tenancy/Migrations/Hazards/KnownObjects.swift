internal import SQLText

/// What the statements before have made, as far as hazards depend on it. Names are without their schemas.
struct KnownObjects {
  /// Tables and views of the same file: nobody uses them yet.
  private var newRelations: Set<String> = []
  /// Columns that the same file adds, as `table.column`.
  private var newColumns: Set<String> = []
  /// Names that the same file gives to tables and columns that were there before.
  private var newNames: Set<String> = []
  private var columns: [String: [String: ColumnType]] = [:]
  /// Columns with a CHECK that they are not null, as `table.column`; those whose constraint is not validated by its name.
  private var notNull: Set<String> = []
  private var unvalidated: [String: String] = [:]
  /// Tables that the same file has emptied: there is nothing to check or rewrite.
  private var emptied: Set<String> = []
  /// Whether the same file has set the time zone to UTC.
  private var isUTC = false
  /// The names in the indexes of a table: columns, and some more.
  private var indexed: [String: Set<String>] = [:]
  private var partitioned: Set<String> = []
  /// Types and tables, which are types, too.
  private(set) var types: Set<String> = []

  mutating func startFile() {
    newRelations = []
    newColumns = []
    newNames = []
    emptied = []
    isUTC = false
  }

  /// Whether an app may use the table.
  func isLive(_ table: String?) -> Bool { table.map { !newRelations.contains($0) } ?? false }

  /// Whether an app may use the column.
  func isUsed(_ table: String, _ column: String) -> Bool {
    let name = "\(table).\(column)"
    return isLive(table) && !newColumns.contains(name) && !newNames.contains(name)
  }

  /// Whether an app may use the table by this name.
  func isUsed(_ table: String?) -> Bool { isLive(table) && table.map { !newNames.contains($0) } ?? false }

  /// Whether an app may use the table, and it may have rows.
  func hasRows(_ table: String?) -> Bool { isLive(table) && table.map { !emptied.contains($0) } ?? false }

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
    return old.changesFreely(to: type) || isUTC && !isIndexed && old.isSameInUTC(type)
  }

  func isKnownNotNull(_ table: String, _ column: String) -> Bool { notNull.contains("\(table).\(column)") }

  func isPartitioned(_ table: String) -> Bool { partitioned.contains(table) }

  /// The names of all that a statement of these files makes.
  static func names(madeBy files: [MigrationFile]) -> Set<String> {
    Set(files.flatMap(\.up).compactMap { SQLWords($0).createdName })
  }

  /// Keeps up with a statement.
  mutating func note(_ words: SQLWords) {
    if let table = words.createdRelation {
      newRelations.insert(table)
      types.insert(table)
      if words.contains("PARTITION"), words.contains("BY") { partitioned.insert(table) }
      noteColumns(of: table, words)
    }
    if words.firstIndex(of: "CREATE", "TYPE") == 0 || words.firstIndex(of: "CREATE", "DOMAIN") == 0 {
      types.formUnion([words.name(at: 2)].compactMap { $0 })
    }
    if let change = AlterTable(words) { note(change) }
    noteRows(words)
    noteIndex(words)
    if words.words.first?.is("SET") ?? false, words.contains("TIMEZONE") || words.contains("ZONE") {
      isUTC = words.words.last.map { ["'utc'", "UTC", "'UTC'"].contains($0.text) } ?? false
    }
  }

  private mutating func noteRows(_ words: SQLWords) {
    guard let first = words.words.first else { return }
    let tables = words.changedRelations
    if first.is("INSERT") || first.is("MERGE") { emptied.subtract(tables) }
    if first.is("TRUNCATE") || first.is("DELETE") && !words.contains("WHERE") && !words.contains("USING") {
      emptied.formUnion(tables)
    }
  }

  private mutating func noteIndex(_ words: SQLWords) {
    guard words.words.first?.is("CREATE") ?? false, words.words.prefix(3).contains(where: { $0.is("INDEX") }),
      let on = words.firstIndex(of: "ON"), let table = words.name(at: on + 1)
    else { return }
    indexed[table, default: []].formUnion(words.words[(on + 2)...].filter(\.isName).map(\.name))
  }

  private mutating func noteColumns(of table: String, _ words: SQLWords) {
    columns[table] = [:]
    guard let open = words.words.firstIndex(where: { $0.text == "(" }) else { return }
    for column in words.list(from: open + 1) where !column.isConstraint(at: 0) {
      noteColumn(column, of: table)
    }
  }

  private mutating func noteColumn(_ definition: ArraySlice<SQLWords.Word>, of table: String) {
    guard let name = definition.first, name.isName else { return }
    columns[table, default: [:]][name.name] = definition.dropFirst().columnType
  }

  private mutating func note(_ change: AlterTable) {
    let table = change.table
    for column in change.addedColumns {
      noteColumn(column, of: table)
      if let name = column.first { newColumns.insert("\(table).\(name.name)") }
    }
    for (column, change) in change.alteredColumns {
      if let type = change.newType { columns[table, default: [:]][column] = type }
    }
    for constraint in change.addedConstraints { noteConstraint(constraint, of: table) }
    for action in change.actions {
      if action.starts("VALIDATE", "CONSTRAINT"), let column = action.last.flatMap({ unvalidated[$0.name] }) {
        notNull.insert(column)
      }
      if action.starts("RENAME") { noteRename(action, of: table) }
    }
  }

  /// `CHECK (column IS NOT NULL)`.
  private mutating func noteConstraint(_ action: AlterTable.Action, of table: String) {
    guard let check = action.firstIndex(where: { $0.is("CHECK") }) else { return }
    let test = action[check...].dropFirst().drop { $0.text == "(" }
    guard let column = test.first, test.dropFirst().starts("IS", "NOT", "NULL") else { return }
    if action.has("NOT", "VALID") {
      unvalidated[action.dropFirst(2).first?.name ?? ""] = "\(table).\(column.name)"
    } else {
      notNull.insert("\(table).\(column.name)")
    }
  }

  private mutating func noteRename(_ action: AlterTable.Action, of table: String) {
    guard let new = action.last, !action.starts("RENAME", "CONSTRAINT") else { return }
    if action.dropFirst().first?.is("TO") ?? false {
      columns[new.name] = columns.removeValue(forKey: table)
      newNames.insert(new.name)
      if newRelations.remove(table) != nil { newRelations.insert(new.name) }
    } else {
      let old = action.dropFirst(action.starts("RENAME", "COLUMN") ? 2 : 1).first
      guard let old else { return }
      let type = columns[table]?.removeValue(forKey: old.name)
      columns[table]?[new.name] = type
      newNames.insert("\(table).\(new.name)")
      if newColumns.remove("\(table).\(old.name)") != nil { newColumns.insert("\(table).\(new.name)") }
    }
  }
}

extension ArraySlice<SQLWords.Word> {
  /// The type in `TYPE text USING ...` and `SET DATA TYPE text`.
  var newType: ColumnType? {
    starts("TYPE") ? dropFirst().columnType : starts("SET", "DATA", "TYPE") ? dropFirst(3).columnType : nil
  }
}

extension SQLWords {
  /// The table or view that the statement makes.
  fileprivate var createdRelation: String? {
    guard words.first?.is("CREATE") ?? false else { return nil }
    let index = words.prefix(6).firstIndex { $0.is("TABLE") || $0.is("VIEW") }
    return index.flatMap { name(at: $0 + 1) }
  }

  /// The object that the statement makes, of whatever kind.
  fileprivate var createdName: String? {
    guard words.first?.is("CREATE") ?? false else { return nil }
    let kinds = [
      "TABLE", "VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE", "COLLATION",
    ]
    let index = words.prefix(6).firstIndex { word in kinds.contains(where: word.is) }
    return index.flatMap { name(at: $0 + 1) }
  }
}
