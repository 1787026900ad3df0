internal import SQLText

/// An `ALTER TABLE`, taken apart as far as hazards are told from it.
struct AlterTable {
  /// What stands between its commas.
  typealias Action = ArraySlice<SQLWords.Word>

  let table: String
  let actions: [Action]

  /// Nil for another statement.
  init?(_ words: SQLWords) {
    guard words.firstIndex(of: "ALTER", "TABLE") == 0, let table = words.name(at: 2) else { return nil }
    self.table = table
    var start = words.endOfName(at: 2)
    if start < words.words.count, words.words[start].text == "*" { start += 1 }
    actions = words.list(from: start).filter { !$0.isEmpty }
  }

  /// The definitions of the columns that are added, from the name on.
  var addedColumns: [Action] {
    actions.compactMap { action in
      guard action.starts("ADD"), !action.isConstraint(at: 1) else { return nil }
      let rest = action.dropFirst().drop { $0.is("COLUMN") || $0.is("IF") || $0.is("NOT") || $0.is("EXISTS") }
      return rest.isEmpty ? nil : rest
    }
  }

  /// The table's own new name.
  var newName: String? {
    actions.first { $0.starts("RENAME", "TO") }?.last?.name
  }

  /// The constraints that are added to the table, from `ADD` on.
  var addedConstraints: [Action] { actions.filter { $0.starts("ADD") && $0.isConstraint(at: 1) } }

  /// What follows the name of each column that is altered.
  var alteredColumns: [(name: String, change: Action)] {
    actions.compactMap { action in
      guard action.starts("ALTER"), !action.starts("ALTER", "CONSTRAINT") else { return nil }
      let rest = action.dropFirst(action.starts("ALTER", "COLUMN") ? 2 : 1)
      return rest.first.map { ($0.name, rest.dropFirst()) }
    }
  }

  /// The names of the columns that are dropped.
  var droppedColumns: [String] {
    actions.compactMap { action in
      guard action.starts("DROP"), !action.starts("DROP", "CONSTRAINT"), !action.starts("DROP", "EXPRESSION")
      else { return nil }
      return action.dropFirst().first { !["COLUMN", "IF", "EXISTS"].contains(where: $0.is) }?.name
    }
  }
}

extension ArraySlice<SQLWords.Word> {
  /// Whether it begins with these keywords.
  func starts(_ keywords: String...) -> Bool {
    count >= keywords.count && zip(self, keywords).allSatisfy { $0.is($1) }
  }

  /// Whether these keywords stand in it one after the other, outside of parentheses.
  func has(_ keywords: String...) -> Bool {
    var depth = 0
    return indices.contains { index in
      if self[index].text == "(" { depth += 1 }
      if self[index].text == ")" { depth -= 1 }
      let rest = self[index...]
      return depth == 0 && rest.count >= keywords.count && zip(rest, keywords).allSatisfy { $0.is($1) }
    }
  }

  func isConstraint(at distance: Int) -> Bool {
    guard let word = dropFirst(distance).first, let next = dropFirst(distance + 1).first else { return false }
    if ["CONSTRAINT", "PRIMARY", "FOREIGN", "EXCLUDE"].contains(where: word.is) { return true }
    return word.is("CHECK") && next.text == "("
      || word.is("UNIQUE") && ["(", "NULLS", "USING"].contains(next.text)
  }

  /// The type in a column's definition, without its name.
  var columnType: ColumnType {
    let ends: Set<String> = [
      "DEFAULT", "NOT", "NULL", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "CONSTRAINT", "COLLATE",
      "GENERATED", "USING",
    ]
    let words = prefix { $0.isQuoted || !ends.contains($0.text) }
    return ColumnType(words.map(\.text).joined(separator: " "))
  }
}

extension ArraySlice<SQLWords.Word> {
  /// The type in `TYPE text USING ...` and `SET DATA TYPE text`.
  var newType: ColumnType? {
    starts("TYPE") ? dropFirst().columnType : starts("SET", "DATA", "TYPE") ? dropFirst(3).columnType : nil
  }

  /// Whether a column's definition gives it a sequence of its own.
  var isSerial: Bool {
    let serials: Set<String> = ["SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL2", "SERIAL4", "SERIAL8"]
    return dropFirst().first.map { !$0.isQuoted && serials.contains($0.text) } ?? false
      || has("AS", "IDENTITY")
  }
}

/// A column's type as it is written.
struct ColumnType: Hashable {
  private let base: String
  private let numbers: [Int]

  init(_ text: String) {
    let parts = text.split(separator: "(", maxSplits: 1).map(String.init)
    let name = (parts.first ?? "").split(separator: " ").joined(separator: " ")
    let aliases = [
      "CHARACTER VARYING": "VARCHAR", "DECIMAL": "NUMERIC", "INTEGER": "INT", "INT4": "INT", "INT8": "BIGINT",
      "BOOL": "BOOLEAN", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
      "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    ]
    base = aliases[name] ?? name
    numbers = parts.count < 2 ? [] : parts[1].split { !$0.isNumber }.compactMap { Int($0) }
  }

  /// Whether PostgreSQL neither rewrites nor reads the table to change to another type (PostgreSQL manual, "ALTER TABLE",
  /// notes; since 9.2).
  func changesFreely(to other: ColumnType) -> Bool {
    if self == other { return true }
    switch (base, other.base) {
    case ("VARCHAR", "TEXT"): return true
    case ("TEXT", "VARCHAR"): return other.numbers.isEmpty
    case ("VARCHAR", "VARCHAR"), ("VARBIT", "VARBIT"):
      guard let new = other.numbers.first else { return true }
      return numbers.first.map { $0 <= new } ?? false
    case ("NUMERIC", "NUMERIC"):
      guard let new = other.numbers.first else { return true }
      let scale = (numbers.dropFirst().first ?? 0, other.numbers.dropFirst().first ?? 0)
      return numbers.first.map { $0 <= new } ?? false && scale.0 == scale.1
    case ("TIMESTAMP", "TIMESTAMP"), ("TIMESTAMPTZ", "TIMESTAMPTZ"), ("TIME", "TIME"),
      ("INTERVAL", "INTERVAL"):
      guard let new = other.numbers.first else { return true }
      return numbers.first.map { $0 <= new } ?? (new >= 6)
    case ("CIDR", "INET"): return true
    default: return false
    }
  }

  /// Whether the two are stored alike while the time zone is UTC; since PostgreSQL 12 that is no rewrite.
  func isSameInUTC(_ other: ColumnType) -> Bool {
    Set([base, other.base]) == ["TIMESTAMP", "TIMESTAMPTZ"] && numbers == other.numbers
  }
}
