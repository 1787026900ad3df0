internal import SQLText
internal import Tenancy

/// Sentences that several commands say.
enum Words {
  static let nobodySelected = "note: the selection has no tenants"
}

/// `1 table`, `2 tables`.
func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// Bytes in the largest unit that fits: `8.2 MB`, powers of 1024 as in psql.
func sizeText(_ bytes: Int) -> String {
  var (value, units) = (Double(bytes), ["bytes", "kB", "MB", "GB", "TB"][...])
  while value >= 1024, units.count > 1 {
    value /= 1024
    units = units.dropFirst()
  }
  let number =
    value < 10 && units.first != "bytes" ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
  return "\(number) \(units.first ?? "bytes")"
}

/// A time for people: `2026-11-28 23:04:05 UTC`.
/// - Parameter text: ISO 8601 in UTC; `nil` if it is not known.
func timeText(_ text: String?) -> String {
  guard let text else { return "an unknown time" }
  return "\(text.prefix { $0 != "." && $0 != "Z" }) UTC".replacing("T", with: " ", maxReplacements: 1)
}

/// A duration for people: `340 ms`, `2.1 s`, `3 min 5 s`.
func durationText(_ duration: Duration) -> String {
  let seconds = duration / .seconds(1)
  if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
  if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
  return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
}

/// The lines of the first ten items, and the number of the others.
/// - Parameter rest: the words after that number.
func firstFew<Item>(_ items: [Item], _ rest: String, _ lines: (Item) -> [String]) -> [String] {
  let shown = 10
  return items.prefix(shown).flatMap(lines)
    + (items.count > shown ? ["and \(items.count - shown) \(rest)"] : [])
}

/// A name in double quotes, as in SQL.
func quoted(_ name: String) -> String { "\"\(name.replacingText("\"", with: "\"\""))\"" }

/// The name of a table, `schema.table`, for SQL to copy.
func quotedTable(_ name: String) -> String {
  let parts = name.split(separator: ".", maxSplits: 1).map { part in
    part.wholeMatch(of: /[a-z_][a-z0-9_]*/) == nil ? quoted(String(part)) : String(part)
  }
  return parts.joined(separator: ".")
}

extension StoredName {
  /// As an argument in a command to copy.
  var word: String { description.word }
}

extension String {
  /// As an argument in a command to copy, after its options: in quotes where a shell would read it differently, and after `--`
  /// where tenantctl would.
  var word: String { hasPrefix("-") ? "-- \(inQuotes)" : argument }

  /// As the value of an option in a command to copy: in quotes where a shell would read it differently.
  var argument: String {
    let isPlain = utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_-.:/".utf8.contains(byte)
    }
    return isPlain && !isEmpty && !hasPrefix("-") ? self : inQuotes
  }

  private var inQuotes: String { "'\(replacingText("'", with: #"'\''"#))'" }

  /// What is between line feeds. To Swift a DOS line end is one character, and no line feed.
  var textLines: [Substring] {
    unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init)
  }

  var firstLine: Substring { prefix { !$0.isNewline } }

  /// The text with some scalars replaced. By scalars, because a DOS line end is one character, and so is a quote with an
  /// accent after it.
  func replacingScalars(_ replacement: (Unicode.Scalar) -> String?) -> String {
    unicodeScalars.reduce(into: "") { text, scalar in
      if let other = replacement(scalar) { text += other } else { text.unicodeScalars.append(scalar) }
    }
  }
}
