internal import Tenancy

/// The one place that all text passes before a terminal sees it.
///
/// Names, values, the server's messages, file names and variables may hold anything. What a terminal would obey is
/// shown as an escape; line breaks, tabs and the colours of ``Style`` stay.
enum HarmlessText {
  private static let kept: [Unicode.Scalar] = ["\n", "\t"]

  static func of(_ text: String) -> String {
    if VisibleText.isPlain(text, butFor: kept) { return text }
    var result = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == Style.mark, let code = color(at: rest) {
        result += "\u{1B}[\(code)m"
        rest = rest.dropFirst(code.count + 2)
      } else if kept.contains(scalar) || !VisibleText.isControl(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += VisibleText.escape(scalar, before: rest)
      }
    }
    return result
  }

  /// The same for trusted text, which may move the cursor.
  static func colored(_ text: String) -> String {
    text.replacing("\(Style.mark)", with: "\u{1B}")
  }

  /// Indents every line but the first, unless it is indented already.
  static func indented(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\n")) else { return text }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().map { $0 == 0 || $1.isEmpty || $1.first == " " ? String($1) : "  \($1)" }
      .joined(separator: "\n")
  }

  /// The code of a colour after its mark.
  private static func color(at text: Substring.UnicodeScalarView) -> String? {
    guard text.first == "[", let end = text.prefix(4).firstIndex(of: "m") else { return nil }
    let code = String(text[..<end].dropFirst())
    return Style.codes.contains(code) ? code : nil
  }
}
