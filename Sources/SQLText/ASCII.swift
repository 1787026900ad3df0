/// The bytes that SQL's lexical rules are written in.
package enum ASCII {
  package static let lineFeed = UInt8(ascii: "\n")
  package static let carriageReturn = UInt8(ascii: "\r")
  package static let quote = UInt8(ascii: "'")
  package static let doubleQuote = UInt8(ascii: "\"")
  package static let backslash = UInt8(ascii: "\\")
  package static let dollar = UInt8(ascii: "$")
  package static let dash = UInt8(ascii: "-")
  package static let slash = UInt8(ascii: "/")
  package static let star = UInt8(ascii: "*")

  package static func isNewline(_ byte: UInt8) -> Bool {
    byte == lineFeed || byte == carriageReturn
  }

  /// Space, tab, line feed, vertical tab (since PostgreSQL 16), form feed and carriage return.
  package static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte >= 0x09 && byte <= 0x0D
  }

  package static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  /// A byte that starts an identifier; every byte of a non-ASCII character does.
  package static func startsWord(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") && byte < 0x80
      || byte == UInt8(ascii: "_") || byte >= 0x80
  }

  /// PostgreSQL folds the letters of ASCII alone, in UTF-8 (manual, 4.1.1 "Identifiers and Key Words").
  package static func lowercased(_ text: String) -> String {
    String(
      decoding: text.utf8.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 },
      as: UTF8.self)
  }

  /// The reverse, for keywords.
  package static func uppercased(_ text: String) -> String {
    String(
      decoding: text.utf8.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? $0 & 0xDF : $0 },
      as: UTF8.self)
  }

  /// A name as PostgreSQL keeps it: its first 63 bytes, without a part of a character (NAMEDATALEN, ibid.).
  package static func cutToName(_ text: String) -> String {
    if text.utf8.count <= 63 { return text }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: 63)
    while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text[..<end])
  }

  /// Whether a word is in a text, anywhere, in upper or lower case.
  package static func contains(_ word: String, in text: String) -> Bool {
    var text = text
    return text.withUTF8 { contains(word, in: $0) }
  }

  /// The same in the bytes of a text.
  package static func contains(_ word: String, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let word = word.utf8.map { $0 | 0x20 }
    guard let first = word.first, bytes.count >= word.count else { return false }
    return (0...(bytes.count - word.count)).contains { start in
      bytes[start] | 0x20 == first && word.indices.allSatisfy { bytes[start + $0] | 0x20 == word[$0] }
    }
  }

  package static func continuesTag(_ byte: UInt8) -> Bool {
    startsWord(byte) || isDigit(byte)
  }

  package static func continuesWord(_ byte: UInt8) -> Bool {
    continuesTag(byte) || byte == dollar
  }
}
