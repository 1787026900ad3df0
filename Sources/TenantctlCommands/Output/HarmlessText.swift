internal import SQLText
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

  /// Indents every line but the first, unless it is indented already. No line has what GitHub's runner takes for a command in
  /// whatever a step prints: `::name::` at its start, after blanks too, or `##[name]` anywhere (GitHub Docs, "Workflow commands";
  /// the second form is that of older runners, and still read).
  static func indented(_ text: String) -> String {
    guard text.utf8.contains(where: { "\n:#".utf8.contains($0) }) else { return text }
    return text.textLines.enumerated().map { index, line in
      let line = withoutCommand(line)
      return index == 0 || line.isEmpty || line.unicodeScalars.first == " " ? line : "  \(line)"
    }.joined(separator: "\n")
  }

  /// By scalars, as the runner compares: a mark with an accent after it is another character.
  static func withoutCommand(_ line: some StringProtocol) -> String {
    let line = String(line).replacingText("##[", with: "##\\u{5B}")
    let scalars = line.unicodeScalars
    // The runner's comparison passes over what has no width.
    guard
      let first = scalars.firstIndex(where: {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .format
      }), scalars[first...].starts(with: "::".unicodeScalars)
    else { return line }
    // `::name ...::text`: an address such as ::1 has no letter there, or no second mark.
    let rest = scalars[first...].dropFirst(2)
    guard rest.first?.properties.isAlphabetic == true,
      zip(rest, rest.dropFirst()).contains(where: { $0 == ":" && $1 == ":" })
    else { return line }
    return String(scalars[..<first]) + "\\u{3A}" + String(scalars[first...].dropFirst())
  }

  /// The code of a colour after its mark.
  private static func color(at text: Substring.UnicodeScalarView) -> String? {
    guard text.first == "[", let end = text.prefix(4).firstIndex(of: "m") else { return nil }
    let code = String(text[..<end].dropFirst())
    return Style.codes.contains(code) ? code : nil
  }
}
