/// How a program ended and what it wrote.
public struct Outcome: Sendable, Equatable {
  /// Everything it wrote to standard output.
  public let stdout: String
  /// Everything it wrote to standard error.
  public let stderr: String
  /// The exit status as a shell reports it: 128 + n after signal n.
  public let status: Int32

  /// An outcome to compare with.
  public init(stdout: String, stderr: String, status: Int32) {
    (self.stdout, self.stderr, self.status) = (stdout, stderr, status)
  }
}

/// A program that had to succeed did not.
public struct ProgramFailed: Error, CustomStringConvertible {
  /// What was run.
  public let command: [String]
  /// How it ended.
  public let outcome: Outcome

  /// The command, its status and its own words.
  public var description: String {
    "`\(command.joined(separator: " "))` ended with status \(outcome.status)\n\(outcome.stdout)\(outcome.stderr)"
  }
}
