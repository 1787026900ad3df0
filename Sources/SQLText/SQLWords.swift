/// A statement's tokens, as far as hazards are told from them: words in upper case, other tokens as they are written.
package struct SQLWords {
  package struct Word: Hashable {
    /// As PostgreSQL reads it: an unquoted word in upper case, a quoted one as it is.
    package let text: String
    package let isQuoted: Bool

    /// A keyword of the grammar: never quoted.
    package func `is`(_ keyword: String) -> Bool { !isQuoted && text == keyword }

    /// As a name; unquoted words are folded to lower case.
    package var name: String { isQuoted ? text : text.lowercased() }

    package var isName: Bool { isQuoted || text.utf8.first.map(ASCII.startsWord) ?? false }
  }

  package let words: [Word]

  package init(_ statement: SQLStatement) {
    let bytes = Array(statement.text.utf8)
    var lexer = SQLLexer(bytes, in: 0..<bytes.count)
    var words: [Word] = []
    while let token = try? lexer.next() {
      switch token {
      case .lineComment, .blockComment: continue
      default: words.append(Word(String(decoding: bytes[lexer.tokenStart..<lexer.position], as: UTF8.self)))
      }
    }
    self.words = words
  }

  package func contains(_ keyword: String) -> Bool { words.contains { $0.is(keyword) } }

  /// Where these keywords stand one after the other.
  package func firstIndex(of keywords: String...) -> Int? {
    words.indices.first { index in
      zip(keywords, words[index...]).allSatisfy { $1.is($0) } && words.count - index >= keywords.count
    }
  }

  /// The name that begins there, after `IF [NOT] EXISTS` and `ONLY`; of a qualified name the last part.
  package func name(at index: Int) -> String? {
    var rest = words.dropFirst(index)
    while let word = rest.first, ["IF", "NOT", "EXISTS", "ONLY"].contains(where: word.is) {
      rest.removeFirst()
    }
    while rest.count > 2, rest[rest.startIndex + 1].text == "." { rest = rest.dropFirst(2) }
    return rest.first.flatMap { $0.isName ? $0.name : nil }
  }
}

extension SQLWords.Word {
  fileprivate init(_ token: String) {
    if token.hasPrefix("\"") {
      self.init(text: String(token.dropFirst().dropLast()).replacing("\"\"", with: "\""), isQuoted: true)
    } else {
      self.init(
        text: token.hasPrefix("'") || token.hasPrefix("$") ? token : token.uppercased(), isQuoted: false)
    }
  }
}
