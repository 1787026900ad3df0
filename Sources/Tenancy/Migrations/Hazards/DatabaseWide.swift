internal import SQLText

/// A statement that works on all schemas at once, or says something of what exists once for all of them.
struct DatabaseWide {
  private let words: SQLWords
  private var all: [SQLWords.Word] { words.words }

  init(_ words: SQLWords) { self.words = words }

  var isDatabaseWide: Bool {
    guard let first = all.first, !first.isQuoted else { return false }
    switch first.text {
    case "ANALYZE", "ANALYSE", "VACUUM", "CLUSTER": return afterOptions.isEmpty
    case "REINDEX":
      return afterOptions.first.map { isKeyword($0, ["SCHEMA", "DATABASE", "SYSTEM"]) } ?? false
    case "ALTER": return isOfTablespace
    case "GRANT", "REVOKE": return grantsRole || isOnce(after: "ON")
    case "COMMENT", "SECURITY": return isOnce(after: "ON")
    default: return false
    }
  }

  /// What follows the verb, its options in parentheses and its keywords.
  private var afterOptions: ArraySlice<SQLWords.Word> {
    var rest = all.dropFirst()
    if rest.first?.text == "(" {
      rest = rest.drop { $0.text != ")" }.dropFirst()
    }
    return rest.drop { isKeyword($0, ["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE", "CONCURRENTLY"]) }
  }

  /// `ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b`.
  private var isOfTablespace: Bool {
    let kinds = all.dropFirst().prefix { isKeyword($0, ["TABLE", "INDEX", "MATERIALIZED", "VIEW"]) }
    return !kinds.isEmpty && words.firstIndex(of: "ALL", "IN", "TABLESPACE") == kinds.endIndex
  }

  /// `GRANT role TO role`: a privilege is one on something.
  private var grantsRole: Bool {
    let end = words.firstIndex(of: "TO") ?? words.firstIndex(of: "FROM") ?? all.count
    return !all[..<end].contains { $0.is("ON") }
  }

  /// Objects of which a database, or a server, has one for all schemas. Schemas are found by their names.
  private static let kinds = [
    "DATABASE", "TABLESPACE", "ROLE", "USER", "GROUP", "EXTENSION", "LANGUAGE", "SERVER", "PUBLICATION",
    "SUBSCRIPTION",
    "PARAMETER", "PROCEDURAL",
  ]

  private func isOnce(after keyword: String) -> Bool {
    guard let on = words.firstIndex(of: keyword), let kind = all.dropFirst(on + 1).first,
      let next = all.dropFirst(on + 2).first
    else { return false }
    let pairs = [("EVENT", "TRIGGER"), ("ACCESS", "METHOD"), ("FOREIGN", "DATA"), ("FOREIGN", "SERVER")]
    // A table may have the name of a kind: `GRANT SELECT ON role TO app`.
    let isNamed = next.isName && !isKeyword(next, ["TO", "FROM", "IS"])
    return isKeyword(kind, Self.kinds) && isNamed || pairs.contains { kind.is($0.0) && next.is($0.1) }
  }

  private func isKeyword(_ word: SQLWords.Word, _ keywords: [String]) -> Bool {
    keywords.contains(where: word.is)
  }
}
