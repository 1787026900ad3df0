import TestSupport
import Testing

@Suite struct MigrationListCommandTests {
  @Test func listsTheFilesWithoutADatabase() async throws {
    var files = Scene.files
    files["migrations/shared/7_plans.sql"] = "-- migrate:up transaction:false\nSELECT 1; SELECT 2;\n"
    try await TemporaryFolder.with(files: files) { folder in
      let text = try await Tenantctl.run(["migration", "list"], workingDirectory: folder.path)
      #expect(
        text.stdout == """
          VERSION         NAME    SCOPE   STATEMENTS  DOWN  TRANSACTION
          7               plans   shared           2  -     no
          20260101000000  tanks   tenant           1  yes   yes
          20260102000000  litres  tenant           1  -     yes

          """)
      #expect(text.status == 0 && text.stderr == "")
      let json = try await Tenantctl.run(
        ["migration", "list", "--format", "ndjson"], workingDirectory: folder.path)
      #expect(
        json.stdout.split(separator: "\n").first == #"""
          {"checksum":"ddf63ca4bbc9c11ae94e6c9eae6e3fae09547a16f47c205038abeb96e540a052","name":"plans",\#
          "path":"migrations/shared/7_plans.sql","reversible":false,"scope":"shared","statements":2,\#
          "transaction":false,"version":"7"}
          """#)
      let quiet = try await Tenantctl.run(["migration", "list", "-q"], workingDirectory: folder.path)
      #expect(quiet.stdout == "7\n20260101000000\n20260102000000\n")
    }
  }

  @Test func noFilesAreAnEmptyList() async throws {
    try await TemporaryFolder.with { folder in
      let text = try await Tenantctl.run(["migration", "list"], workingDirectory: folder.path)
      #expect(text == Outcome(stdout: "", stderr: "no migrations in migrations\n", status: 0))
      let json = try await Tenantctl.run(
        ["migration", "list", "--format", "json"], workingDirectory: folder.path)
      #expect(json == Outcome(stdout: "[]\n", stderr: "", status: 0))
    }
  }

  @Test func refusesTwoFilesOfOneVersion() async throws {
    let files = ["migrations/1_a.sql": "SELECT 1;\n", "migrations/1_b.sql": "SELECT 1;\n"]
    try await Scene.empty(files: files) { scene in
      try await scene.refuses([
        Refusal(
          "migration list", 2, "migration_files",
          """
          1 problem in the migration files; nothing was run
            migrations/1_b.sql: migrations/1_a.sql also has version 1
              give one of them a later version
          """, hint: "fix the files; 'tenantctl migration check' needs no database")
      ])
    }
  }
}
