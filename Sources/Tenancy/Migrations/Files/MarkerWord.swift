/// A word on a marker line that has no value. dbmate passes over such words, so a remark may stand there; what was meant to be
/// an option may not be passed over.
enum MarkerWord {
  /// Whether it is an option that is not written as one: `lock_timout`, `no-tx`.
  /// - Parameter isAlone: whether it is the only such word on the line. `concurrently` is, and a word of a remark is not.
  static func isOption(_ word: Substring, isAlone: Bool) -> Bool {
    let lower = word.lowercased()
    let parts = lower.split { !$0.isLetter }
    let letters = parts.joined()
    return options.contains(where: lower.contains)
      || parts.contains { part in options.contains { isAlmost(part, $0) } }
      || shortForms.contains(letters) || isAlone && singleWords.contains(letters)
  }

  private static let options = ["transaction", "timeout"]
  private static let shortForms: Set<String> = ["tx", "txn", "notx", "notxn", "nontx", "notrans"]
  private static let singleWords: Set<String> = ["concurrently", "concurrent", "autocommit"]

  /// Whether a letter is missing, too many or another one, or two are swapped.
  private static func isAlmost(_ word: Substring, _ option: String) -> Bool {
    let (own, other) = (Array(word.utf8), Array(option.utf8))
    let start = zip(own, other).prefix { $0 == $1 }.count
    let end = zip(own[start...].reversed(), other[start...].reversed()).prefix { $0 == $1 }.count
    let (rest, otherRest) = (own[start..<(own.count - end)], other[start..<(other.count - end)])
    if rest.count == 2 { return otherRest.elementsEqual(rest.reversed()) }
    return rest.count < 2 && otherRest.count < 2
  }
}
