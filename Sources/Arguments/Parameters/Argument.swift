/// A word that must be given: `NAME`.
public struct Argument<T: Sendable>: Parameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  private let parse: @Sendable (String) throws -> T

  /// What `parse` throws is reported as the reason why the value is invalid.
  public init(
    _ placeholder: String, completion: Completion = .none,
    parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .argument(count: 1...1), name: placeholder, completion: completion, summary: summary)
    self.parse = parse
  }

  /// Throws `missingArgument`, or `invalidValue` for a text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> T {
    guard let last = occurrences.last else { throw .missingArgument(declaration.name) }
    return try last.parsed(for: declaration, by: parse)
  }
}

extension Argument where T: CaseIterable & RawRepresentable<String> {
  /// An argument that is one of the cases' raw values.
  public init(_ placeholder: String, choices: T.Type, summary: String) {
    self.init(
      placeholder, completion: .choices(Array(T.allCases).spellings), parse: Array(T.allCases).choice,
      summary: summary)
  }
}

/// A word that may be left out: `[NAME]`.
public struct OptionalArgument<T: Sendable>: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Nothing.
  public var absent: T? { nil }
  private let parse: @Sendable (String) throws -> T

  /// What `parse` throws is reported as the reason why the value is invalid.
  public init(
    _ placeholder: String, completion: Completion = .none,
    parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .argument(count: 0...1), name: placeholder, completion: completion, summary: summary)
    self.parse = parse
  }

  /// Throws `invalidValue` for a text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> T? {
    try occurrences.last?.parsed(for: declaration, by: parse)
  }
}

/// Words, as many as are given: `[NAME...]`.
public struct RepeatedArgument<T: Sendable>: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Nothing.
  public var absent: [T] { [] }
  private let parse: @Sendable (String) throws -> T

  /// Fewer than `minimum` words are a usage error.
  public init(
    _ placeholder: String, minimum: Int = 0, completion: Completion = .none,
    parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .argument(count: minimum...Int.max), name: placeholder, completion: completion, summary: summary)
    self.parse = parse
  }

  /// Throws `invalidValue` for the first text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> [T] {
    try occurrences.map { occurrence throws(UsageError.Problem) in
      try occurrence.parsed(for: declaration, by: parse)
    }
  }
}

/// Everything after `--`, verbatim: `[-- ARG...]`.
public struct TrailingArguments: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Nothing.
  public var absent: [String] { [] }

  /// Fewer than `minimum` words are a usage error.
  public init(_ placeholder: String, minimum: Int = 0, summary: String) {
    declaration = Declaration(form: .trailing(minimum: minimum), name: placeholder, summary: summary)
  }

  /// Never throws: any words will do.
  public func value(of occurrences: [Occurrence]) -> [String] {
    occurrences.compactMap(\.text)
  }
}
