import TestSupport
import Testing

@Suite struct MigrationNewCommandTests {
  @Test func writesAnEmptyFile() async throws {
    try await TemporaryFolder.with { folder in
      let outcome = try await Tenantctl.run(
        ["migration", "new", "Add capacity!"], workingDirectory: folder.path)
      let path = try #require(try folder.files().first)
      #expect(path.contains(#/^migrations\/tenant\/20\d{12}_add_capacity\.sql$/#))
      #expect(outcome == Outcome(stdout: "wrote \(path)\n", stderr: "", status: 0))
      let text = try folder.read(path)
      #expect(text.contains("-- migrate:up\n") && text.contains("-- migrate:down\n"))
      let list = try await Tenantctl.run(["migration", "list", "-q"], workingDirectory: folder.path)
      #expect(list.status == 0)
    }
  }

  @Test func tellsThePath() async throws {
    try await TemporaryFolder.with { folder in
      let words = ["migration", "new", "plans", "--shared", "--migrations", "db"]
      let quiet = try await Tenantctl.run(words + ["--quiet"], workingDirectory: folder.path)
      let path = try #require(try folder.files().first)
      #expect(path.hasPrefix("db/shared/") && quiet == Outcome(stdout: "\(path)\n", stderr: "", status: 0))
      let json = try await Tenantctl.run(
        ["migration", "new", "seats", "--format=json"], workingDirectory: folder.path)
      #expect(json.stdout.contains(#/^{"path":"migrations\/tenant\/\d+_seats.sql"}\n$/#))
    }
  }

  @Test func refuses() async throws {
    try await Scene.empty(files: ["migrations": "a file"]) { scene in
      try await scene.refuses([
        Refusal(
          "migration new ///", 2, "usage", "'///' is not a name for a migration",
          hint: "describe the migration in a few words: 'tenantctl migration new add_capacity'"),
        Refusal(
          "migration new plans", 1, "file", "cannot access migrations: Not a directory",
          hint: "check the path and its permissions"),
        Refusal(
          "migration new", 2, "usage", "missing argument NAME",
          hint: "usage: tenantctl migration new [OPTIONS] NAME"),
      ])
    }
  }
}
