internal import SQLText

extension Substring {
  /// The text without the white space around it.
  package func trimmingWhitespace() -> String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension String {
  /// The text percent-encoded (RFC 3986, 2.1), but for the bytes that may stay.
  package func percentEncoded(keeping isKept: (UInt8) -> Bool) -> String {
    if utf8.allSatisfy(isKept) { return self }
    return utf8.reduce(into: "") { encoded, byte in
      if isKept(byte) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += "%\(digits.count == 1 ? "0" : "")\(digits)"
      }
    }
  }
}

extension UInt8 {
  /// Whether the byte means itself everywhere in a URI: one of the unreserved characters (RFC 3986, 2.3).
  package var isUnreservedInURI: Bool {
    self < 0x80 && ASCII.continuesTag(self) || "-.~".utf8.contains(self)
  }
}
