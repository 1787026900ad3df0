import TestSupport
import Testing

/// One cause in many tenants is told once, also where the server's message names the tenant's schema.
@Suite struct CauseTests {
  @Test func theNameOfTheSchemaMakesNoOtherCause() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql("GRANT SELECT ON tenants, domains TO \(role.name)")
        let words = ["exec", "--all", "-c", "SELECT 1", "-d", role.url()]
        let outcome = try await scene.run(words)
        #expect(
          outcome.stderr.hasPrefix(
            """
            failed on 3 tenants (acme, reef, rock):
              permission denied for schema acme
              hint: connect as the owner, or grant the privilege; creating tenants needs CREATE on the database
              (the message of acme; those of the others have their schema in it)

            """), "\(outcome)")
        let gitHub = try await scene.run(words, environment: ["GITHUB_ACTIONS": "true"])
        #expect(gitHub.stderr.ranges(of: "::error ").count == 1)
      }
    }
  }

  /// `a` is a word of many messages, and a part of more.
  @Test func otherCausesStayApart() async throws {
    try await Scene.with(tenants: ["acme", "rock"]) { scene in
      try await scene.database.psql("DROP TABLE rock.tanks; ALTER TABLE acme.tanks RENAME name TO title")
      let outcome = try await scene.run(["exec", "--all", "-c", "SELECT name FROM tanks"])
      #expect(
        outcome.stderr.contains("failed on 1 tenant (acme)")
          && outcome.stderr.contains("failed on 1 tenant (rock)"))
      #expect(!outcome.stderr.contains("the message of"))
    }
  }
}
