/// One statement of a script: what is sent to the server in one message.
///
/// A class, because of a large script each tenant that is worked on has all of them.
package final class SQLStatement: Sendable {
  /// The script's own text: from the first character that is neither white space nor in a `--` comment, to
  /// the semicolon.
  package let text: String
  /// Where the statement's first word is; comments may stand before it.
  package let location: ScriptLocation
  /// The unquoted words that it begins with, in upper case, at most eight: `CREATE INDEX CONCURRENTLY ...`.
  package let leadingKeywords: [String]
  /// Why tenantctl does not run it, if so.
  package let refusal: SQLScriptError?
  /// Where `text` begins.
  package let textLocation: ScriptLocation

  init(
    text: String, location: ScriptLocation, leadingKeywords: [String], refusal: SQLScriptError?,
    textLocation: ScriptLocation
  ) {
    (self.text, self.location, self.leadingKeywords) = (text, location, leadingKeywords)
    (self.refusal, self.textLocation) = (refusal, textLocation)
  }

  /// The line of the first word, from 1.
  package var line: Int { location.line }
  /// The column of the first word, from 1, in code points.
  package var column: Int { location.column }

  /// The place in the script of an error position that PostgreSQL gave for this statement.
  ///
  /// - Parameter position: code points of `text` from 1; a position past the end is the end.
  package func location(ofCharacter position: Int) -> ScriptLocation {
    var location = textLocation
    for byte in text(before: position).utf8 { location.pass(byte) }
    return location
  }

  /// The line of the text that an error position is on, to be shown below the error; of a long one what is around it.
  package func excerpt(ofCharacter position: Int) -> String { excerpt(ofCharacter: position, after: 1) }

  /// The place in the script of a byte of `text`.
  package func location(ofByte offset: Int) -> ScriptLocation {
    location(ofCharacter: character(ofByte: offset))
  }

  /// The line of that byte, to be shown below a message, without a comment in front of the statement. Without an offset that
  /// of the first word.
  package func excerpt(ofByte offset: Int? = nil) -> String {
    let first = SQLWords(self).words.first?.offset ?? 0
    return excerpt(
      ofCharacter: character(ofByte: offset ?? first), after: character(ofByte: min(first, offset ?? first)))
  }

  private func excerpt(ofCharacter position: Int, after first: Int) -> String {
    let scalars = text.unicodeScalars
    let place = text(before: position).endIndex
    let line = scalars[..<place].lastIndex(of: "\n").map(scalars.index(after:)) ?? scalars.startIndex
    let start = max(line, text(before: first).endIndex)
    let end = scalars[place...].firstIndex(of: "\n") ?? scalars.endIndex
    let left = scalars.index(place, offsetBy: -80, limitedBy: start) ?? start
    let right = scalars.index(place, offsetBy: 120, limitedBy: end) ?? end
    let shown = scalars[left..<right].filter { $0 != "\r" }
    return (left > start ? "..." : "") + withoutPasswords(String(String.UnicodeScalarView(shown)))
      + (right < end ? "..." : "")
  }

  private func character(ofByte offset: Int) -> Int {
    String(decoding: text.utf8.prefix(offset), as: UTF8.self).unicodeScalars.count + 1
  }

  private func text(before position: Int) -> Substring {
    Substring(text.unicodeScalars.prefix(max(position - 1, 0)))
  }
}

extension SQLStatement: Hashable {
  /// Whether they have the same text at the same place.
  package static func == (a: SQLStatement, b: SQLStatement) -> Bool {
    a === b || a.location == b.location && a.text == b.text
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(location)
    hasher.combine(text)
  }
}
