import TestSupport
import Testing

@Suite struct DeactivateCommandTests {
  @Test func hasTenantsServedNoLonger() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.says(
        "deactivate acme", "deactivated tenant acme\n",
        json: #"[{"active":false,"changed":true,"name":"acme"}]"#)
      try await scene.prints("deactivate acme", "tenant acme is already deactivated\n")
      try await scene.prints("list --active --quiet", "reef\n")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.dryRunTellsTheTruth("deactivate acme")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.refuses([
        Refusal(
          "deactivate acme atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants")
      ])
      try await scene.database.psql("ALTER TABLE tenants DROP deactivated")
      try await scene.refuses([
        Refusal(
          "deactivate acme", 4, "no_deactivation",
          "the registry has no column for the deactivation of tenants",
          hint: """
            ALTER TABLE public.tenants ADD COLUMN deactivated boolean NOT NULL DEFAULT false, or map one in \
            tenantctl.toml
            """)
      ])
    }
  }
}
