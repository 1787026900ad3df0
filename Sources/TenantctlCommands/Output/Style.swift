/// How words stand out on a terminal; elsewhere they do not.
struct Style: Sendable {
  let isColored: Bool

  func bold(_ text: String) -> String { wrap(text, "1") }
  func dim(_ text: String) -> String { wrap(text, "2") }
  func red(_ text: String) -> String { wrap(text, "31") }
  func green(_ text: String) -> String { wrap(text, "32") }
  func yellow(_ text: String) -> String { wrap(text, "33") }

  /// SGR sequences (ECMA-48, 8.3.117), with ``mark`` for the escape character.
  private func wrap(_ text: String, _ code: String) -> String {
    isColored && !text.isEmpty ? "\(Self.mark)[\(code)m\(text)\(Self.mark)[0m" : text
  }

  /// The escape character of colours until they are written to the terminal: a NUL, which text from PostgreSQL, file names
  /// and arguments cannot contain, so that only tenantctl's own text has colours.
  static let mark: Unicode.Scalar = "\0"
  static let codes: Set<String> = ["0", "1", "2", "31", "32", "33"]
}
