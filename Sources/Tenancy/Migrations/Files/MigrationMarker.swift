internal import SQLText

/// The way a migration goes.
package enum MigrationDirection: String, Sendable, Hashable {
  /// Applies.
  case up
  /// Undoes.
  case down

  /// The line that begins the direction's section, without options.
  package var marker: String { "-- migrate:\(rawValue)" }
}

/// A line that begins a section: `-- migrate:up transaction:false`.
///
/// dbmate finds its markers line by line, within strings, too. Here they are comments: such a line within
/// quotes, a `$$` body or `/* */` is text. A quote that is left open before a marker swallows it, and is
/// reported itself.
struct MigrationMarker {
  let direction: MigrationDirection
  /// The comment.
  let range: Range<Int>
  /// Whether dbmate would read it, too: lower case, at the start of a line.
  let isWellFormed: Bool
  /// The options on the rest of the line, and what was meant to be one.
  let pairs: [(key: String, value: String)]
  /// Whether other words stand there, too: a remark, which dbmate passes over.
  let hasRemark: Bool

  /// The markers of a text, in order, with those that are nearly one.
  static func all(in bytes: [UInt8], from start: Int) -> [MigrationMarker] {
    SQLLexer.lineComments(in: bytes, from: start).compactMap { range in
      let startsLine = range.lowerBound == start || ASCII.isNewline(bytes[range.lowerBound - 1])
      let comment = String(decoding: bytes[range], as: UTF8.self)
      return MigrationMarker(comment, range: range, startsLine: startsLine)
    }
  }

  private init?(_ comment: String, range: Range<Int>, startsLine: Bool) {
    let words = comment.dropFirst(2).split(whereSeparator: \.isWhitespace)
    let exact = words.first.flatMap { MigrationMarker.direction(ofWord: $0) }
    guard let direction = exact ?? MigrationMarker.direction(like: comment) else { return nil }
    self.direction = direction
    self.range = range
    isWellFormed = startsLine && exact != nil
    let isSeparator = { (character: Character) in character == ":" || character == "=" }
    let bare = words.dropFirst().filter { !$0.contains(where: isSeparator) }
    let meant = bare.filter { MarkerWord.isOption($0, isAlone: bare.count == 1) }
    hasRemark = meant.count < bare.count
    pairs = words.dropFirst().compactMap { word in
      guard let separator = word.firstIndex(where: isSeparator) else {
        return meant.contains(word) ? (String(word), "") : nil
      }
      // `lock_timeout=2s` is treated as an option of that name, which does not exist.
      guard word[separator] == ":" else { return (String(word), "") }
      return (String(word[..<separator]), String(word[word.index(after: separator)...]))
    }
  }

  private static func direction(ofWord word: Substring) -> MigrationDirection? {
    word.hasPrefix("migrate:") ? MigrationDirection(rawValue: String(word.dropFirst(8))) : nil
  }

  /// The direction that a comment seems to mean: `--- Migrate : Down`, `-- migrate:donw`, a bare `-- migrate down`, or
  /// another tool's `-- +goose Down`, or `-- tenantctl:up`.
  ///
  /// Read as mere comments, they would let the statements that undo run with those that apply.
  private static func direction(like comment: String) -> MigrationDirection? {
    let lower = comment.lowercased()
    let text = lower.drop { $0 == "-" || $0 == "+" || $0.isWhitespace }
    guard let tool = ["migrate", "goose", "tenantctl"].first(where: text.hasPrefix) else { return nil }
    let rest = text.dropFirst(tool.count)
    let gap = rest.prefix { $0 == ":" || $0.isWhitespace }
    let word = rest.dropFirst(gap.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    if gap == ":", tool != "tenantctl", let first = word.first { return "up".contains(first) ? .up : .down }
    let isAlone = rest.dropFirst(gap.count + word.count).allSatisfy(\.isWhitespace)
    guard gap.contains(":") || lower.contains("+") || isAlone && !gap.isEmpty else { return nil }
    return MigrationDirection(rawValue: String(word))
  }
}
