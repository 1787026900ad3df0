import TestSupport
import Testing

/// Kerberos and LDAP work, or fail, as they do with psql, though the release binary loads them only when they are needed:
/// see Scripts/static-libpq.c.
@Suite struct OptionalLibrariesTests {
  /// The server asks for GSSAPI, and there is no ticket: the message is that of Kerberos itself.
  @Test func aTicketThatIsNotThere() async throws {
    let outcomes = try await onServer(listeningOn: "127.86.4.9") { url in
      [
        "psql -X '\(url)' -c ''", "tenantctl -d '\(url)' list",
        "tenantctl -d '\(url)&gssencmode=require' list",
      ]
    }
    let reason = outcomes[0].message.dropFirst("psql: error: ".count)
    #expect(reason.contains("GSSAPI"), "\(outcomes)")
    #expect(outcomes[1].message == "error: cannot connect to the database: \(reason)", "\(outcomes)")
    #expect(outcomes[2].message.contains("GSSAPI encryption required"), "\(outcomes)")
    #expect(outcomes.map(\.status) == [2, 7, 7])
  }

  /// A directory that does not answer is passed over for what stands below it (PostgreSQL manual, 34.18).
  @Test func aDirectoryThatDoesNotAnswer() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let socket = try #require(scene.database.url.split(separator: "host=").last)
      try scene.folder.write(
        """
        [shop]
        ldap://127.0.0.1:1/dc=example,dc=com?description?one?(cn=shop)
        host=\(socket)
        user=postgres
        dbname=\(scene.database.name)

        """, to: "services.conf")
      let outcome = try await scene.run(
        "list --quiet -d service=shop", environment: ["PGSERVICEFILE": scene.folder.path("services.conf")])
      #expect(outcome == Outcome(stdout: "acme\n", stderr: "", status: 0))
    }
  }

  /// Runs lines of a shell beside a server that can be reached over TCP, too.
  private func onServer(
    listeningOn address: String, _ lines: (_ url: String) -> [String]
  ) async throws -> [(message: String, status: Int)] {
    let url = "postgresql://postgres@\(address)/postgres?connect_timeout=20"
    return try await TestServer.withOwn(settings: ["listen_addresses=\(address)"]) {
      var outcomes: [(String, Int)] = []
      for line in lines(url) {
        let outcome = try await Tenantctl.script(line, environment: ["KRB5CCNAME": "FILE:/dev/null/none"])
        let message = outcome.stderr.split(separator: "\nhint: ").first ?? ""
        outcomes.append(
          (message.split(whereSeparator: \.isNewline).joined(separator: "\n"), Int(outcome.status)))
      }
      return outcomes
    }
  }
}
