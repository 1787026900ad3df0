internal import Glibc

/// A program that cannot be started.
struct ProgramNotStarted: Error {
  let name: String
  let reason: String
  let isMissing: Bool

  init(_ name: String, code: Int32) {
    self.name = name
    reason = String(cString: strerror(code))
    isMissing = code == ENOENT
  }
}

/// A program, its arguments and its environment.
struct Program: Sendable {
  /// Its name, looked up on `PATH`, then its arguments.
  let words: [String]
  let environment: [String: String]

  /// Replaces this process by the program.
  ///
  /// Throws `ProgramNotStarted`; otherwise it does not return.
  func replaceProcess() throws -> Never {
    // Swift does not import execvpe(3), which would take the environment as well.
    // The program would inherit an ignored signal.
    signal(SIGXFSZ, SIG_DFL)
    clearenv()
    for (name, value) in environment { setenv(name, value, 1) }
    let code = withArrays { arguments, _ in
      execvp(words[0], arguments)
      return errno
    }
    throw ProgramNotStarted(words[0], code: code)
  }

  /// Checks that the program exists on `PATH`.
  ///
  /// Throws `ProgramNotStarted` if it does not. An existing program may still fail to start.
  func check() throws {
    let paths =
      words[0].contains("/")
      ? [words[0]]
      : (environment["PATH"] ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? words[0] : "\($0)/\(words[0])" }
    if !paths.contains(where: Files.exists) { throw ProgramNotStarted(words[0], code: ENOENT) }
  }

  /// The words and the environment as C arrays.
  func withArrays<Result>(
    _ body: ([UnsafeMutablePointer<CChar>?], [UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let words = words.map { strdup($0) }
    let variables = environment.map { strdup("\($0)=\($1)") }
    defer { for copy in words + variables { free(copy) } }
    return body(words + [nil], variables + [nil])
  }
}
