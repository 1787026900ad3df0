import Glibc
import TenancyPostgres
import TestSupport
import Testing

/// Ctrl-C, `kill -9` and lost connections in the middle of a run over the fleet.
@Suite struct InterruptedRunTests {
  private static let third = "migrations/tenant/20260103000000_colour.sql"
  private static let draining =
    "finishing the running tenants; interrupt again to cancel them\n"

  private static let advice = "hint: run the same command again: it does only what is left\n"

  /// Calls `body` while a run, one tenant after the other, waits for a lock on the second of three.
  private func whileBlocked(
    _ line: String, _ body: (Scene, RunningProgram) async throws -> Void,
    thenFree: (RunningProgram) async throws -> Void
  ) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write("ALTER TABLE tanks ADD colour text;\n", to: Self.third)
      try scene.folder.write("[migrations]\nlock_timeout = \"100s\"\n", to: "tenantctl.toml")
      let words = line.split(separator: " ").map(String.init)
      let holder = try await scene.database.holder(of: "SELECT FROM reef.tanks")
      try await Tenantctl.start(words, database: scene.database, workingDirectory: scene.folder.path) {
        program in
        try await holder.blocked()
        try await body(scene, program)
        await holder.close()
        try await thenFree(program)
      }
      // The next run does what is left, and nothing twice.
      try await scene.succeed("migrate --all")
      try await scene.prints("status --all --check --quiet", "")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func theFirstSignalDrains(signal: Int32) async throws {
    try await whileBlocked("migrate --all --jobs 1") { _, program in
      program.signal(signal)
      try await program.wrote(Self.draining)
    } thenFree: { program in
      let outcome = await program.outcome()
      #expect(outcome.status == 130 && outcome.stderr == Self.draining + Self.advice)
      #expect(
        outcome.stdout.replacing(#/in .*|\(.*\)/#, with: "") == """
          acme: applied 20260103000000 
          reef: applied 20260103000000 
          migrated 2 tenants, 0 up to date, 1 not run 

          """)
    }
  }

  @Test func theSecondSignalCancels() async throws {
    try await whileBlocked("migrate --all --jobs 1 --format json") { scene, program in
      program.signal(SIGTERM)
      try await program.wrote(Self.draining)
      program.signal(SIGTERM)
      // The lock is still there: it is our statement that ends.
      let outcome = await program.outcome()
      #expect(outcome.status == 130)
      #expect(
        outcome.stdout.contains(
          #""failed":0,"migrated":1,"not_run":2,"total":3,"unfinished":0,"up_to_date":0"#))
      #expect(try await scene.database.psql("SELECT count(*) FROM reef.schema_migrations") == "2")
    } thenFree: { _ in
    }
  }

  /// As a supervisor may hand down its own mask of signals.
  @Test func signalsThatWereBlockedComeThrough() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.script(
        """
        env --block-signal=TERM tenantctl exec --all -c 'SELECT pg_sleep(600)' 2>notes & program=$!
        until psql -XAtqc "SELECT 'yes' FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND
          datname = current_database()" "$TENANTCTL_DATABASE_URL" | grep -q yes
        do ((SECONDS < 100)) || exit 9; done
        kill -TERM $program
        until grep -q 'interrupt again' notes; do ((SECONDS < 100)) || exit 9; done
        kill -TERM $program
        wait $program
        """, database: scene.database)
      #expect(outcome.status == 130)
    }
  }

  @Test func eachTenantIsToldOfAsItIsDone() async throws {
    try await whileBlocked("migrate --all --jobs 1 --format ndjson") { _, program in
      try await program.wrote(
        #""name":"acme","schema":"acme","status":"migrated","versions":["20260103000000"]}"# + "\n")
    } thenFree: { program in
      let outcome = await program.outcome()
      #expect(outcome.status == 0 && outcome.stderr == "")
      #expect(
        outcome.stdout.replacing(#/"duration_ms":\d+/#, with: #""duration_ms":0"#)
          == ["acme", "reef", "rock"].map {
            #"{"canary":false,"duration_ms":0,"error":null,"name":"\#($0)","schema":"\#($0)","status":"migrated","versions":["20260103000000"]}"#
              + "\n"
          }.joined())
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptionChangesNothing(signal: Int32) async throws {
    let outcome = try await Scene.stoppedCreate { $1.signal(signal) }
    #expect(
      outcome
        == Outcome(
          stdout: "", stderr: "error: interrupted; the open transaction was rolled back\n", status: 130))
  }

  private static let interrupted =
    #"{"error":{"code":"interrupted","hint":null,"message":"interrupted; nothing was changed","sqlstate":null,"tenant":null}}"#
    + "\n"

  /// Before there is anything to end cleanly: here, behind a lock on the registry.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], ["json", "ndjson", "text"])
  func aReadIsEndedAtOnce(signal: Int32, format: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let holder = try await scene.database.holder(of: "LOCK TABLE tenants")
      for line in ["list", "create reef", "migrate --all"] where format != "ndjson" || line == "list" {
        let outcome = try await Tenantctl.start(
          "\(line) --format \(format)".split(separator: " ").map(String.init), database: scene.database,
          workingDirectory: scene.folder.path
        ) { program in
          try await holder.blocked()
          program.signal(signal)
          return await program.outcome()
        }
        let document = format == "text" ? "" : Self.interrupted
        #expect(outcome == Outcome(stdout: document, stderr: document, status: 130), "\(line)")
        // The server notices that the program is gone when it has answered.
        _ = try await holder.query("ROLLBACK")
        _ = try await holder.query("BEGIN")
        _ = try await holder.query("LOCK TABLE tenants")
      }
      await holder.close()
    }
  }

  /// The first Ctrl-C lets the running tenant finish, and starts no other; the second cancels it.
  @Test func migrateDrains() async throws {
    try await Scene.with(tenants: ["acme", "reef"], files: [:]) { scene in
      try scene.folder.write("SELECT pg_sleep(100);\n", to: "migrations/1_sleep.sql")
      let outcome = try await Tenantctl.start(
        ["migrate", "--all", "--jobs", "1", "--format", "json"], database: scene.database,
        workingDirectory: scene.folder.path
      ) { program in
        try await scene.database.connect().sleeping()
        program.signal(SIGINT)
        try await program.wrote("finishing the running tenants")
        program.signal(SIGINT)
        return await program.outcome()
      }
      #expect(outcome.status == 130)
      #expect(outcome.stdout.contains(#""failed":0,"migrated":0,"not_run":2"#))
    }
  }
}
