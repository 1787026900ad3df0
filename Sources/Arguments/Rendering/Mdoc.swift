/// Text and macros of mdoc(7), the language of man pages.
enum Mdoc {
  /// Prose: one sentence or less to a line, as the language asks for.
  static func prose(_ text: String) -> [String] {
    sentences(text).flatMap { fill($0, width: 78) }.map { line in
      protectingStart(line.split(separator: " ").map(proseWord).joined(separator: " "))
    }
  }

  /// Lines as typed at a shell: every hyphen is a minus, so that they can be copied.
  static func literal(_ lines: [String]) -> [String] {
    [".Bd -literal -offset indent"] + lines.map { protectingStart(escaped($0, minus: true)) } + [".Ed"]
  }

  /// Paragraphs and literal blocks. `continued` says that they follow a paragraph.
  static func text(_ text: String, continued: Bool = false) -> [String] {
    blocks(of: text).enumerated().flatMap { index, block in
      switch block {
      case .paragraph(let words): (index > 0 || continued ? [".Pp"] : []) + prose(words)
      case .literal(let lines): literal(lines)
      }
    }
  }

  /// A list of terms, each a macro line without its dot, with their meanings.
  static func list(_ items: [(term: String, lines: [String])]) -> [String] {
    items.isEmpty ? [] : [".Bl -tag -width Ds"] + items.flatMap { [".It \($0.term)"] + $0.lines } + [".El"]
  }

  /// A sentence as the line after a page's name: `Add a domain.` becomes `add a domain`.
  static func nameLine(_ summary: String) -> String {
    let line = summary.withoutFullStop
    let isAcronym = line.dropFirst().first?.isUppercase == true
    return escaped(isAcronym ? line : line.prefix(1).lowercased() + line.dropFirst(), minus: false)
  }

  /// One argument of a macro. A short word could be a macro itself, and a single sign punctuation.
  static func argument(_ text: String) -> String {
    let isMacro = (2...3).contains(text.count) && text.first?.isUppercase != text.last?.isUppercase
    let isPunctuation = text.count == 1 && text.first?.isPunctuation == true
    let argument = (isMacro || isPunctuation ? "\\&" : "") + escaped(text, minus: true)
    return text.contains(" ") ? "\"\(argument)\"" : argument
  }

  private static func escaped(_ text: some StringProtocol, minus: Bool) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\e"
      case "-": minus ? "\\-" : "-"
      case "'": "\\(aq"
      case "\"": "\\(dq"
      case "`": "\\(ga"
      case "^": "\\(ha"
      case "~": "\\(ti"
      case "\u{20}"..."\u{7E}": String(scalar)
      default: "\\[u\(hexadecimal(scalar))]"
      }
    }.joined()
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// A word that starts with a dash, quoted or not, is an option: its dashes are minus signs. A quote within
  /// a word is an apostrophe and needs no escape.
  private static func proseWord(_ word: Substring) -> String {
    let isOption = word.drop { "'([".contains($0) }.hasPrefix("-")
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    let isApostrophe = parts.count == 2 && parts.allSatisfy { $0.first?.isLetter == true }
    return isApostrophe
      ? parts.map { escaped($0, minus: false) }.joined(separator: "'") : escaped(word, minus: isOption)
  }

  /// A dot that starts a line would make a macro of it.
  private static func protectingStart(_ line: String) -> String { line.hasPrefix(".") ? "\\&\(line)" : line }

  /// A sentence ends where a stop is followed by anything but a small letter, so that "e.g. this" is one.
  private static func sentences(_ text: String) -> [String] {
    var sentences: [String] = []
    for word in text.split(separator: " ") {
      if let sentence = sentences.last, !hasEnded(sentence) || word.first?.isLowercase == true {
        sentences[sentences.count - 1] += " \(word)"
      } else {
        sentences.append(String(word))
      }
    }
    return sentences
  }

  private static func hasEnded(_ sentence: String) -> Bool {
    guard let end = sentence.last(where: { !")'\"".contains($0) }) else { return false }
    return ".!?".contains(end)
  }
}
