internal import SQLText

/// What a running app feels of a statement: locks that it waits for, and names that it uses. A table of the same file is
/// nobody's yet.
///
/// The sets of squawk and strong_migrations, for the PostgreSQL versions that tenantctl supports.
struct LiveHazards {
  let words: SQLWords
  let known: KnownObjects
  let isInTransaction: Bool

  private var all: [SQLWords.Word] { words.words }

  var hazards: [Hazard] {
    guard let first = all.first, !first.isQuoted else { return [] }
    let found: [Hazard] =
      switch first.text {
      case "ALTER": AlterTable(words).map { ofTable($0) } ?? ofOther
      case "CREATE", "REINDEX": locksForIndex ? [.indexLock] : []
      case "DROP": ofDrop
      case "TRUNCATE": words.changedRelations.contains(where: { known.isLive($0) }) ? [.truncate] : []
      case "LOCK": locksTable ? [.lockTable] : []
      case "VACUUM", "CLUSTER": rewritesTable ? [.tableRewrite] : []
      case "UPDATE", "DELETE", "WITH": writesWholeTable ? [.wholeTable] : []
      default: []
      }
    return Hazard.allCases.filter(found.contains)
  }

  // MARK: - ALTER TABLE

  private func ofTable(_ change: AlterTable) -> [Hazard] {
    let table = change.table
    guard known.isLive(table) else { return [] }
    var found = known.hasRows(table) ? ofRows(change) : []
    if change.droppedColumns.contains(where: { known.isUsed(table, $0) }) { found.append(.dropColumn) }
    for action in change.actions {
      if action.starts("DROP"), action.last?.is("CASCADE") ?? false { found.append(.dropCascade) }
      if action.starts("RENAME"), !action.starts("RENAME", "CONSTRAINT"), renamesLive(action, table) {
        found.append(.rename)
      }
    }
    return found
  }

  /// What checks or rewrites the rows.
  private func ofRows(_ change: AlterTable) -> [Hazard] {
    var found = change.addedColumns.flatMap { Self.hazards(ofColumn: $0) }
    found += change.addedConstraints.compactMap(Self.hazard(ofConstraint:))
    for (column, alteration) in change.alteredColumns {
      if alteration.starts("SET", "NOT", "NULL"), !known.notNull.contains("\(change.table).\(column)") {
        found.append(.setNotNull)
      }
      if alteration.newType != nil, !known.changesFreely(change.table, column, alteration) {
        found.append(.columnType)
      }
    }
    // The lock of ADD CONSTRAINT lasts until the end of the transaction, and the check with it.
    let validated = change.actions.filter { $0.starts("VALIDATE", "CONSTRAINT") }.compactMap(\.last?.name)
    found += isInTransaction ? validated.compactMap { known.file.notValid[$0] } : []
    return found + (change.actions.contains(where: Self.rewrites) ? [.tableRewrite] : [])
  }

  private func renamesLive(_ action: AlterTable.Action, _ table: String) -> Bool {
    let column = action.dropFirst(action.starts("RENAME", "COLUMN") ? 2 : 1).first
    return column.map {
      $0.is("TO") ? known.isUsed(table) && !known.file.succeeds(table) : known.isUsed(table, $0.name)
    } ?? false
  }

  private static func rewrites(_ action: AlterTable.Action) -> Bool {
    ["LOGGED", "UNLOGGED", "TABLESPACE"].contains { action.starts("SET", $0) }
      || action.starts("SET", "ACCESS", "METHOD")
  }

  private static func hazard(ofConstraint action: AlterTable.Action) -> Hazard? {
    if action.has("NOT", "VALID") || action.has("USING", "INDEX") { return nil }
    if action.has("FOREIGN", "KEY") { return .foreignKeyLock }
    if action.has("CHECK") { return .checkLock }
    if action.has("NOT", "NULL") { return .setNotNull }
    return .uniqueLock
  }

  private static func hazards(ofColumn column: AlterTable.Action) -> [Hazard] {
    let hasDefault = column.has("DEFAULT")
    let checks: [(Hazard, Bool)] = [
      (.volatileDefault, hasVolatileDefault(column)), (.notNull, isNotNullWithoutDefault(column)),
      // Without a default the new column is null everywhere, which PostgreSQL knows.
      (.foreignKeyLock, column.has("REFERENCES") && hasDefault),
      // It is checked all the same (PostgreSQL's debug log: "verifying table").
      (.checkLock, column.has("CHECK")),
      (.uniqueLock, column.has("UNIQUE") || column.has("PRIMARY", "KEY")),
    ]
    return checks.filter(\.1).map(\.0)
  }

  /// Functions that give each row another value. `now()` is not one: it is the same for all rows of a statement.
  private static let volatile: Set<String> = [
    "RANDOM", "GEN_RANDOM_UUID", "UUID_GENERATE_V1", "UUID_GENERATE_V4", "CLOCK_TIMESTAMP", "NEXTVAL",
    "TIMEOFDAY", "UUIDV4", "UUIDV7", "GEN_RANDOM_BYTES",
  ]
  private static func hasVolatileDefault(_ column: AlterTable.Action) -> Bool {
    if column.isSerial || column.has("GENERATED") && column.has("STORED") { return true }
    guard let start = column.firstIndex(where: { $0.is("DEFAULT") }) else { return false }
    return column[start...].contains { !$0.isQuoted && volatile.contains($0.text) }
  }

  private static func isNotNullWithoutDefault(_ column: AlterTable.Action) -> Bool {
    let hasValue = column.has("DEFAULT") || column.has("GENERATED") || column.isSerial
    return !hasValue && (column.has("NOT", "NULL") || column.has("PRIMARY", "KEY"))
  }
}

// MARK: - Other statements

extension LiveHazards {
  /// The names of views, their columns, and the values of an enum are used by apps, too.
  private var ofOther: [Hazard] {
    guard all.count > 2, let rename = words.firstIndex(of: "RENAME") else { return [] }
    let isView = all[1].is("VIEW") || all[1].is("MATERIALIZED")
    let isValue = all[1].is("TYPE") && !words.contains("TO", after: rename)
    let name = words.name(at: all[1].is("MATERIALIZED") ? 3 : 2)
    return isView && known.isUsed(name) || isValue ? [.rename] : []
  }

  private var locksForIndex: Bool {
    if words.contains("CONCURRENTLY") { return false }
    if all[0].is("REINDEX") { return true }
    guard let index = words.firstIndex(of: "INDEX"), 1...2 ~= index, let on = words.firstIndex(of: "ON"),
      let table = words.name(at: on + 1)
    else { return false }
    let isPartitionsOwn =
      known.partitioned.contains(table) && all.dropFirst(on + 1).first?.is("ONLY") ?? false
    return known.hasRows(table) && !isPartitionsOwn
  }

  private var ofDrop: [Hazard] {
    let names = words.list(from: 2).compactMap { SQLWords(Array($0)).name(at: 0) }
    guard names.contains(where: { known.isUsed($0) }) else { return [] }
    let isTable = all.dropFirst().first?.is("TABLE") ?? false && names.contains { !known.file.replaces($0) }
    return (isTable ? [.dropTable] : [])
      + (all.last(where: { $0.text != ";" })?.is("CASCADE") ?? false ? [.dropCascade] : [])
  }

  /// In a mode that stops reads or writes (PostgreSQL manual, table 13.2).
  private var locksTable: Bool {
    let start = all.dropFirst().first?.is("TABLE") ?? false ? 2 : 1
    let names = words.list(from: start).compactMap { SQLWords(Array($0)).name(at: 0) }
    let harmless = [["ACCESS", "SHARE", "MODE"], ["ROW", "SHARE", "MODE"], ["ROW", "EXCLUSIVE", "MODE"]]
    let mode = words.firstIndex(of: "IN").map { all[($0 + 1)...].prefix(3).map(\.text) } ?? []
    let isMild =
      harmless.contains(mode) && !words.contains("SHARE", "ROW") || mode.starts(with: ["SHARE", "UPDATE"])
    return names.contains(where: { known.isLive($0) }) && !isMild
  }

  private var rewritesTable: Bool {
    all[0].is("CLUSTER") || words.contains("FULL")
  }

  /// An UPDATE or DELETE without WHERE, in the statement or in its WITH.
  private var writesWholeTable: Bool {
    all.indices.contains { index in
      let isDelete = all[index].is("DELETE") && index + 1 < all.count && all[index + 1].is("FROM")
      guard isDelete || all[index].is("UPDATE"), index == 0 || ["(", ")"].contains(all[index - 1].text) else {
        return false
      }
      guard known.isLive(words.name(at: index + (isDelete ? 2 : 1))) else { return false }
      return !clauses(from: index).contains { $0.is("WHERE") }
    }
  }

  /// The words from there on outside of parentheses, to the end of the parenthesis around.
  private func clauses(from start: Int) -> [SQLWords.Word] {
    var depth = 0
    var found: [SQLWords.Word] = []
    for word in all[start...] {
      if word.text == ")" { depth -= 1 }
      if depth < 0 { break }
      if depth == 0 { found.append(word) }
      if word.text == "(" { depth += 1 }
    }
    return found
  }
}

extension SQLWords {
  fileprivate func contains(_ first: String, _ second: String) -> Bool {
    firstIndex(of: first, second) != nil
  }

  fileprivate func contains(_ keyword: String, after index: Int) -> Bool {
    words.dropFirst(index + 1).first?.is(keyword) ?? false
  }
}
