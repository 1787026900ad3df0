/// A comment by which Liquibase runs something else than what stands in the file (its manual, "SQL changelog example").
package enum LiquibaseLine: Sendable, Hashable {
  /// Skips a changeset in some databases: `--changeset bob:1 context:test`, `--preconditions onFail:MARK_RAN`.
  case condition
  /// Skips lines: `--ignoreLines:start`, or `--ignoreLines:2`.
  case ignoredLines
  /// Gives a value to a placeholder that the file has: `--property name:plan value:free`, for `${plan}`.
  case property

  init?(_ comment: String, in bytes: [UInt8]) {
    let text = comment.drop { $0 == "-" || $0.isWhitespace }
    let lower = text.lowercased()
    if Self.isCondition(lower[...]) {
      self = .condition
    } else if lower.hasPrefix("ignorelines:"), !lower.hasPrefix("ignorelines:end") {
      self = .ignoredLines
    } else if lower.hasPrefix("property "), let name = Self.value(of: "name", in: text),
      bytes.contains(Array("${\(name)}".utf8))
    {
      self = .property
    } else {
      return nil
    }
  }

  private static func isCondition(_ text: Substring) -> Bool {
    if text.hasPrefix("precondition") { return true }
    guard text.hasPrefix("changeset ") else { return false }
    let attributes = text.split(maxSplits: 2, whereSeparator: \.isWhitespace).dropFirst(2).first ?? ""
    let filters = ["context", "contexts", "contextfilter", "labels"]
    return filters.contains { value(of: $0, in: attributes) != nil }
      || value(of: "ignore", in: attributes) == "true"
      || value(of: "dbms", in: attributes).map(isForOthers) ?? false
  }

  /// Whether a list of databases leaves PostgreSQL out: `mysql, h2`, or `!postgresql`.
  private static func isForOthers(_ list: String) -> Bool {
    let names = list.split { $0 == "," || $0.isWhitespace }.map(String.init)
    if names.contains(where: ["all", "postgresql"].contains) { return false }
    return names.contains("!postgresql") || names.contains { !$0.hasPrefix("!") }
  }

  /// The value of an attribute, which may be in quotes.
  private static func value(of name: String, in text: Substring) -> String? {
    for mark in text.ranges(of: "\(name):") where text[..<mark.lowerBound].last?.isWhitespace ?? true {
      let rest = text[mark.upperBound...]
      return String(
        rest.first == "\"" ? rest.dropFirst().prefix { $0 != "\"" } : rest.prefix { !$0.isWhitespace })
    }
    return nil
  }
}
