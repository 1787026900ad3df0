internal import SQLText

/// What a migration file contained, whatever the editor or Git made of its line ends.
package struct Checksum: RawRepresentable, Sendable, Hashable, Encodable, CustomStringConvertible {
  /// SHA-256 in 64 lower-case hexadecimal digits; from a ledger, whatever stands there.
  package let rawValue: String

  /// A checksum that a ledger holds.
  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The checksum of a file: SHA-256 over it with LF for CRLF and without a byte order mark.
  package init(of bytes: [UInt8]) {
    let text = bytes.dropFirst(ByteOrderMark.count(in: bytes))
    var normal: [UInt8] = []
    normal.reserveCapacity(text.count)
    for byte in text {
      if byte == ASCII.lineFeed, normal.last == ASCII.carriageReturn { normal.removeLast() }
      normal.append(byte)
    }
    rawValue = SHA256.hex(of: normal)
  }

  /// The digits.
  package var description: String { rawValue }
}
