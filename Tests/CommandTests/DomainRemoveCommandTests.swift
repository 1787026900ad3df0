import TestSupport
import Testing

@Suite struct DomainRemoveCommandTests {
  @Test func removesADomain() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.says(
        "domain remove www.acme.com", "removed domain www.acme.com from tenant acme\n",
        json: #"{"domain":"www.acme.com","primary":false,"tenant":"acme"}"#)
      try await scene.prints("domain list --quiet", "acme.example.com\nreef.example.com\n")
      try await scene.prints("domain remove acme.example.com --quiet", "")
      try await scene.prints("domain list --quiet", "reef.example.com\n")
    }
  }

  @Test func aRowOfNoTenant() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        "SET session_replication_role TO replica; DELETE FROM tenants")
      try await scene.says(
        "domain remove acme.example.com", "removed domain acme.example.com, which had no tenant\n",
        json: #"{"domain":"acme.example.com","primary":true,"tenant":null}"#)
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.dryRunTellsTheTruth("domain remove acme.example.com")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.refuses([
        Refusal(
          "domain remove acme.example.com", 4, "domain_is_primary",
          "acme.example.com is the primary domain of tenant acme",
          hint: "make another one primary first: 'tenantctl domain primary www.acme.com'"),
        Refusal(
          "domain remove a.com", 3, "domain_not_found", "domain a.com does not exist",
          hint: "'tenantctl domain list' shows all domains"),
        Refusal(
          "domain remove postgresql://u:pw@h/d", 2, "usage",
          "invalid HOST 'postgresql://u:***@h/d': it is a URL",
          hint: "give only the host name"),
        Refusal(
          "domain remove host=db,password=pw", 2, "usage",
          "invalid HOST 'host=db,password=***': a label in it is not made of letters, digits and inner hyphens, 63 at most",
          hint: "use letters, digits and hyphens between dots, as in acme.example.com"),
        Refusal(
          "domain remove u:p:w@h.com", 2, "usage",
          "invalid HOST 'u:***@h.com': a label in it is not made of letters, digits and inner hyphens, 63 at most",
          hint: "use letters, digits and hyphens between dots, as in acme.example.com"),
      ])
    }
  }
}
