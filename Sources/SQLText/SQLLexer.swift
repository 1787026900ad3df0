/// Reads SQL as `psql` does (PostgreSQL's `psqlscan.l`), with `standard_conforming_strings` on.
///
/// It tells apart only what decides where a statement ends. Two differences from `psql`: an `E''` string that
/// goes on after a line break keeps its escapes, as in the server (`psql` reads line by line and loses them
/// there); and a variable (`:name`) is left as it is.
package struct SQLLexer {
  /// A piece of SQL; white space is between the pieces.
  package enum Token: Equatable {
    /// An unquoted identifier or keyword.
    case word(Range<Int>)
    case lineComment(Range<Int>)
    case blockComment(Range<Int>)
    case openParenthesis
    case closeParenthesis
    case semicolon
    /// A backslash outside of quotes: a command of `psql`.
    case backslash
    /// A string, number, quoted identifier or operator.
    case other
  }

  /// What was opened and not closed before the end.
  package struct Unterminated: Error {
    let opening: SQLScriptError.Opening
    let offset: Int
  }

  package let bytes: [UInt8]
  package let end: Int
  /// Where the next token is looked for.
  package private(set) var position: Int
  /// Where the last token began.
  package private(set) var tokenStart: Int

  package init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    end = range.upperBound
    position = range.lowerBound
    tokenStart = range.lowerBound
  }

  /// The next token, or nil at the end.
  package mutating func next() throws(Unterminated) -> Token? {
    skip(while: ASCII.isSpace)
    tokenStart = position
    guard position < end else { return nil }
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: ";"): return single(.semicolon)
    case UInt8(ascii: "("): return single(.openParenthesis)
    case UInt8(ascii: ")"): return single(.closeParenthesis)
    case ASCII.backslash: return single(.backslash)
    case ASCII.quote: return try quoted(.quote)
    case ASCII.doubleQuote: return try quoted(.doubleQuote)
    case ASCII.dollar: return try dollar()
    case ASCII.dash where peek(1) == ASCII.dash:
      skip(while: { !ASCII.isNewline($0) })
      return .lineComment(tokenStart..<position)
    case ASCII.slash where peek(1) == ASCII.star: return try blockComment()
    case _ where ASCII.isDigit(byte):
      number()
      return .other
    case _ where ASCII.startsWord(byte): return try word()
    default: return single(.other)
    }
  }

  /// The comments from `--` to the end of their line, in order, as far as the text can be read.
  package static func lineComments(in bytes: [UInt8], from start: Int) -> [Range<Int>] {
    SQLComment.all(in: bytes, from: start).filter { !$0.isBlock }.map(\.range)
  }

  /// Moves to `offset`, past text that is not SQL.
  package mutating func skip(to offset: Int) {
    position = offset
  }

  private func peek(_ distance: Int) -> UInt8? {
    position + distance < end ? bytes[position + distance] : nil
  }

  private mutating func skip(while matches: (UInt8) -> Bool) {
    while position < end, matches(bytes[position]) { position += 1 }
  }

  private mutating func single(_ token: Token) -> Token {
    position += 1
    return token
  }

  private mutating func number() {
    skip(while: ASCII.isDigit)
    if peek(0) == UInt8(ascii: ".") {
      position += 1
      skip(while: ASCII.isDigit)
    }
    skipJunk()
  }

  /// Letters right after a number (`1e`, `0x1F`, `$1a`) belong to it: no string prefix is read out of them.
  private mutating func skipJunk() {
    if let next = peek(0), ASCII.startsWord(next) { skip(while: ASCII.continuesWord) }
  }

  private mutating func word() throws(Unterminated) -> Token {
    skip(while: ASCII.continuesWord)
    let isEscapePrefix = position - tokenStart == 1 && bytes[tokenStart] | 0x20 == UInt8(ascii: "e")
    guard isEscapePrefix, peek(0) == ASCII.quote else { return .word(tokenStart..<position) }
    return try escapeString()
  }

  /// Up to the closing quote. A doubled quote closes and opens at once, which comes to the same.
  private mutating func quoted(_ opening: SQLScriptError.Opening) throws(Unterminated) -> Token {
    let quote = bytes[position]
    position += 1
    skip(while: { $0 != quote })
    guard position < end else { throw Unterminated(opening: opening, offset: tokenStart) }
    position += 1
    return .other
  }

  private mutating func escapeString() throws(Unterminated) -> Token {
    position += 1
    while position < end {
      let byte = bytes[position]
      position += byte == ASCII.backslash ? 2 : 1
      if byte == ASCII.quote, !continueString() { return .other }
    }
    position = end
    throw Unterminated(opening: .quote, offset: tokenStart)
  }

  /// Whether the string goes on: with a doubled quote, or with a quote after white space with a line break.
  private mutating func continueString() -> Bool {
    var ahead = SQLLexer(bytes, in: position..<end)
    if ahead.peek(0) != ASCII.quote {
      var brokeLine = false
      while let byte = ahead.peek(0) {
        if ASCII.isSpace(byte) {
          brokeLine = brokeLine || ASCII.isNewline(byte)
          ahead.position += 1
        } else if byte == ASCII.dash, ahead.peek(1) == ASCII.dash {
          ahead.skip(while: { !ASCII.isNewline($0) })
        } else {
          break
        }
      }
      guard brokeLine, ahead.peek(0) == ASCII.quote else { return false }
    }
    position = ahead.position + 1
    return true
  }

  /// `$1`, or `$tag$ ... $tag$`.
  private mutating func dollar() throws(Unterminated) -> Token {
    position += 1
    if let next = peek(0), ASCII.isDigit(next) {
      skip(while: ASCII.isDigit)
      skipJunk()
      return .other
    }
    let afterDollar = position
    if let next = peek(0), ASCII.startsWord(next) { skip(while: ASCII.continuesTag) }
    guard peek(0) == ASCII.dollar else {
      position = afterDollar
      return .other
    }
    position += 1
    let delimiter = bytes[tokenStart..<position]
    while position < end {
      skip(while: { $0 != ASCII.dollar })
      let close = position + delimiter.count
      if close <= end, bytes[position..<close] == delimiter {
        position = close
        return .other
      }
      position += 1
    }
    position = end
    throw Unterminated(
      opening: .dollarQuote(String(decoding: delimiter, as: UTF8.self)), offset: tokenStart)
  }

  private mutating func blockComment() throws(Unterminated) -> Token {
    var depth = 0
    repeat {
      guard let byte = peek(0) else {
        throw Unterminated(opening: .blockComment, offset: tokenStart)
      }
      if byte == ASCII.slash, peek(1) == ASCII.star {
        depth += 1
        position += 2
      } else if byte == ASCII.star, peek(1) == ASCII.slash {
        depth -= 1
        position += 2
      } else {
        position += 1
      }
    } while depth > 0
    return .blockComment(tokenStart..<position)
  }
}
