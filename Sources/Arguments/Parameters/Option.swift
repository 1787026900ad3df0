/// An option with a value that may be left out, and cannot be given twice: `--domain HOST`.
public struct Option<T: Sendable>: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Nothing.
  public var absent: T? { nil }
  private let parse: @Sendable (String) throws -> T

  /// What `parse` throws is reported as the reason why the value is invalid.
  public init(
    _ name: String, short: Character? = nil, placeholder: String, environment: String? = nil,
    completion: Completion = .none, parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .option(placeholder: placeholder, repeats: false), name: name, short: short,
      environment: environment,
      completion: completion, summary: summary)
    self.parse = parse
  }

  /// Throws `invalidValue` for a text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> T? {
    try occurrences.last?.parsed(for: declaration, by: parse)
  }
}

extension Option where T: CaseIterable & RawRepresentable<String> {
  /// An option whose value is one of the cases' raw values.
  public init(
    _ name: String, short: Character? = nil, placeholder: String, choices: T.Type, environment: String? = nil,
    summary: String
  ) {
    self.init(
      name, short: short, placeholder: placeholder, environment: environment,
      completion: .choices(Array(T.allCases).spellings), parse: Array(T.allCases).choice, summary: summary)
  }
}

/// An option that has a value even when not given: `--jobs N`.
public struct DefaultedOption<T: Sendable>: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// The default.
  public let absent: T
  private let parse: @Sendable (String) throws -> T

  /// `defaultText` is how help spells `default`.
  public init(
    _ name: String, short: Character? = nil, placeholder: String, default: T, defaultText: String,
    environment: String? = nil, completion: Completion = .none,
    parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .option(placeholder: placeholder, repeats: false), name: name, short: short,
      environment: environment,
      defaultText: defaultText, completion: completion, summary: summary)
    absent = `default`
    self.parse = parse
  }

  /// Throws `invalidValue` for a text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> T {
    try occurrences.last?.parsed(for: declaration, by: parse) ?? absent
  }
}

extension DefaultedOption where T: CaseIterable & RawRepresentable<String> {
  /// An option whose value is the raw value of one of the cases, all of them or only `some`.
  public init(
    _ name: String, short: Character? = nil, placeholder: String, choices: T.Type,
    only some: [T] = Array(T.allCases), default: T, environment: String? = nil, summary: String
  ) {
    self.init(
      name, short: short, placeholder: placeholder, default: `default`, defaultText: `default`.rawValue,
      environment: environment, completion: .choices(some.spellings), parse: some.choice,
      summary: summary)
  }
}

/// An option that adds a value each time it is given: `--exclude GLOB --exclude GLOB`.
public struct RepeatedOption<T: Sendable>: OptionalParameter {
  /// What the renderers and the parser read.
  public let declaration: Declaration
  /// Nothing.
  public var absent: [T] { [] }
  private let parse: @Sendable (String) throws -> T

  /// The environment variable gives at most one value.
  public init(
    _ name: String, short: Character? = nil, placeholder: String, environment: String? = nil,
    completion: Completion = .none, parse: @escaping @Sendable (String) throws -> T, summary: String
  ) {
    declaration = Declaration(
      form: .option(placeholder: placeholder, repeats: true), name: name, short: short,
      environment: environment,
      completion: completion, summary: summary)
    self.parse = parse
  }

  /// Throws `invalidValue` for the first text that `parse` refuses.
  public func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> [T] {
    try occurrences.map { occurrence throws(UsageError.Problem) in
      try occurrence.parsed(for: declaration, by: parse)
    }
  }
}
