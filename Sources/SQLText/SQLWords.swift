/// A statement's tokens, as far as hazards are told from them: words in upper case, other tokens as they are written.
package struct SQLWords {
  package struct Word: Sendable, Hashable {
    /// As PostgreSQL reads it: an unquoted word in upper case, a quoted one as it is; other tokens as they are written.
    package let text: String
    package let isQuoted: Bool
    /// Where it begins in the statement's text, in bytes.
    package let offset: Int

    /// A keyword of the grammar: never quoted.
    package func `is`(_ keyword: String) -> Bool { !isQuoted && text == keyword }

    /// As a name: unquoted words in lower case, and both as long as a name can be.
    package var name: String { ASCII.cutToName(isQuoted ? text : ASCII.lowercased(text)) }

    package var isName: Bool { isQuoted || text.utf8.first.map(ASCII.startsWord) ?? false && !isString }

    /// Whether it is a string, in whatever quotes.
    package var isString: Bool {
      !isQuoted && (text.hasSuffix("'") || text.hasPrefix("$") && text.hasSuffix("$"))
    }
  }

  package let words: [Word]

  /// The tokens of a statement, without its semicolon.
  package init(_ statement: SQLStatement) {
    let words = SQLWords(QuotedText(Array(statement.text.utf8))).words
    self.init(words.last?.text == ";" ? words.dropLast() : words)
  }

  package init(_ words: [Word]) { self.words = words }

  /// The tokens of code; what cannot be read to the end is read as far as it goes.
  init(_ code: QuotedText) {
    let bytes = code.bytes
    var lexer = SQLLexer(bytes, in: 0..<bytes.count)
    var tokens: [Range<Int>] = []
    while let token = try? lexer.next() {
      switch token {
      case .lineComment, .blockComment: continue
      default: break
      }
      let range = lexer.tokenStart..<lexer.position
      let quote = bytes[range.lowerBound]
      // A doubled quote within quotes: to the lexer it ends one token and begins another.
      if let last = tokens.last, last.upperBound == range.lowerBound, bytes[last.upperBound - 1] == quote,
        quote == ASCII.quote || quote == ASCII.doubleQuote
      {
        tokens[tokens.count - 1] = last.lowerBound..<range.upperBound
      } else if quote == ASCII.doubleQuote, let start = Self.startOfUnicodeName(tokens, range, bytes) {
        tokens.removeLast(2)
        tokens.append(start..<range.upperBound)
      } else {
        tokens.append(range)
      }
    }
    words = tokens.map { range in
      Word(bytes[range], offset: code.offset(of: range.lowerBound))
    }
  }

  /// Where `U&"..."` starts, if these are its quotes.
  private static func startOfUnicodeName(
    _ tokens: [Range<Int>], _ quotes: Range<Int>, _ bytes: [UInt8]
  ) -> Int? {
    let prefix = tokens.suffix(2)
    guard let start = prefix.first?.lowerBound, prefix.count == 2, start + 2 == quotes.lowerBound else {
      return nil
    }
    return bytes[start] | 0x20 == UInt8(ascii: "u") && bytes[start + 1] == UInt8(ascii: "&") ? start : nil
  }

  /// Whether it calls that function, and does nothing else that could have an effect: each word is the function's name, a
  /// schema's before a point, a name after AS, a type that something is cast to, or one of a few constants and functions.
  package func callsNothingBut(_ function: String) -> Bool {
    contains(function)
      && words.indices.dropFirst().allSatisfy { index in
        let word = words[index]
        return !word.isName || word.is(function) || Self.harmless.contains(where: word.is)
          || words[index - 1].is("AS") || words[index - 1].text.hasSuffix(":")
          || words.dropFirst(index + 1).first?.text == "."
      }
  }

  private static let harmless = [
    "AS", "TRUE", "FALSE", "NULL", "CONCAT", "CONCAT_WS", "FORMAT", "COALESCE", "NULLIF", "UPPER", "LOWER",
    "REPLACE",
    "CURRENT_SETTING", "CURRENT_USER", "SESSION_USER", "CURRENT_SCHEMA", "CURRENT_DATABASE",
    "CURRENT_CATALOG",
  ]

  package func contains(_ keyword: String) -> Bool { words.contains { $0.is(keyword) } }

  /// Where these keywords stand one after the other.
  package func firstIndex(of keywords: String...) -> Int? {
    words.indices.first { index in
      zip(keywords, words[index...]).allSatisfy { $1.is($0) } && words.count - index >= keywords.count
    }
  }

  /// The name that begins there, after `IF [NOT] EXISTS` and `ONLY`; of a qualified name the last part.
  package func name(at index: Int) -> String? {
    let end = endOfName(at: index)
    return words.indices.contains(end - 1) && end > index && words[end - 1].isName ? words[end - 1].name : nil
  }

  /// Where that name ends.
  package func endOfName(at index: Int) -> Int {
    var index = index
    while index < words.count,
      ["IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"].contains(where: words[index].is)
    {
      index += 1
    }
    while index + 2 < words.count, words[index + 1].text == "." { index += 2 }
    return min(index + 1, words.count)
  }

  /// What stands between the commas outside of parentheses, from an index on.
  package func list(from index: Int) -> [ArraySlice<Word>] {
    var depth = 0
    var parts: [ArraySlice<Word>] = []
    var start = index
    for index in words.indices.dropFirst(index) {
      switch words[index].text {
      case "(": depth += 1
      case ")":
        depth -= 1
        if depth < 0 { return parts + [words[start..<index]] }
      case "," where depth == 0:
        parts.append(words[start..<index])
        start = index + 1
      default: break
      }
    }
    return start < words.count ? parts + [words[start...]] : parts
  }
}

extension SQLWords.Word {
  fileprivate init(_ bytes: ArraySlice<UInt8>, offset: Int) {
    if bytes.first == ASCII.doubleQuote {
      self.init(text: Self.name(inQuotes: bytes), isQuoted: true, offset: offset)
    } else if bytes.last == ASCII.doubleQuote {
      let name = Self.name(inQuotes: bytes.dropFirst(2))
      self.init(text: Self.unescaped(name), isQuoted: true, offset: offset)
    } else {
      let token = String(decoding: bytes, as: UTF8.self)
      let isString = token.hasSuffix("'") || token.hasPrefix("$")
      self.init(text: isString ? token : ASCII.uppercased(token), isQuoted: false, offset: offset)
    }
  }

  /// A name of `U&"..."`: a backslash begins the number of a character (PostgreSQL manual, 4.1.1). Another escape character, by
  /// UESCAPE, is not looked for.
  private static func unescaped(_ name: String) -> String {
    name.replacing(#/\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4})|(\\))/#) { match in
      guard let digits = match.1 ?? match.2,
        let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
      else { return String(match.3 ?? match.0) }
      return String(Character(scalar))
    }
  }

  /// What is between the quotes, where a doubled quote stands for one.
  private static func name(inQuotes bytes: ArraySlice<UInt8>) -> String {
    var isFirstOfTwo = false
    let name = bytes.dropFirst().dropLast().filter { byte in
      isFirstOfTwo = byte == ASCII.doubleQuote && !isFirstOfTwo
      return !isFirstOfTwo
    }
    return String(decoding: name, as: UTF8.self)
  }
}
