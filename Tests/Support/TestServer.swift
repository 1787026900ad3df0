import Foundation

/// The PostgreSQL server that the tests were given; they never look for another one.
package struct TestServer: Sendable {
  /// The variable that names the server: a superuser's `postgresql://` URI or `key=value` conninfo.
  package static let variable = "TENANTCTL_TEST_DATABASE_URL"

  /// How libpq reaches the server's maintenance database.
  package let url: String

  /// Names a server by the URL of its maintenance database.
  package init(url: String) {
    self.url = url
  }

  /// A server that belongs to the test at hand alone.
  @TaskLocal private static var own: TestServer?

  /// Calls `body` with a server that nobody else uses, as `make test` starts it, and stops that afterwards: for a test
  /// that breaks it. Databases are made there meanwhile.
  ///
  /// - Parameter settings: of the server, `NAME=VALUE`.
  /// - Throws: `ProgramFailed` where it does not start, or what `body` throws.
  package static func withOwn<Result>(
    settings: [String] = [],
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let script = root.appending(path: "Scripts/with-postgres").path
    // It ends with the tests, also where these are killed outright.
    let wait = ["sh", "-c", "echo \"server $\(variable) \"; exec tail --pid=\(getpid()) -f /dev/null"]
    var program = Program([script, "fsync=off"] + settings + ["--"] + wait)
    program.timeout = .seconds(20_000)
    return try await program.start { running in
      try await running.wrote(" \n")
      let line = running.output.split(separator: "\n").last { $0.hasPrefix("server ") } ?? ""
      let server = TestServer(url: line.dropFirst("server ".count).trimmingCharacters(in: .whitespaces))
      do {
        let result = try await $own.withValue(server) { try await body() }
        running.signal(SIGTERM)
        _ = await running.outcome()
        return result
      } catch {
        running.signal(SIGTERM)
        _ = await running.outcome()
        throw error
      }
    }
  }

  /// The server of this test run, or of this test.
  ///
  /// - Throws: `NoServer` where none was given, so that a test without a server fails.
  package static func given() throws -> TestServer {
    if let own { return own }
    guard let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty else { throw NoServer() }
    return TestServer(url: url)
  }

  /// The URL of another database on the same server.
  package func url(database: String) -> String {
    guard let scheme = url.range(of: "://") else { return "\(url) dbname=\(database)" }
    let path = url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
    let query = url[path...].firstIndex(of: "?") ?? url.endIndex
    return "\(url[..<path])/\(database)\(url[query...])"
  }
}

/// No server was given to the tests.
package struct NoServer: Error, CustomStringConvertible {
  /// What to do about it.
  package var description: String {
    """
    These tests need a PostgreSQL server of their own. Run `make test`, which starts one, \
    or name one whose databases may be created and dropped: \(TestServer.variable)=postgresql://...
    """
  }
}
