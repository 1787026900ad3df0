import TestSupport
import Testing

@Suite struct DomainListCommandTests {
  @Test func listsDomains() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.says(
        "domain list",
        """
        DOMAIN            TENANT  PRIMARY
        acme.example.com  acme    primary
        www.acme.com      acme    -
        reef.example.com  reef    primary

        """,
        json: #"""
          [{"domain":"acme.example.com","primary":true,"tenant":"acme"},\#
          {"domain":"www.acme.com","primary":false,"tenant":"acme"},\#
          {"domain":"reef.example.com","primary":true,"tenant":"reef"}]
          """#)
      try await scene.prints("domain list acme --quiet", "acme.example.com\nwww.acme.com\n")
      try await scene.prints(
        "domain list reef --format csv", "domain,tenant,primary\nreef.example.com,reef,primary\n")
    }
  }

  @Test func anEmptyListIsAList() async throws {
    try await Scene.with { scene in
      #expect(try await scene.run("domain list") == Outcome(stdout: "", stderr: "no domains\n", status: 0))
      try await scene.prints("domain list --format json", "[]\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with { scene in
      try await scene.refuses([
        Refusal(
          "domain list atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants")
      ])
    }
  }
}
