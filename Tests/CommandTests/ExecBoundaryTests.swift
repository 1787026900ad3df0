import TestSupport
import Testing

/// What a script may reach, and what its values look like.
@Suite struct ExecBoundaryTests {
  @Test func cascadeEndsAtTheSchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("CREATE VIEW everyone AS SELECT id FROM acme.tanks")
      let outcome = try await scene.run([
        "exec", "acme", "--write", "-c", "SELECT 1; DROP TABLE tanks CASCADE",
      ])
      #expect(outcome.status == 5)
      #expect(
        outcome.stderr.contains(
          """
          failed on 1 tenant (acme):
            -c:1:11: CASCADE reaches what is outside of the tenant's schema, view public.everyone; it was rolled back
            hint: make them independent of the tenant first, or drop them by name: in a file of shared/, or in the tenant \
          that has them
          """), "\(outcome)")
      let json = try await scene.run(
        ["exec", "acme", "--write", "-c", "DROP TABLE tanks CASCADE", "--format", "json"])
      #expect(json.stdout.contains(#""code":"cascades_outside""#), "\(json)")
      try await scene.database.psql("DROP VIEW everyone; CREATE VIEW acme.own AS SELECT id FROM acme.tanks")
      let own = try await scene.run(["exec", "acme", "--write", "-c", "DROP TABLE tanks CASCADE", "--quiet"])
      #expect(own.status == 0, "\(own)")
    }
  }
}
