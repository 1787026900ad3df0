import TestSupport
import Testing

@Suite struct RollbackCommandTests {
  private static let third = "migrations/tenant/20260103000000_colour.sql"

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with { scene in
      try scene.folder.write(
        "-- migrate:up\nALTER TABLE tanks ADD colour text;\n-- migrate:down\nALTER TABLE tanks DROP colour;\n",
        to: Self.third)
      for name in ["acme", "reef"] { try await scene.succeed("create \(name)") }
      try await body(scene)
    }
  }

  @Test func undoesTheLastOne() async throws {
    try await with { scene in
      let outcome = try await scene.run("rollback --all --yes")
      #expect(outcome.status == 0 && outcome.stderr == "")
      #expect(
        outcome.stdout.replacing(#/\d+ ms/#, with: "N ms") == """
          acme: undid 20260103000000 (N ms)
          reef: undid 20260103000000 (N ms)
          rolled back 2 tenants, 0 unchanged in N ms

          """)
      try await scene.prints("migrate --all --check --quiet --to 20260102000000", "")
      #expect(try await scene.run("migrate --all --check").status == 6)
      let json = try await scene.run("rollback --all --to 20260102000000 --yes --format json")
      #expect(json.status == 0)
      #expect(json.stdout.hasPrefix(#"{"direction":"down","shared":null,"#))
      #expect(json.stdout.contains(#""migrated":0,"not_run":0,"total":2,"up_to_date":2"#))
    }
  }

  @Test func dryRun() async throws {
    try await with { scene in
      try await scene.dryRunTellsTheTruth("rollback acme --yes")
    }
  }

  @Test func refuses() async throws {
    try await with { scene in
      try await scene.refuses([
        Refusal(
          "rollback acme", 4, "confirmation_needed", "this destroys data, and there is no terminal to ask on",
          hint: "give --yes if you mean it"),
        Refusal(
          "rollback acme --steps 2 --yes", 4, "not_reversible",
          "there is no down section to undo 20260102000000",
          hint: "write one under '-- migrate:down', or write a new migration instead; nothing was run"),
        Refusal(
          "rollback acme --to 7 --yes", 3, "version_not_found", "no migration file has the version 7",
          hint: "'tenantctl migration list' shows them"),
        Refusal(
          "rollback acme --steps 1 --to 20260102000000", 2, "usage", "--steps and --to exclude each other",
          hint: "see 'tenantctl rollback --help'"),
        Refusal(
          "rollback", 2, "usage", "no tenants are selected",
          hint: "name them, or use --all, --active, --match GLOB or --from-file FILE"),
      ])
    }
  }

  @Test func believesTheWordTypedBack() async throws {
    try await with { scene in
      for (typed, status) in [("yes\n", Int32(4)), ("rollback\n", 0)] {
        let outcome = try await Tenantctl.onTerminal(
          ["rollback", "--all", "--no-color"], database: scene.database, workingDirectory: scene.folder.path
        ) { program in
          try await program.wrote("Type rollback to go on: ")
          program.type(typed)
          return await program.outcome()
        }
        #expect(outcome.status == status)
        #expect(outcome.stdout.contains("This undoes migrations of 2 tenants"))
      }
      #expect(try await scene.run("migrate --all --check").status == 6)
    }
  }
}
