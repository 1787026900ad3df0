internal import SQLText

/// SQL as pg_dump writes it, without the name of the schema that it was dumped from.
///
/// A name goes only before what the schema has: where a table, a column or an alias is named like the schema, `acme.id` is a
/// column, and stays. The texts of function bodies and other constants stay as they are, but for `'acme.s'::regclass` and the
/// search path of a function, which becomes that of the tenant: see ``RoutinePath``.
struct Unqualified {
  let schema: String
  /// The names of everything in the schema.
  let names: Set<String>

  /// A piece of the text.
  private struct Token {
    let range: Range<Int>
    let text: String
    let isWord: Bool

    /// As PostgreSQL reads a name; `nil` if it is not one.
    var name: String? {
      if text.hasPrefix("\"") {
        return String(text.dropFirst().dropLast()).replacingText("\"\"", with: "\"")
      }
      return isWord ? text.lowercased() : nil
    }
  }

  func text(_ sql: String) -> String {
    let bytes = Array(sql.utf8)
    let tokens = Self.tokens(of: bytes)
    var rest = 0
    var kept: [UInt8] = []
    for (index, token) in tokens.enumerated() {
      if let next = qualified(index, in: tokens) {
        kept += bytes[rest..<token.range.lowerBound]
        rest = next.range.lowerBound
      } else if let constant = objectConstant(index, in: tokens) {
        kept += bytes[rest..<token.range.lowerBound] + Array(constant.utf8)
        rest = token.range.upperBound
      } else if let end = ownPath(index, in: tokens) {
        kept += bytes[rest..<token.range.lowerBound] + Array("SET search_path FROM CURRENT".utf8)
        rest = end
      }
    }
    return String(decoding: kept + bytes[rest...], as: UTF8.self)
  }

  private static func tokens(of bytes: [UInt8]) -> [Token] {
    var lexer = SQLLexer(bytes, in: 0..<bytes.count)
    var tokens: [Token] = []
    while let token = try? lexer.next() {
      var isWord = false
      switch token {
      case .lineComment, .blockComment: continue
      case .word: isWord = true
      default: break
      }
      var range = lexer.tokenStart..<lexer.position
      // The lexer ends a quote at each `""`.
      if let last = tokens.last, last.range.upperBound == range.lowerBound,
        [ASCII.quote, ASCII.doubleQuote].contains(bytes[range.lowerBound]),
        bytes[last.range.upperBound - 1] == bytes[range.lowerBound], last.range.count > 1
      {
        range = tokens.removeLast().range.lowerBound..<range.upperBound
      }
      tokens.append(Token(range: range, text: String(decoding: bytes[range], as: UTF8.self), isWord: isWord))
    }
    return tokens
  }

  /// The name that is left where a qualified one begins; `nil` if none of the schema's begins there.
  private func qualified(_ index: Int, in tokens: [Token]) -> Token? {
    guard tokens[index].name == schema, index + 2 < tokens.count, tokens[index + 1].text == ".",
      index == 0 || tokens[index - 1].text != "."
    else { return nil }
    let next = tokens[index + 2]
    if let name = next.name { return names.contains(name) ? next : nil }
    // `OPERATOR(acme.+)`, `CREATE OPERATOR acme.+`, `OPERATOR 1 acme.<(a, b)` of an operator class.
    let before = tokens[max(index - 2, 0)..<index]
    return before.contains { $0.isWord && $0.text.uppercased() == "OPERATOR" } ? next : nil
  }

  /// Where a `SET search_path TO 'acme', 'public'` of a function's ends; `nil` if none begins there, or it has another schema's
  /// names alone.
  private func ownPath(_ index: Int, in tokens: [Token]) -> Int? {
    let words = tokens[index...].prefix(3).map { $0.isWord ? $0.text.uppercased() : "" }
    guard words == ["SET", "SEARCH_PATH", "TO"], index > 0, tokens[0].text.uppercased() == "CREATE" else {
      return nil
    }
    var names: [String] = []
    var end = index + 3
    while end < tokens.count, tokens[end].text.hasPrefix("'") {
      names.append(String(tokens[end].text.dropFirst().dropLast()).replacingText("''", with: "'"))
      guard end + 1 < tokens.count, tokens[end + 1].text == "," else { break }
      end += 2
    }
    return names.contains(schema) ? tokens[end].range.upperBound : nil
  }

  /// The new text of a constant that means an object: `'acme.s'::regclass`.
  private func objectConstant(_ index: Int, in tokens: [Token]) -> String? {
    let token = tokens[index]
    guard token.text.hasPrefix("'"), index + 3 < tokens.count, tokens[index + 1].text == ":",
      tokens[index + 2].text == ":", tokens[index + 3].isWord, tokens[index + 3].text.hasPrefix("reg")
    else { return nil }
    let value = String(token.text.dropFirst().dropLast()).replacingText("''", with: "'")
    return "'\(text(value).replacingText("'", with: "''"))'"
  }
}

extension Unqualified {
  /// Where a text of pg_dump's, or of a migration that was made of it, still names the schema: in the text of a function, a
  /// `SET search_path`, another constant.
  func mentions(in sql: String) -> [SchemaTextMention] {
    let bytes = Array(sql.utf8)
    var cursor = LocationCursor(bytes, from: 0)
    let tokens = Self.tokens(of: bytes)
    var mentions: [SchemaTextMention] = []
    // What is left of a schema that is named like one of its tables is the table.
    let isTable = names.contains(schema)
    for (index, token) in tokens.enumerated() {
      let isQualifier =
        !isTable && token.name == schema && index + 1 < tokens.count && tokens[index + 1].text == "."
      let isText = token.name == nil && "'$eE".contains(token.text.first ?? " ")
      if isQualifier {
        mentions.append(mention(token.range.lowerBound, bytes, &cursor))
      } else if isText {
        // In quotes a quote is doubled, and a backslash in E'...'.
        let names = Set([schema] + ["'", "\"", "\\"].map { schema.replacingText($0, with: $0 + $0) })
        for offset in names.flatMap({ Self.words($0, in: bytes, token.range) }) {
          mentions.append(mention(offset, bytes, &cursor))
        }
      }
    }
    return mentions.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  private func mention(_ offset: Int, _ bytes: [UInt8], _ cursor: inout LocationCursor) -> SchemaTextMention {
    let start = bytes[..<offset].lastIndex(of: ASCII.lineFeed).map { $0 + 1 } ?? 0
    let end = bytes[offset...].firstIndex(of: ASCII.lineFeed) ?? bytes.count
    return SchemaTextMention(
      line: cursor.location(at: offset).line, excerpt: String(decoding: bytes[start..<end], as: UTF8.self),
      schema: SchemaName(stored: schema))
  }

  /// Where a name stands as a word of its own.
  private static func words(_ name: String, in bytes: [UInt8], _ range: Range<Int>) -> [Int] {
    let name = Array(name.utf8)
    return range.indices.dropLast(name.count - 1).filter { index in
      bytes[index...].starts(with: name)
        && (index == 0 || !ASCII.continuesWord(bytes[index - 1]))
        && (index + name.count == bytes.count || !ASCII.continuesWord(bytes[index + name.count]))
    }
  }
}

/// A line of a migration that names the schema which it was made of, or another tenant's.
package struct SchemaTextMention: Sendable, Hashable {
  /// The line in the file, from 1.
  package let line: Int
  /// Its text.
  package let excerpt: String
  /// The schema.
  package let schema: SchemaName
}
