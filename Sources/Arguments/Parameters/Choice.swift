/// Why a word is refused where only certain words are allowed.
public struct UnknownChoice: Error, Equatable, CustomStringConvertible {
  /// The words that are allowed.
  public let choices: [String]

  /// "expected text or json"
  public var description: String { "expected \(choices.alternatives)" }
}

extension Array where Element: RawRepresentable<String> & Sendable {
  func choice(_ text: String) throws -> Element {
    guard let choice = first(where: { $0.rawValue == text }) else {
      throw UnknownChoice(choices: spellings)
    }
    return choice
  }

  var spellings: [String] { map(\.rawValue) }
}

extension [String] {
  /// "a", "a or b", "a, b or c"
  var alternatives: String {
    guard let last, count > 1 else { return first ?? "" }
    return "\(dropLast().joined(separator: ", ")) or \(last)"
  }
}
