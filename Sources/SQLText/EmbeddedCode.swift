/// Text of a statement, and where each of its bytes stands there: what is in quotes is written with escapes.
struct QuotedText {
  private(set) var bytes: [UInt8] = []
  /// Nil where the text is the statement's own.
  private var offsets: [Int]?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What a string token says: `'...'`, `E'...'` or `$tag$...$tag$`; nil for another token.
  init?(_ word: SQLWords.Word) {
    guard word.isString else { return nil }
    let token = Array(word.text.utf8)
    offsets = []
    if token.first == ASCII.dollar {
      let tag = (token.dropFirst().firstIndex(of: ASCII.dollar) ?? 0) + 1
      guard token.count >= 2 * tag else { return nil }
      for index in tag..<token.count - tag { append(token[index], word.offset + index) }
      return
    }
    let hasEscapes = token.first != ASCII.quote
    var index = hasEscapes ? 2 : 1
    while index < token.count - 1 {
      let place = word.offset + index
      if token[index] == ASCII.quote || hasEscapes && token[index] == ASCII.backslash { index += 1 }
      let isLineFeed = hasEscapes && token[index - 1] == ASCII.backslash && token[index] == UInt8(ascii: "n")
      append(isLineFeed ? ASCII.lineFeed : token[index], place)
      index += 1
    }
  }

  private mutating func append(_ byte: UInt8, _ offset: Int) {
    bytes.append(byte)
    offsets?.append(offset)
  }

  func offset(of index: Int) -> Int { offsets.map { $0[index] } ?? index }
}

/// Code that stands in quotes in a statement.
package struct EmbeddedCode {
  /// What it is written in; code in other languages is not read.
  package enum Language: Sendable { case sql, plpgsql }

  package let words: [SQLWords.Word]
  package let language: Language
  /// Whether it runs with the statement, as a DO block does, and not when somebody calls it.
  package let runsAtOnce: Bool
}

extension SQLWords {
  /// The body of a DO block or a routine, and the strings that plpgsql's EXECUTE runs in it.
  package var embedded: [EmbeddedCode] {
    guard let (body, language, runsAtOnce) = body else { return [] }
    let outer = EmbeddedCode(words: body, language: language, runsAtOnce: runsAtOnce)
    return [outer] + (language == .plpgsql ? outer.executed : [])
  }

  private var body: (words: [Word], language: EmbeddedCode.Language, runsAtOnce: Bool)? {
    guard let first = words.first else { return nil }
    let isBlock = first.is("DO")
    guard isBlock || isRoutine else { return nil }
    guard let language = language(default: isBlock ? "plpgsql" : "sql") else { return nil }
    let code = words.indices.dropFirst().first {
      words[$0].isString && (isBlock ? !words[$0 - 1].is("LANGUAGE") : words[$0 - 1].is("AS"))
    }
    guard let text = code.flatMap({ QuotedText(words[$0]) }) else { return nil }
    return (SQLWords(text).words, language, isBlock)
  }

  /// Whether it makes a function or a procedure.
  package var isRoutine: Bool {
    SQLGrammar.makesRoutine(words.prefix(4).map { $0.isQuoted ? "" : $0.text })
  }

  private func language(default name: String) -> EmbeddedCode.Language? {
    var depth = 0
    var found = name
    for (word, next) in zip(words, words.dropFirst()) {
      if word.text == "(" { depth += 1 }
      if word.text == ")" { depth -= 1 }
      if word.is("LANGUAGE"), depth == 0 { found = next.name.split(separator: "'").joined() }
    }
    return ["sql": .sql, "plpgsql": .plpgsql][found.lowercased()]
  }
}

extension EmbeddedCode {
  /// The SQL in `EXECUTE '...'` and `EXECUTE format('...', ...)`.
  fileprivate var executed: [EmbeddedCode] {
    words.indices.compactMap { index in
      guard words[index].is("EXECUTE") else { return nil }
      let rest = words[(index + 1)...].drop { $0.text == "(" || $0.is("FORMAT") }
      guard let text = rest.first.flatMap(QuotedText.init) else { return nil }
      return EmbeddedCode(words: SQLWords(text).words, language: .sql, runsAtOnce: runsAtOnce)
    }
  }

  /// Its statements of SQL. In plpgsql each begins after a semicolon, BEGIN, THEN, ELSE or LOOP.
  package var statements: [SQLWords] {
    var depth = 0
    var parts: [[SQLWords.Word]] = [[]]
    for word in words {
      if word.text == "(" { depth += 1 }
      if word.text == ")" { depth -= 1 }
      if word.text == ";", depth <= 0 {
        parts.append([])
      } else {
        parts[parts.count - 1].append(word)
      }
    }
    return parts.compactMap { part in
      guard language == .plpgsql else { return part.isEmpty ? nil : SQLWords(part) }
      let start = part.indices.first { index in
        SQLGrammar.beginsStatement(part[index], before: index + 1 < part.count ? part[index + 1] : nil)
          && (index == 0 || SQLGrammar.blockOpenings.contains(where: part[index - 1].is))
      }
      return start.map { SQLWords(Array(part[$0...])) }
    }
  }
}
