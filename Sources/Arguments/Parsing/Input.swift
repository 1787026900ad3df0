/// The values of a command's parameters, all of them parsed and valid.
public struct Input: Sendable {
  let values: [String: any Sendable]
  /// Makes the error of this command out of a problem.
  let error: @Sendable (UsageError.Problem) -> UsageError

  /// The value of a parameter that the command, or a group that it belongs to, declares.
  public subscript<P: Parameter>(_ parameter: P) -> P.Value {
    guard let value = values[parameter.declaration.spelling] as? P.Value else {
      preconditionFailure("the command does not declare \(parameter.declaration.spelling)")
    }
    return value
  }

  /// A usage error that only the command can judge, such as options that exclude each other; to be thrown.
  public func refusal(_ message: String, hint: String? = nil) -> UsageError {
    error(.refused(message: message, hint: hint))
  }
}
