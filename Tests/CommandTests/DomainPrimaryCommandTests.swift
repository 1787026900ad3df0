import TestSupport
import Testing

@Suite struct DomainPrimaryCommandTests {
  @Test func makesADomainPrimary() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.says(
        "domain primary www.acme.com", "domain www.acme.com is primary for tenant acme\n",
        json: #"{"domain":"www.acme.com","primary":true,"tenant":"acme"}"#)
      #expect(
        try await scene.database.psql("SELECT domain_name FROM domains WHERE is_primary ORDER BY 1")
          == "reef.example.com\nwww.acme.com")
      try await scene.prints("domain primary www.acme.com --quiet", "")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.dryRunTellsTheTruth("domain primary www.acme.com")
      try await scene.prints(
        "domain primary www.acme.com --dry-run", "", stderr: "note: nothing to do\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with { scene in
      try await scene.refuses([
        Refusal(
          "domain primary a.com", 3, "domain_not_found", "domain a.com does not exist",
          hint: "'tenantctl domain list' shows all domains")
      ])
    }
  }
}
