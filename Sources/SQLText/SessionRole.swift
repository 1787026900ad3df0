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

  package init() {}

  /// Whether the statement uses names without a schema, as the first one since a role may have been set.
  package mutating func matters(before statement: String) -> Bool {
    if maySetRole(statement) {
      isSet = true
      return false
    }
    guard isSet else { return false }
    if firstTokens(of: statement, 1) == ["RESET"] {
      isSet = false
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

  /// Whether the name of an object is in it without a schema. What code does is not read: a DO block counts as such.
  fileprivate var usesUnqualifiedNames: Bool {
    if words.first?.is("DO") == true { return true }
    return words.indices.contains { index in
      guard Self.introductions.contains(where: words[index].is) else { return false }
      let rest = words[(index + 1)...].drop { word in Self.fillers.contains(where: word.is) }
      guard let name = rest.first, name.isName else { return false }
      return rest.dropFirst().first?.text != "."
    }
  }
}
