internal import SQLText

/// The hazards of one statement.
struct HazardRules {
  let words: SQLWords
  /// Whether it runs in every tenant's schema.
  let isTenant: Bool
  let isInTransaction: Bool
  /// The tables that earlier migrations made: those that have rows by now.
  let earlierTables: Set<String>

  var hazards: [Hazard] {
    let checks: [(Hazard, Bool)] = [
      (.schemaName, isTenant && namesSchema), (.extensionSchema, isTenant && createsExtensionAnywhere),
      (.searchPath, setsSearchPath), (.sessionSetting, isInTransaction && setsForSession),
      (.indexLock, locksForIndex),
      (.volatileDefault, addedColumns.contains(where: Self.hasVolatileDefault)),
      (.notNull, addedColumns.contains(where: Self.isNotNullWithoutDefault)),
      (.concurrently, isInTransaction && words.isRefusedInTransaction),
    ]
    return checks.filter(\.1).map(\.0)
  }

  private var all: [SQLWords.Word] { words.words }

  /// A qualified name where only a relation, a type or a function can stand. `alias.column` is not one of these.
  private var namesSchema: Bool {
    let before: Set<String> = [
      "TABLE", "EXISTS", "ONLY", "INTO", "FROM", "JOIN", "UPDATE", "REFERENCES", "ON", "VIEW", "INDEX",
      "SEQUENCE",
      "TYPE", "FUNCTION", "PROCEDURE", "TRIGGER", "EXECUTE", "DOMAIN", "USING",
    ]
    return all.indices.dropFirst().contains { index in
      guard index + 2 < all.count, all[index].isName, all[index + 1].text == ".", all[index + 2].isName else {
        return false
      }
      let name = all[index].name
      if name == "public" { return true }
      guard !["pg_catalog", "information_schema"].contains(name), !all[index - 1].isQuoted else {
        return false
      }
      // `JOIN a ON a.id = b.id`: a name before the condition is an alias, as after USING and FROM in EXTRACT.
      return before.contains(all[index - 1].text) && !isCondition(at: index)
    }
  }

  /// Whether a comparison, and not a name, begins there: what follows the dotted name is an operator.
  private func isCondition(at index: Int) -> Bool {
    guard index + 3 < all.count else { return false }
    return "=<>!~+-*/".contains { all[index + 3].text == String($0) } || all[index + 3].is("IS")
  }

  private var createsExtensionAnywhere: Bool {
    words.firstIndex(of: "CREATE", "EXTENSION") == 0 && !words.contains("SCHEMA")
  }

  private var setsSearchPath: Bool {
    guard let first = all.first, first.is("SET") || first.is("SELECT") || first.is("RESET") else {
      return false
    }
    if first.is("SELECT") {
      return words.contains("SET_CONFIG") && all.contains { $0.text == "'search_path'" }
    }
    return all.dropFirst().prefix(2).contains { $0.is("SEARCH_PATH") || $0.is("SCHEMA") }
  }

  private var setsForSession: Bool {
    guard let first = all.first, first.is("SET"), let second = all.dropFirst().first, !setsSearchPath else {
      return false
    }
    return !["LOCAL", "CONSTRAINTS", "TRANSACTION"].contains(where: second.is)
  }

  private var locksForIndex: Bool {
    guard let index = words.firstIndex(of: "INDEX"), 1...2 ~= index, all[0].is("CREATE"),
      !words.contains("CONCURRENTLY"), let on = words.firstIndex(of: "ON"), let table = words.name(at: on + 1)
    else { return false }
    return earlierTables.contains(table)
  }
}

// MARK: - ALTER TABLE ... ADD COLUMN

extension HazardRules {
  /// The definitions of the columns that the statement adds to a table of an earlier migration.
  private var addedColumns: [ArraySlice<SQLWords.Word>] {
    guard words.firstIndex(of: "ALTER", "TABLE") == 0, let table = words.name(at: 2),
      earlierTables.contains(table)
    else { return [] }
    return actions.filter { action in
      guard let first = action.first, first.is("ADD"), let second = action.dropFirst().first else {
        return false
      }
      return !["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE"].contains(where: second.is)
    }
  }

  /// What stands between the commas.
  private var actions: [ArraySlice<SQLWords.Word>] {
    var depth = 0
    var actions: [ArraySlice<SQLWords.Word>] = []
    guard var start = all.firstIndex(where: { $0.is("ADD") }) else { return [] }
    for index in all.indices[start...] {
      switch all[index].text {
      case "(": depth += 1
      case ")": depth -= 1
      case "," where depth == 0:
        actions.append(all[start..<index])
        start = index + 1
      default: break
      }
    }
    return actions + [all[start...]]
  }

  /// Functions that give each row another value. `now()` is not one: it is the same for all rows of a statement.
  private static let volatile: Set<String> = [
    "RANDOM", "GEN_RANDOM_UUID", "UUID_GENERATE_V1", "UUID_GENERATE_V4", "CLOCK_TIMESTAMP", "NEXTVAL",
    "TIMEOFDAY", "UUIDV4", "UUIDV7",
  ]
  private static let serials: Set<String> = [
    "SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8", "IDENTITY",
  ]

  private static func hasVolatileDefault(_ column: ArraySlice<SQLWords.Word>) -> Bool {
    if column.contains(where: { !$0.isQuoted && serials.contains($0.text) }) { return true }
    guard let start = column.firstIndex(where: { $0.is("DEFAULT") }) else { return false }
    return column[start...].contains { !$0.isQuoted && volatile.contains($0.text) }
  }

  private static func isNotNullWithoutDefault(_ column: ArraySlice<SQLWords.Word>) -> Bool {
    let hasValue = column.contains { word in
      word.is("DEFAULT") || word.is("GENERATED") || !word.isQuoted && serials.contains(word.text)
    }
    return !hasValue && zip(column, column.dropFirst()).contains { $0.is("NOT") && $1.is("NULL") }
      || !hasValue && zip(column, column.dropFirst()).contains { $0.is("PRIMARY") && $1.is("KEY") }
  }
}
