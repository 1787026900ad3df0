import TestSupport
import Testing

/// What becomes of `exec` when its standard output takes no more.
@Suite struct ExecOutputTests {
  private static func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"], body)
  }

  private static let insert = #"--jobs 1 --write -c "INSERT INTO tanks (name) VALUES ('new') RETURNING name""#

  /// A tenant that is left out would have to be found by hand.
  @Test(arguments: ["csv", "ndjson"]) func aRunThatWritesGoesOnToTheLastTenant(format: String) async throws {
    try await Self.with { scene in
      let exec = "tenantctl exec --all --format \(format) \(Self.insert)"
      let full = try await Tenantctl.script("\(exec) >/dev/full", database: scene.database)
      #expect(full.status == 1)
      #expect(
        full.stderr.hasPrefix(
          "warning: cannot write the result: No space left on device\n3 rows changed in 3 tenants in "))
      #expect(try await scene.database.psql("SELECT count(*) FROM rock.tanks") == "1")
      // The reader is gone before the run begins.
      let closed = try await Tenantctl.script(
        "mkfifo gate; { read -r < gate; \(exec); echo $? >&2; } | { exec <&-; echo > gate; }",
        database: scene.database, workingDirectory: scene.folder.path)
      #expect(closed.stderr == "0\n", "\(closed)")
      #expect(try await scene.database.psql("SELECT count(*) FROM rock.tanks") == "2")
    }
  }

  @Test func aRunThatReadsEnds() async throws {
    try await Self.with { scene in
      let exec = "tenantctl exec --all --format csv -c 'SELECT 1'"
      let full = try await Tenantctl.script("\(exec) >/dev/full", database: scene.database)
      #expect(
        full
          == Outcome(
            stdout: "",
            stderr: """
              error: cannot write the result: No space left on device
              hint: the run ended there; it only reads, so nothing was changed

              """, status: 1))
      let closed = try await Tenantctl.script(
        "mkfifo gate; { read -r < gate; \(exec); echo $? >&2; } | { exec <&-; echo > gate; }",
        database: scene.database, workingDirectory: scene.folder.path)
      #expect(closed.stderr == "141\n")
    }
  }

  @Test(arguments: ["text", "json"]) func aFullDiskHidesNoFailure(format: String) async throws {
    try await Self.with { scene in
      try await scene.database.psql("DROP TABLE reef.tanks")
      let outcome = try await Tenantctl.script(
        "tenantctl exec --all --format \(format) \(Self.insert) >/dev/full", database: scene.database)
      #expect(outcome.status == 5)
      #expect(
        outcome.stderr.hasPrefix(
          """
          warning: cannot write the result: No space left on device
          failed on 1 tenant (reef):
            -c:1:13: relation "tanks" does not exist

          """), "\(outcome)")
    }
  }
}
