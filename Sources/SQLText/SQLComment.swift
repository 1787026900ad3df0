/// A comment of a script.
package struct SQLComment {
  /// With its signs.
  package let range: Range<Int>
  /// Whether it stands in `/* */`; otherwise it goes from `--` to the end of its line.
  package let isBlock: Bool
  /// Whether it stands between two statements. The semicolon of the one before may be missing, if the comment has its lines to
  /// itself.
  package let isApart: Bool

  /// In order, as far as the text can be read.
  package static func all(in bytes: [UInt8], from start: Int) -> [SQLComment] {
    var lexer = SQLLexer(bytes, in: start..<bytes.count)
    var comments: [SQLComment] = []
    var isInStatement = false
    var depth = 0
    while let token = try? lexer.next() {
      switch token {
      case .lineComment(let range), .blockComment(let range):
        let isBlock = if case .blockComment = token { true } else { false }
        let isApart = !isInStatement || depth == 0 && hasOwnLines(range, bytes)
        comments.append(SQLComment(range: range, isBlock: isBlock, isApart: isApart))
        continue
      case .openParenthesis: depth += 1
      case .closeParenthesis: depth -= 1
      case .semicolon: depth = 0
      default: break
      }
      isInStatement = token != .semicolon
    }
    return comments
  }

  private static func hasOwnLines(_ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
    let before = bytes[..<range.lowerBound].last { !ASCII.isSpace($0) || ASCII.isNewline($0) }
    let after = bytes[range.upperBound...].first { !ASCII.isSpace($0) || ASCII.isNewline($0) }
    return (before.map(ASCII.isNewline) ?? true) && (after.map(ASCII.isNewline) ?? true)
  }
}
