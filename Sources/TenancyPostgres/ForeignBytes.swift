/// Text of a SQL_ASCII database, in which the server keeps whatever bytes it was given.
///
/// A byte that is not UTF-8 becomes a NUL, an x and two hexadecimal digits. PostgreSQL's text has no NUL, so such a text
/// equals no other, and no statement can contain it: a name is never confused with another one, as it would be with
/// replacement characters.
package enum ForeignBytes {
  /// Stands before the digits of a byte.
  package static let mark: Unicode.Scalar = "\0"

  /// Whether the text has bytes that are not UTF-8.
  package static func isIn(_ text: String) -> Bool { text.utf8.contains(0) }

  /// Whether a text goes on as after the mark of a byte.
  package static func isByte(_ text: Substring.UnicodeScalarView) -> Bool {
    text.first == "x" && text.dropFirst().prefix(2).count { $0.properties.isASCIIHexDigit } == 2
  }

  static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    // Most text is ASCII, which the quicker of Swift's two ways takes as well.
    if bytes.reduce(0, |) < 0x80 { return String(decoding: bytes, as: UTF8.self) }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      var decoder = UTF8()
      var iterator = rest.makeIterator()
      if case .scalarValue(let scalar) = decoder.decode(&iterator) {
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        let digits = String(rest[rest.startIndex], radix: 16, uppercase: true)
        text += "\(mark)x\(digits)"
        rest = rest.dropFirst()
      }
    }
    return text
  }
}
