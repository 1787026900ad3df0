internal import SQLText

/// What a statement does otherwise than to the tenant's own schema, but for the names in it.
struct TenancyHazards {
  let words: SQLWords
  let scope: HazardScope
  let known: KnownObjects

  var hazards: [Hazard] {
    let checks: [(Hazard, Bool)] = [
      (.extensionSchema, scope.isTenant && createsExtensionAnywhere),
      (.schemaName, scope.isTenant && importsSchema),
      (
        .databaseObject,
        scope.isTenant && !createsExtensionAnywhere
          && (concernsDatabase || DatabaseWide(words).isDatabaseWide)
      ),
      (.searchPath, words.setsSearchPath),
      (.functionSearchPath, scope.isTenant && functionHasFixedPath),
      (.ledgerChange, words.changedRelations.contains(scope.ledger) && !namesLedgerElsewhere),
    ]
    return checks.filter(\.1).map(\.0)
  }

  private var all: [SQLWords.Word] { words.words }

  private func starts(_ first: [String], _ second: [String]) -> Bool {
    guard all.count > 1 else { return false }
    return first.contains(where: all[0].is) && second.contains(where: all[1].is)
  }

  /// Whether it is the table of that name in another schema.
  private var namesLedgerElsewhere: Bool {
    zip(all, all.dropFirst()).contains { $0.text == "." && $1.name == scope.ledger }
  }

  /// Whether it makes foreign tables: the schema that it has to name is the same for all tenants.
  private var importsSchema: Bool { words.firstIndex(of: "IMPORT", "FOREIGN", "SCHEMA") == 0 }

  private var createsExtensionAnywhere: Bool {
    starts(["CREATE"], ["EXTENSION"]) && !words.contains("SCHEMA")
  }

  /// Objects that a database, or the server, has once.
  private static let kinds = [
    "SCHEMA", "ROLE", "USER", "GROUP", "SERVER", "PUBLICATION", "SUBSCRIPTION", "LANGUAGE", "DATABASE",
    "TABLESPACE",
    "SYSTEM", "TRANSFORM",
  ]

  private var concernsDatabase: Bool {
    guard let first = all.first, ["CREATE", "ALTER", "DROP", "REASSIGN"].contains(where: first.is) else {
      return false
    }
    // CREATE OR REPLACE, TRUSTED LANGUAGE, PROCEDURAL LANGUAGE
    let rest = all.dropFirst().drop { word in
      ["OR", "REPLACE", "TRUSTED", "PROCEDURAL"].contains(where: word.is)
    }
    guard let kind = rest.first, let next = rest.dropFirst().first else { return false }
    if Self.kinds.contains(where: kind.is) { return true }
    if kind.is("EXTENSION") { return !(first.is("CREATE") && next.is("IF")) }
    if kind.is("CAST") { return !rest.contains { known.types.contains($0.name) } }
    if kind.is("OWNED") { return true }
    if kind.is("DEFAULT") { return words.firstIndex(of: "IN", "SCHEMA") == nil }
    return kind.is("EVENT") && next.is("TRIGGER") || kind.is("ACCESS") && next.is("METHOD")
      || kind.is("FOREIGN") && next.is("DATA")
  }

  /// Whether a routine has a search path with a schema in it. FROM CURRENT is the tenant's own.
  private var functionHasFixedPath: Bool {
    let isAltered = starts(["ALTER"], ["FUNCTION", "PROCEDURE", "ROUTINE"])
    guard words.isRoutine || isAltered, let index = words.firstIndex(of: "SET", "SEARCH_PATH") else {
      return false
    }
    let values = all[(index + 2)...].drop { $0.is("TO") || $0.text == "=" }
    if values.first.map({ $0.is("FROM") || $0.is("DEFAULT") }) ?? false { return false }
    return Self.list(values).contains { !Self.harmless.contains($0) }
  }

  private static let harmless: Set<String> = ["", "pg_catalog", "pg_temp", "information_schema", "$user"]

  /// The names of a list that other clauses may follow.
  private static func list(_ words: ArraySlice<SQLWords.Word>) -> [String] {
    var names: [String] = []
    var rest = words
    while let word = rest.first {
      // A string may hold a whole list, too.
      let text = word.isString ? word.text.split(separator: "'").joined() : word.name
      names += word.isString ? text.split(separator: ",").map { $0.filter { !" \"".contains($0) } } : [text]
      guard rest.dropFirst().first?.text == "," else { return names }
      rest = rest.dropFirst(2)
    }
    return names
  }
}

extension SQLWords {
  /// The tables that the statement makes, changes or drops, or writes rows to; not those of subqueries.
  var changedRelations: [String] {
    guard let first = words.first, words.count > 1 else { return [] }
    func names(from index: Int) -> [String] {
      list(from: index).compactMap { SQLWords(Array($0)).name(at: 0) }
    }
    switch first.isQuoted ? "" : first.text {
    case "CREATE", "ALTER":
      guard let index = firstIndex(of: "TABLE"), index <= 3 else { return [] }
      return [name(at: index + 1)].compactMap { $0 }
    case "DROP": return words[1].is("TABLE") ? names(from: 2) : []
    case "TRUNCATE": return names(from: words[1].is("TABLE") ? 2 : 1)
    case "UPDATE": return [name(at: 1)].compactMap { $0 }
    case "DELETE", "INSERT", "MERGE": return [name(at: 2)].compactMap { $0 }
    default: return []
    }
  }
}
