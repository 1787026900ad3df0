/// How a program ended and what it wrote.
package struct Outcome: Sendable, Equatable {
  /// Everything it wrote to standard output.
  package let stdout: String
  /// Everything it wrote to standard error.
  package let stderr: String
  /// The exit status as a shell reports it: 128 + n after signal n.
  package let status: Int32

  /// An outcome to compare with.
  package init(stdout: String, stderr: String, status: Int32) {
    (self.stdout, self.stderr, self.status) = (stdout, stderr, status)
  }
}

/// A program that had to succeed did not.
package struct ProgramFailed: Error, CustomStringConvertible {
  /// What was run.
  package let command: [String]
  /// How it ended.
  package let outcome: Outcome

  /// The command, its status and its own words.
  package var description: String {
    "`\(command.joined(separator: " "))` ended with status \(outcome.status)\n\(outcome.stdout)\(outcome.stderr)"
  }
}
