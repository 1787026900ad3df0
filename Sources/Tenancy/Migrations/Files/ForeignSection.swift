internal import SQLText

/// A comment by which another tool divides its file in two. Read as a mere comment, it would let the statements that undo
/// run with those that apply.
package struct ForeignSection {
  /// Whose comment it is.
  package struct Tool: Sendable, Hashable {
    /// The tool's name; `nil` if several use it.
    package let name: String?
    /// The importer that reads its files.
    package let format: ImportFormat?
  }

  private(set) var tool: Tool
  /// The comment.
  let range: Range<Int>
  /// Whether what it begins counts only if a statement follows: the words alone could be prose.
  let needsStatement: Bool
  /// Whether a statement must come before it, too: above all of them the words are a remark on how to undo the file.
  var needsStatementBefore = false
  /// What it is of Liquibase's, if it does not begin a section.
  var liquibase: LiquibaseLine?

  /// The comment's first line, for a message.
  func excerpt(of bytes: [UInt8]) -> String {
    String(decoding: bytes[range].prefix { !ASCII.isNewline($0) }, as: UTF8.self)
  }

  /// Those of a file without markers of ours, in order.
  static func all(in bytes: [UInt8], from start: Int) -> [ForeignSection] {
    var isLiquibase: Bool?
    return SQLComment.all(in: bytes, from: start).compactMap { found in
      let range = found.range
      let comment = String(decoding: bytes[range], as: UTF8.self)
      let words = words(of: comment)
      if found.isBlock, isLiquibase != true {
        return found.isApart ? ForeignSection(block: comment, words, range) : nil
      }
      if isLiquibase == nil { isLiquibase = words.hasPrefix("liquibase formatted sql") }
      return isLiquibase == true
        ? ForeignSection(liquibase: comment, words, range, in: bytes) : ForeignSection(comment, words, range)
    }
  }

  /// One in `/* */`: the tools that are known here read none, so it is nobody's in particular.
  private init?(block comment: String, _ words: String, _ range: Range<Int>) {
    let words = words == "migrate down" ? "down" : words
    guard let section = ForeignSection(comment, words, range) else { return nil }
    self = section
    tool = Tool(name: nil, format: nil)
  }

  /// A comment of a file of Liquibase's.
  private init?(liquibase comment: String, _ words: String, _ range: Range<Int>, in bytes: [UInt8]) {
    self.range = range
    (tool, needsStatement) = (Tool(name: "Liquibase", format: nil), false)
    if comment.hasPrefix("/*") {
      // `/* liquibase rollback`, and the statements on the lines after it.
      if !words.hasPrefix("liquibase rollback ") { return nil }
      return
    }
    liquibase = LiquibaseLine(comment, in: bytes)
    // `--rollback empty` and `not required` say that there is nothing to undo.
    let undoes = words.hasPrefix("rollback ") && !["rollback empty", "rollback not required"].contains(words)
    if !undoes, liquibase == nil { return nil }
  }

  private init?(_ comment: String, _ words: String, _ range: Range<Int>) {
    self.range = range
    if words.hasPrefix("+"), words != "+down" {
      let parts = words.split(separator: " ")
      guard parts.count > 1, ["up", "down"].contains(parts[1]) else { return nil }
      tool = Self.annotated[parts[0]] ?? Tool(name: String(parts[0].dropFirst()), format: nil)
      needsStatement = false
    } else {
      // Mojo::Pg numbers its sections.
      let isNumbered = words.hasSuffix(" down") && words.dropLast(5).allSatisfy(\.isNumber)
      let key = isNumbered ? "1 down" : words.hasPrefix("running downgrade ") ? "running downgrade" : words
      needsStatementBefore = Self.remarks.contains(words)
      let unknown = Tool(name: nil, format: nil)
      let isOfUnknown = needsStatementBefore || Self.isPrefixed(comment)
      guard let tool = Self.downs[key] ?? (isOfUnknown ? unknown : nil) else { return nil }
      (self.tool, needsStatement) = (tool, true)
    }
  }

  /// The comment's letters, digits and the signs `+!@`, in lower case, with single spaces between the words.
  private static func words(of comment: String) -> String {
    comment.lowercased().split { !($0.isLetter || $0.isNumber || "+!@".contains($0)) }.joined(separator: " ")
  }

  /// Whether it is `-- tool:down`, whatever the tool, but for what is nearly a marker of ours. With a space after the colon it
  /// may be prose.
  private static func isPrefixed(_ comment: String) -> Bool {
    let isPart = { (character: Character) in character.isLetter || character.isNumber }
    let lower = comment.lowercased()
    guard let first = lower.firstIndex(where: isPart), let last = lower.lastIndex(where: isPart) else {
      return false
    }
    let parts = lower[first...last].split(separator: ":")
    guard parts.count == 2, ["down", "undo", "rollback", "revert", "downgrade"].contains(parts[1]),
      parts[0].allSatisfy({ isPart($0) || "._-".contains($0) })
    else { return false }
    return !comment.hasPrefix("--") || !["migrate", "goose", "tenantctl"].contains(parts[0])
  }

  private static let annotated: [Substring: Tool] = [
    "+goose": Tool(name: "goose", format: .goose), "+migrate": Tool(name: "sql-migrate", format: .sqlMigrate),
  ]

  /// Words that stand for a down section as often as for a remark.
  private static let remarks: Set<String> = ["rollback", "revert", "downgrade"]

  private static let downs: [String: Tool] = [
    "down sql": Tool(name: "Atlas", format: nil), "running downgrade": Tool(name: "Alembic", format: nil),
    "create above drop below": Tool(name: "tern", format: .tern),
    "down migration": Tool(name: "node-pg-migrate", format: .nodePgMigrate),
    "1 down": Tool(name: "Mojo::Pg", format: nil), "rambler down": Tool(name: "rambler", format: nil),
    "+down": Tool(name: nil, format: nil), "!down": Tool(name: nil, format: nil),
    "!downs": Tool(name: "Play", format: nil), "@undo": Tool(name: "MyBatis Migrations", format: nil),
    "drift down": Tool(name: "drift", format: nil), "drift rollback": Tool(name: "drift", format: nil),
    "down": Tool(name: nil, format: nil), "downs": Tool(name: nil, format: nil),
    "@down": Tool(name: nil, format: nil), "migration down": Tool(name: nil, format: nil),
    "down migrations": Tool(name: nil, format: nil), "undo": Tool(name: nil, format: nil),
  ]
}
