import TenancyPostgres
import TestSupport
import Testing

extension Scene {
  /// What a create says that is stopped in the middle of a migration; it has changed nothing.
  /// - Parameter stop: called while the migration runs, which takes until then.
  static func stoppedCreate(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ stop: (Scene, RunningProgram) async throws -> Void
  ) async throws -> Outcome {
    var outcome: Outcome?
    let files = ["migrations/1_tanks.sql": "CREATE TABLE tanks ();\nSELECT pg_sleep(100);\n"]
    try await with(files: files) { scene in
      let before = try await scene.database.contents()
      outcome = try await Tenantctl.start(
        ["create", "acme"], database: scene.database, workingDirectory: scene.folder.path
      ) { program in
        try await scene.database.connect().sleeping()
        try await stop(scene, program)
        return await program.outcome()
      }
      #expect(try await scene.database.contents() == before, sourceLocation: sourceLocation)
    }
    return try #require(outcome)
  }
}
