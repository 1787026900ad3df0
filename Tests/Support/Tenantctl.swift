import Foundation

/// The built binary, as a user runs it.
package enum Tenantctl {
  /// Runs it to its end.
  ///
  /// Nothing of the caller's configuration reaches it: no `TENANTCTL_*`, `PG*` or `DATABASE_URL`, and no home
  /// folder but an empty one.
  ///
  /// - Parameters:
  ///   - database: What `TENANTCTL_DATABASE_URL` names.
  ///   - environment: Variables to add or replace.
  ///   - stdin: What it reads; it is never a terminal.
  ///   - workingDirectory: Where it runs; an empty folder by default.
  /// - Throws: Where it cannot be started. A failing command does not throw: judge the outcome's status.
  package static func run(
    _ arguments: [String], database: TestDatabase? = nil, environment: [String: String] = [:],
    stdin: String = "", workingDirectory: String? = nil
  ) async throws -> Outcome {
    try await TemporaryFolder.with { home in
      try await program([executable] + arguments, home, database, environment, stdin, workingDirectory).run()
    }
  }

  /// Starts it and calls `body` while it runs; what `body` leaves running is killed.
  ///
  /// Takes the same parameters as `run(_:database:environment:stdin:workingDirectory:)`.
  package static func start<Result>(
    _ arguments: [String], database: TestDatabase? = nil, environment: [String: String] = [:],
    stdin: String = "", workingDirectory: String? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (RunningProgram) async throws -> Result
  ) async throws -> Result {
    try await TemporaryFolder.with { home in
      try await program([executable] + arguments, home, database, environment, stdin, workingDirectory).start(
        body)
    }
  }

  /// Starts it on a terminal of 80 columns, which is all three of its streams, and calls `body` while it runs.
  ///
  /// What appears on the terminal counts as standard output. Takes the same parameters as
  /// `run(_:database:environment:stdin:workingDirectory:)`.
  package static func onTerminal<Result>(
    _ arguments: [String], database: TestDatabase? = nil, environment: [String: String] = [:],
    workingDirectory: String? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (RunningProgram) async throws -> Result
  ) async throws -> Result {
    try await TemporaryFolder.with { home in
      var program = program([executable] + arguments, home, database, environment, "", workingDirectory)
      program.environment.merge(["TERM": "xterm"]) { given, _ in given }
      program.isOnTerminal = true
      return try await program.start(body)
    }
  }

  /// Runs a bash script that finds `tenantctl` in its `PATH`.
  ///
  /// Takes the same parameters as `run(_:database:environment:stdin:workingDirectory:)`.
  package static func script(
    _ text: String, database: TestDatabase? = nil, environment: [String: String] = [:],
    stdin: String = "", workingDirectory: String? = nil
  ) async throws -> Outcome {
    try await TemporaryFolder.with { home in
      var program = program(
        ["bash", "-c", text], home, database, environment, stdin, workingDirectory)
      let folder = URL(fileURLWithPath: executable).deletingLastPathComponent().path
      program.environment["PATH"] = "\(folder):\(program.environment["PATH"] ?? "/usr/bin:/bin")"
      return try await program.run()
    }
  }

  private static func program(
    _ command: [String], _ home: TemporaryFolder, _ database: TestDatabase?,
    _ environment: [String: String], _ stdin: String, _ workingDirectory: String?
  ) -> Program {
    var program = Program(command, stdin: stdin)
    let inherited = ["PATH", "LD_LIBRARY_PATH"].compactMap { name in
      program.environment[name].map { (name, $0) }
    }
    program.environment = ["HOME": home.path, "LC_ALL": "C.UTF-8", "TZ": "UTC"]
    program.environment.merge(inherited) { $1 }
    program.environment["TENANTCTL_DATABASE_URL"] = database?.url
    program.environment.merge(environment) { $1 }
    program.workingDirectory = workingDirectory ?? home.path
    return program
  }

  /// `TENANTCTL_TEST_BINARY`, or the binary that was built with these tests.
  package static let executable: String = {
    if let named = ProcessInfo.processInfo.environment["TENANTCTL_TEST_BINARY"] { return named }
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return tests.appendingPathComponent("tenantctl").path
  }()
}
