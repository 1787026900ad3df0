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

  /// A tenant may be called like a word of the message, or of the statement that is quoted in it, and another one may not.
  @Test(arguments: [
    ["users", "t1", "t2"], ["relation", "t1"], ["nosuch", "t1", "t2"], ["alter", "table", "t1"],
    ["int", "column"],
  ])
  func aTenantWithTheNameOfAWord(names: [String]) async throws {
    try await Scene.with { scene in
      // Some of them are no names for a new tenant.
      try await scene.database.psql(
        names.map { "CREATE SCHEMA \"\($0)\"; INSERT INTO tenants (name) VALUES ('\($0)')" }.joined(
          separator: ";"))
      let script = "ALTER TABLE nosuch ADD COLUMN users int"
      let outcome = try await scene.run(["exec", "--all", "--write", "-c", script])
      #expect(
        outcome.stderr.hasPrefix(
          "failed on \(names.count) tenants (\(names.sorted().joined(separator: ", "))):\n"), "\(outcome)")
      #expect(
        outcome.stderr.ranges(of: "failed on ").count == 1 && !outcome.stderr.contains("the message of"))
    }
  }

  /// The schema's name differs, and the same word is in the statement of all.
  @Test func bothInOneMessage() async throws {
    try await Scene.with(files: Scene.files) { scene in
      let names = ["users", "t1", "acme-corp"]
      try await scene.database.psql(
        names.map {
          "CREATE SCHEMA \"\($0)\"; CREATE TABLE \"\($0)\".tanks (name text); INSERT INTO tenants (name) VALUES ('\($0)')"
        }.joined(separator: ";"))
      let script = """
        DO $$ BEGIN RAISE 'no users in %', current_schema() USING HINT = 'users of ' || current_schema(); END $$
        """
      let outcome = try await scene.run(["exec", "--all", "-c", script])
      #expect(
        outcome.stderr.hasPrefix("failed on 3 tenants (acme-corp, t1, users):\n")
          && outcome.stderr.contains(
            "(the message of acme-corp; those of the others have their schema in it)"),
        "\(outcome)")
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
