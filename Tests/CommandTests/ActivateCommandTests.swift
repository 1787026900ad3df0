import TestSupport
import Testing

@Suite struct ActivateCommandTests {
  @Test func hasTenantsServed() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("deactivate acme")
      try await scene.says(
        "activate acme reef acme", "activated tenant acme\ntenant reef is already active\n",
        json:
          #"[{"active":true,"changed":true,"name":"acme"},{"active":true,"changed":false,"name":"reef"}]"#
      )
      try await scene.prints("list --active --quiet", "acme\nreef\n")
      try await scene.prints("activate acme --quiet", "")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("deactivate acme")
      try await scene.dryRunTellsTheTruth("activate acme reef")
      try await scene.prints("activate acme --dry-run", "", stderr: "note: nothing to do\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.succeed("deactivate acme")
      try await scene.refuses([
        Refusal(
          "activate acme atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "activate", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
      ])
    }
  }
}
