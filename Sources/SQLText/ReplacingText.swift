extension String {
  /// The text with a part replaced wherever it stands. To `replacing`, a quote with an accent after it is another character
  /// than a quote; to a shell and to PostgreSQL it is one.
  package func replacingText(_ part: String, with other: String) -> String {
    String(unicodeScalars.replacing(part.unicodeScalars, with: other.unicodeScalars))
  }
}
