internal import TenancyPostgres

/// Text that a terminal cannot obey.
///
/// A tenant's name often comes from a sign-up form, a file's name from a stranger's archive: control characters in it
/// would move the cursor, set the title or forge a line, bidirectional ones would show it in another order (Unicode
/// Technical Report 36, 2.5 "Bidirectional Text Spoofing").
package enum VisibleText {
  /// Whether a terminal would obey the character: C0, DEL, C1, line and paragraph separators, and the bidirectional
  /// controls.
  package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// The character as Swift and Rust write it: `\n`, `\r`, `\t`, `\u{1B}`.
  /// - Parameter next: the text after it.
  package static func escape(
    _ scalar: Unicode.Scalar, before next: Substring.UnicodeScalarView
  ) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    // Of a byte that is not UTF-8 the digits follow.
    case ForeignBytes.mark where ForeignBytes.isByte(next): "\\"
    default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    }
  }

  /// Whether there is surely no control character, by the first bytes that they have: all that most texts are asked.
  /// - Parameter kept: ASCII characters that do not count.
  package static func isPlain(_ text: String, butFor kept: [Unicode.Scalar] = []) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE2: kept.contains(Unicode.Scalar(byte))
      default: true
      }
    }
  }
}

extension String {
  /// The text on one line, each control character written as an escape.
  package var onOneLine: String {
    if VisibleText.isPlain(self) { return self }
    var text = ""
    var rest = unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if VisibleText.isControl(scalar) {
        text += VisibleText.escape(scalar, before: rest)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
