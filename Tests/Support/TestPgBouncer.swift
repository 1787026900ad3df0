import Foundation

/// PgBouncer in front of the test server.
package enum TestPgBouncer {
  /// PgBouncer's pool modes.
  package enum Mode: String, Sendable {
    case session, transaction, statement
  }

  /// Starts PgBouncer with two server connections per database, calls `body` with the URL that leads to
  /// `database` through it, and stops it.
  ///
  /// Two connections, so that clients share them (of sessions one, so that the next client has to wait); all other settings are PgBouncer's defaults.
  ///
  /// - Parameters:
  ///   - mode: for how long a client has a connection to the server.
  ///   - settings: further lines of its configuration.
  /// - Throws: `ProgramFailed` with PgBouncer's own words where it does not start.
  package static func with<Result>(
    _ database: TestDatabase, mode: Mode = .transaction, settings: [String] = [],
    isolation: isolated (any Actor)? = #isolation, _ body: (_ url: String) async throws -> Result
  ) async throws -> Result {
    try await TemporaryFolder.with { folder in
      let server = try await Psql(url: database.url)(#"\echo :HOST :PORT :USER"#).split(separator: " ")
      let password = URLComponents(string: database.url)?.password ?? ""
      try folder.write("\"\(server[2])\" \"\(password)\"\n", to: "users.txt")
      try folder.write(
        """
        [databases]
        * = host=\(server[0]) port=\(server[1])
        [pgbouncer]
        pool_mode = \(mode.rawValue)
        default_pool_size = \(mode == .session ? 1 : 2)
        unix_socket_dir = \(folder.path)
        auth_type = trust
        auth_file = \(folder.path("users.txt"))
        \(settings.joined(separator: "\n"))

        """, to: "pgbouncer.ini")
      return try await program(in: folder).start { pgbouncer in
        try await pgbouncer.wrote("process up")
        return try await body("postgresql://\(server[2])@/\(database.name)?host=\(folder.path)&port=6432")
      }
    }
  }

  /// PgBouncer refuses to run as root; and where the tests are killed outright, so is it.
  private static func program(in folder: TemporaryFolder) async throws -> Program {
    var asOwner = ["setpriv", "--pdeathsig", "TERM"]
    if geteuid() == 0 {
      try await Program(["chown", "-R", "postgres", folder.path]).succeed()
      asOwner += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    }
    return Program(asOwner + ["pgbouncer", folder.path("pgbouncer.ini")])
  }
}
