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

  /// Indents every line but the first, unless it is indented already. No line begins with `::`, which GitHub's runner takes
  /// for a command in whatever a step prints, after blanks too (GitHub Docs, "Workflow commands").
  static func indented(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\n")) || text.utf8.contains(UInt8(ascii: ":")) else { return text }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().map { index, line in
      let line = withoutCommand(line)
      return index == 0 || line.isEmpty || line.first == " " ? line : "  \(line)"
    }.joined(separator: "\n")
  }

  private static func withoutCommand(_ line: Substring) -> String {
    guard let first = line.unicodeScalars.firstIndex(where: { !$0.properties.isWhitespace }),
      line.unicodeScalars[first...].starts(with: "::".unicodeScalars)
    else { return String(line) }
    // `::name ...::text`: an address such as ::1 has no letter there, or no second mark.
    let rest = line.unicodeScalars[first...].dropFirst(2)
    guard rest.first?.properties.isAlphabetic == true, Substring(rest).contains("::") else {
      return String(line)
    }
    return line[..<first] + "\\u{3A}" + String(line.unicodeScalars[first...].dropFirst())
  }

  /// The code of a colour after its mark.
  private static func color(at text: Substring.UnicodeScalarView) -> String? {
    guard text.first == "[", let end = text.prefix(4).firstIndex(of: "m") else { return nil }
    let code = String(text[..<end].dropFirst())
    return Style.codes.contains(code) ? code : nil
  }
}
