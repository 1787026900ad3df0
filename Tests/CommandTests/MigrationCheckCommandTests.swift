import TestSupport
import Testing

@Suite struct MigrationCheckCommandTests {
  private static let third = "migrations/tenant/20260103000000_colour.sql"

  @Test func findsNothing() async throws {
    try await Scene.empty(files: Scene.files) { scene in
      // No database is asked.
      let nowhere = ["TENANTCTL_DATABASE_URL": "postgresql://127.0.0.1:1/none"]
      try await scene.prints("migration check", "checked 2 files: 0 findings\n", environment: nowhere)
      try await scene.says(
        "migration check", "checked 2 files: 0 findings\n", json: #"{"file_count":2,"findings":[]}"#)
    }
  }

  @Test func tellsWhyAndWhatToDo() async throws {
    try await Scene.empty(files: Scene.files) { scene in
      try scene.folder.write("SELECT 1;\nALTER TABLE tanks\n  ADD colour text NOT NULL;\n", to: Self.third)
      #expect(
        try await scene.run("migration check")
          == Outcome(
            stdout: """
              \(Self.third):2:1: not-null: it fails in every tenant whose table has a row
                  ALTER TABLE tanks
                  give it a DEFAULT, or ADD COLUMN without NOT NULL, fill it, and SET NOT NULL later
              checked 3 files: 1 finding

              """, stderr: "", status: 1))
      let json = try await scene.run("migration check --format json")
      #expect(json.status == 1)
      #expect(json.stdout.contains(#""column":1,"hazard":"not-null","line":2,"path":"\#(Self.third)""#))
      #expect(
        try await scene.run("migration check --quiet")
          == Outcome(stdout: "\(Self.third)\n", stderr: "", status: 1))
      try scene.folder.write(
        "-- tenantctl:allow not-null\nALTER TABLE tanks\n  ADD colour text NOT NULL;\n", to: Self.third)
      try await scene.prints("migration check", "checked 3 files: 0 findings\n")
    }
  }
}
