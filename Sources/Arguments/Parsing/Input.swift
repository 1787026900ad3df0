/// The values of a command's parameters, all of them parsed and valid.
public struct Input: Sendable {
  let values: [String: any Sendable]
  /// Makes the error of this command out of a problem.
  let error: @Sendable (UsageError.Problem) -> UsageError

  /// The value of a parameter that may be left out. One that the command does not declare was not given: the parser takes
  /// no other.
  public subscript<P: OptionalParameter>(_ parameter: P) -> P.Value {
    values[parameter.declaration.spelling] as? P.Value ?? parameter.absent
  }

  /// Whether the command declares the parameter.
  public func takes(_ parameter: some Parameter) -> Bool { values[parameter.declaration.spelling] != nil }

  /// The value of an argument that must be given. Throws `missingArgument` for one that the command does not declare.
  public subscript<T>(_ argument: Argument<T>) -> T {
    get throws(UsageError) {
      guard let value = values[argument.declaration.spelling] as? T else {
        throw error(.missingArgument(argument.declaration.name))
      }
      return value
    }
  }

  /// A usage error that only the command can judge, such as options that exclude each other; to be thrown.
  public func refusal(_ message: String, hint: String? = nil) -> UsageError {
    error(.refused(message: message, hint: hint))
  }
}
