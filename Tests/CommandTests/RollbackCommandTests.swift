import TestSupport
import Testing

@Suite struct RollbackCommandTests {
  /// Both of the scene's migrations can be undone.
  private func with(_ body: (Scene) async throws -> Void) async throws {
    var files = Scene.files
    files["migrations/tenant/20260102000000_litres.sql"] = """
      -- migrate:up
      ALTER TABLE tanks ADD COLUMN litres integer;
      -- migrate:down
      ALTER TABLE tanks DROP COLUMN litres;

      """
    try await Scene.with(tenants: ["acme", "reef"], files: files, body)
  }

  private func versions(_ scene: Scene, _ tenant: String) async throws -> String {
    try await scene.database.psql("SELECT version FROM \(tenant).schema_migrations ORDER BY 1")
  }

  @Test func undoesTheLastMigration() async throws {
    try await with { scene in
      let outcome = try await scene.run("rollback acme --yes")
      #expect(outcome.status == 0 && outcome.stderr == "20260102000000 litres, of acme\n")
      #expect(
        outcome.stdout.replacing(#/\d+ ms/#, with: "N ms") == """
          acme: undid 20260102000000 (N ms)
          rolled back 1 tenant, 0 unchanged in N ms

          """)
      #expect(try await versions(scene, "acme") == "20260101000000")
      #expect(try await versions(scene, "reef") == "20260101000000\n20260102000000")
      try await scene.succeed("migrate acme")
      #expect(try await versions(scene, "acme") == "20260101000000\n20260102000000")
    }
  }

  @Test func undoesSeveral() async throws {
    try await with { scene in
      let json = try await scene.run("rollback acme --steps 2 --yes --format json")
      #expect(json.status == 0)
      #expect(json.stdout.hasPrefix(#"{"direction":"down","shared":null"#))
      #expect(json.stdout.contains(#""versions":["20260102000000","20260101000000"]"#))
      #expect(try await versions(scene, "acme") == "")
      try await scene.prints("rollback reef --to 20260101000000 --yes --quiet", "")
      #expect(try await versions(scene, "reef") == "20260101000000")
      try await scene.prints("rollback reef --to 20260101000000 --quiet", "")
    }
  }

  /// To run the same again, as after a migrate, would undo another one of those that are done.
  @Test(arguments: [
    (
      "--steps 1",
      "name the tenants that are left, or use --to VERSION: the same command again would undo one more"
    ),
    ("--to 20260101000000", "run the same command again: it does only what is left\n"),
  ])
  func afterAFailure(extent: String, hint: String) async throws {
    try await with { scene in
      try await scene.database.psql("ALTER TABLE acme.tanks DROP litres")
      let outcome = try await scene.run("rollback --all --yes \(extent)")
      #expect(outcome.status == 5 && outcome.stderr.contains("\nhint: fix the cause and \(hint)"))
      #expect(try await versions(scene, "reef") == "20260101000000")
    }
  }

  @Test func dryRun() async throws {
    try await with { scene in
      try await scene.dryRunTellsTheTruth("rollback --all --yes")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.refuses([
        Refusal(
          "rollback acme --yes", 4, "not_reversible", "no down section to undo 20260102000000 of acme",
          hint: "write one under '-- migrate:down', or write a new migration instead; nothing was run"),
        Refusal(
          "rollback --yes", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "rollback acme --to 7 --steps 1", 2, "usage", "--steps and --to cannot be used together",
          hint: "see 'tenantctl rollback --help'"),
        Refusal(
          "rollback atlantis --yes", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
    try await with { scene in
      try await scene.refuses([
        Refusal(
          "rollback acme", 4, "confirmation_needed",
          "This undoes migrations of 1 tenant. Data may be lost. Without a terminal --yes is required.",
          hint: "add --yes to confirm")
      ])
    }
  }

  @Test func asksOnATerminal() async throws {
    try await with { scene in
      for (typed, status) in [("no\n", Int32(4)), ("rollback\n", 0)] {
        let outcome = try await Tenantctl.onTerminal(
          ["rollback", "acme"], database: scene.database, workingDirectory: scene.folder.path
        ) { program in
          try await program.wrote("20260102000000 litres, of acme")
          try await program.wrote("Type rollback to confirm: ")
          program.type(typed)
          return await program.outcome()
        }
        #expect(outcome.status == status)
      }
      #expect(try await versions(scene, "acme") == "20260101000000")
    }
  }
}
