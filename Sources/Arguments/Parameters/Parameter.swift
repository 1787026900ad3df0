/// A typed token that declares one parameter of a command and is the key to its parsed value:
/// `input[domain]`.
public protocol Parameter<Value>: Sendable {
  /// What a command reads: `Bool` for a flag, `T?` for an option, `[T]` for what may repeat.
  associatedtype Value: Sendable

  /// What help, man pages, completions and the parser know of it.
  var declaration: Declaration { get }

  /// The value that the occurrences stand for, in the order they were given; none means that it was not
  /// given. The parser has already checked how many there are.
  func value(of occurrences: [Occurrence]) throws(UsageError.Problem) -> Value
}

/// A parameter that may be left out.
public protocol OptionalParameter<Value>: Parameter {
  /// What a command reads where it is not given.
  var absent: Value { get }
}

/// A parameter given once: its text and where that came from.
public struct Occurrence: Sendable, Equatable {
  /// Where a text was found.
  public enum Source: Sendable, Equatable {
    /// The command line.
    case word
    /// The environment variable of this name.
    case environment(String)
  }

  /// The value; `nil` for a flag on the command line.
  public let text: String?
  /// Where it was found.
  public let source: Source
}

extension Occurrence {
  func parsed<T>(
    for declaration: Declaration, by parse: (String) throws -> T
  ) throws(UsageError.Problem) -> T {
    let text = text ?? ""
    do {
      return try parse(text)
    } catch {
      throw .invalidValue(parameter: declaration.spelling, value: text, source: source, underlying: error)
    }
  }
}
