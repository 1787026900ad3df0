/// Whether a statement may give the session another role: SET ROLE, SET SESSION AUTHORIZATION, a call of `set_config`, and a DO
/// block that says one of these. The text does not tell what a function does.
package func maySetRole(_ statement: String) -> Bool {
  if ASCII.contains("set_config", in: statement) {
    return ASCII.contains("role", in: statement) || ASCII.contains("authorization", in: statement)
  }
  guard let first = statement.utf8.first(where: { !ASCII.isSpace($0) }),
    ["S", "D", "-", "/", ";"].contains(Character(Unicode.Scalar(first)).uppercased())
  else { return false }
  let words = firstTokens(of: statement, 4)
  switch words.first {
  case "SET":
    return words.dropFirst().contains {
      ["role", "authorization", "session_authorization"].contains(name($0))
    }
  case "DO": return ASCII.contains("role", in: statement) || ASCII.contains("authorization", in: statement)
  default: return false
  }
}

/// A setting may be written in quotes.
private func name(_ token: String) -> String {
  ASCII.lowercased(token.filter { $0 != "\"" })
}

/// Follows the statements of a session, and tells before which of them the role matters that an earlier one may have set: it may
/// not be allowed to use all schemas of the search path, and PostgreSQL leaves such a schema out without a word.
package struct RoleWatch: Sendable {
  private var isSet = false
  /// ROLLBACK TO gives the role back that a savepoint had.
  private var wasEverSet = false

  package init() {}

  /// Whether the statement uses names without a schema, as the first one since a role may have been set.
  package mutating func matters(before statement: String) -> Bool {
    let setsRole = maySetRole(statement)
    defer {
      if setsRole { (isSet, wasEverSet) = (true, true) }
    }
    guard wasEverSet else { return false }
    let words = firstTokens(of: statement, 2)
    if words.first == "ROLLBACK" { isSet = true }
    guard isSet else { return false }
    if words.first == "RESET" {
      if ["ROLE", "SESSION", "SESSION_AUTHORIZATION", "ALL"].contains(words.last) { isSet = false }
      return false
    }
    let matters = SQLWords(QuotedText(Array(statement.utf8))).usesUnqualifiedNames
    if matters { isSet = false }
    return matters
  }
}

extension [SQLStatement] {
  /// The indices of those before which the role matters that an earlier one may have set.
  package var underAnotherRole: Set<Int> {
    var watch = RoleWatch()
    return Set(indices.filter { watch.matters(before: self[$0].text) })
  }

  /// The same where each has a session of its own, in which those of `settings` that come before it are sent again.
  package func underAnotherRole(eachAfter settings: Set<Int>) -> Set<Int> {
    var watch = RoleWatch()
    var found: Set<Int> = []
    for index in indices where !settings.isEmpty {
      var own = watch
      let matters = own.matters(before: self[index].text)
      if matters { found.insert(index) }
      if !settings.contains(index) { continue }
      if matters { return found.union(index..<endIndex) }
      watch = own
    }
    return found
  }
}

extension SQLWords {
  /// What the name of an object comes after, and what may stand in between.
  private static let introductions = [
    "FROM", "INTO", "UPDATE", "JOIN", "TABLE", "VIEW", "INDEX", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION",
    "PROCEDURE",
    "TRUNCATE", "COPY", "ON", "USING", "VACUUM", "ANALYZE", "CALL",
  ]
  private static let fillers = [
    "ONLY", "IF", "NOT", "EXISTS", "CONCURRENTLY", "LATERAL", "TABLE", "VERBOSE", "FULL",
  ]

  /// What ON is followed by where it names no object.
  private static let afterOn = ["CONFLICT", "DELETE", "UPDATE", "COMMIT"]
  /// Functions whose arguments have a FROM.
  private static let takesFrom = ["EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "POSITION"]

  /// Whether the name of an object is in it without a schema, also in code. Those of PostgreSQL's own catalogs, of functions
  /// and of the queries in a WITH are not told from others by more than their spelling.
  fileprivate var usesUnqualifiedNames: Bool {
    // The argument is the name of a sequence.
    if words.contains(where: { $0.is("NEXTVAL") || $0.is("SETVAL") || $0.is("CURRVAL") }) { return true }
    return words.indices.contains(where: introducesName)
      || embedded.contains { SQLWords($0.words).usesUnqualifiedNames }
  }

  private func introducesName(_ index: Int) -> Bool {
    guard Self.introductions.contains(where: words[index].is) else { return false }
    if words[index].is("FROM"), let callee = callee(around: index), Self.takesFrom.contains(where: callee.is)
    {
      return false
    }
    let rest = words[(index + 1)...].drop { word in Self.fillers.contains(where: word.is) }
    guard let name = rest.first, name.isName else { return false }
    if words[index].is("ON"), Self.afterOn.contains(where: name.is) { return false }
    let next = rest.dropFirst().first?.text
    return next != "." && !name.name.hasPrefix("pg_") && !(next == "(" && words[index].is("FROM"))
      && !isQueryOfWith(name)
  }

  private func isQueryOfWith(_ name: Word) -> Bool {
    contains("WITH")
      && words.indices.dropLast(2).contains { index in
        words[index].isName && words[index].name == name.name && words[index + 1].is("AS")
          && (words[index + 2].text == "(" || words[index + 2].is("MATERIALIZED")
            || words[index + 2].is("NOT"))
      }
  }
}
