/// A switch that is on when given: `--all`.
public struct Flag: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Off.
  public var absent: Bool { false }

  /// `environment` names a variable that switches it with 1, true, yes, on or 0, false, no, off.
  public init(_ name: String, short: Character? = nil, environment: String? = nil, summary: String) {
    declaration = Declaration(
      form: .flag, name: name, short: short, environment: environment, summary: summary)
  }

  /// Throws `invalidValue` for a variable that is neither on nor off.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> Bool {
    guard let last = occurrences.last else { return false }
    return last.text == nil ? true : try last.parsed(for: declaration, by: Self.isOn)
  }

  private static func isOn(_ text: String) throws(UnknownChoice) -> Bool {
    switch text.lowercased() {
    case "1", "true", "yes", "on": true
    case "0", "false", "no", "off": false
    default: throw UnknownChoice(choices: ["1", "true", "yes", "on", "0", "false", "no", "off"])
    }
  }
}
