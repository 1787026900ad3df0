internal import SQLText

extension KnownObjects {
  /// Notes what a statement creates, changes, drops or sets.
  mutating func note(_ words: SQLWords) {
    if let table = words.createdRelation { noteRelation(table, words) }
    if words.firstIndex(of: "CREATE", "TYPE") == 0 || words.firstIndex(of: "CREATE", "DOMAIN") == 0 {
      types.formUnion([words.name(at: 2)].compactMap { $0 })
    }
    if let change = AlterTable(words) { note(change) }
    noteRows(words)
    noteIndex(words)
    if words.words.first?.is("SET") ?? false, words.contains("TIMEZONE") || words.contains("ZONE") {
      file.isUTC = words.words.last.map { ["'utc'", "UTC", "'UTC'"].contains($0.text) } ?? false
    }
  }

  private mutating func noteRelation(_ table: String, _ words: SQLWords) {
    // CREATE TABLE IF NOT EXISTS makes nothing of one that is there.
    if words.words.prefix(6).contains(where: { $0.is("EXISTS") }), columns[table] != nil { return }
    file.relations.insert(table)
    types.insert(table)
    if words.contains("PARTITION"), words.contains("BY") { partitioned.insert(table) }
    columns[table] = [:]
    guard let open = words.words.firstIndex(where: { $0.text == "(" }) else { return }
    for part in words.list(from: open + 1) {
      if !part.isConstraint(at: 0) {
        noteColumn(part, of: table)
      } else if part.has("PRIMARY", "KEY") {
        notNull.formUnion(part.filter(\.isName).map { "\(table).\($0.name)" })
      }
    }
  }

  private mutating func noteColumn(_ definition: ArraySlice<SQLWords.Word>, of table: String) {
    guard let name = definition.first, name.isName else { return }
    columns[table, default: [:]][name.name] = definition.dropFirst().columnType
    let isNotNull =
      definition.has("NOT", "NULL") || definition.has("PRIMARY", "KEY") || definition.isSerial
    if isNotNull { notNull.insert("\(table).\(name.name)") }
  }

  private mutating func note(_ change: AlterTable) {
    let table = change.table
    for column in change.addedColumns {
      noteColumn(column, of: table)
      if let name = column.first { file.newNames.insert("\(table).\(name.name)") }
    }
    for column in change.droppedColumns { notNull.remove("\(table).\(column)") }
    for (column, change) in change.alteredColumns {
      if let type = change.newType { columns[table, default: [:]][column] = type }
      if change.starts("SET", "NOT", "NULL") { notNull.insert("\(table).\(column)") }
      if change.starts("DROP", "NOT", "NULL") { notNull.remove("\(table).\(column)") }
    }
    for constraint in change.addedConstraints { noteConstraint(constraint, of: table) }
    for action in change.actions {
      if action.starts("VALIDATE", "CONSTRAINT"), let column = action.last.flatMap({ unvalidated[$0.name] }) {
        notNull.insert(column)
      }
      if action.starts("RENAME") { noteRename(action, of: table) }
    }
  }

  /// `CHECK (column IS NOT NULL)`, and what is not valid yet.
  private mutating func noteConstraint(_ action: AlterTable.Action, of table: String) {
    let isValid = !action.has("NOT", "VALID")
    let name = action.dropFirst(2).first?.name ?? ""
    if !isValid { file.notValid[name] = action.has("FOREIGN", "KEY") ? .foreignKeyLock : .checkLock }
    guard let check = action.firstIndex(where: { $0.is("CHECK") }) else { return }
    let test = action[check...].dropFirst().drop { $0.text == "(" }
    guard let column = test.first, test.dropFirst().starts("IS", "NOT", "NULL") else { return }
    if isValid {
      notNull.insert("\(table).\(column.name)")
    } else {
      unvalidated[name] = "\(table).\(column.name)"
    }
  }

  private mutating func noteRename(_ action: AlterTable.Action, of table: String) {
    guard let new = action.last, !action.starts("RENAME", "CONSTRAINT") else { return }
    if action.starts("RENAME", "TO") {
      columns[new.name] = columns.removeValue(forKey: table)
      notNull.formUnion(
        notNull.filter { $0.hasPrefix("\(table).") }.map { new.name + $0.dropFirst(table.count) })
      file.newNames.insert(new.name)
      if file.relations.remove(table) != nil { file.relations.insert(new.name) }
    } else if let old = action.dropFirst(action.starts("RENAME", "COLUMN") ? 2 : 1).first {
      let type = columns[table]?.removeValue(forKey: old.name)
      columns[table]?[new.name] = type
      if notNull.remove("\(table).\(old.name)") != nil { notNull.insert("\(table).\(new.name)") }
      file.newNames.insert("\(table).\(new.name)")
    }
  }

  private mutating func noteRows(_ words: SQLWords) {
    guard let first = words.words.first else { return }
    let tables = words.changedRelations
    if first.is("INSERT") || first.is("MERGE") { file.emptied.subtract(tables) }
    if first.is("TRUNCATE") || first.is("DELETE") && !words.contains("WHERE") && !words.contains("USING") {
      file.emptied.formUnion(tables)
    }
  }

  private mutating func noteIndex(_ words: SQLWords) {
    guard words.words.first?.is("CREATE") ?? false, words.words.prefix(3).contains(where: { $0.is("INDEX") }),
      let on = words.firstIndex(of: "ON"), let table = words.name(at: on + 1)
    else { return }
    indexed[table, default: []].formUnion(words.words[(on + 2)...].filter(\.isName).map(\.name))
  }
}

extension SQLWords {
  /// The table or view that the statement makes.
  var createdRelation: String? { created(["TABLE", "VIEW"]) }

  /// The object that the statement makes, of whatever kind.
  var createdName: String? {
    created([
      "TABLE", "VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE", "COLLATION",
    ])
  }

  private func created(_ kinds: Set<String>) -> String? {
    guard words.first?.is("CREATE") ?? false else { return nil }
    let index = words.prefix(6).firstIndex { !$0.isQuoted && kinds.contains($0.text) }
    return index.flatMap { name(at: $0 + 1) }
  }
}
