import TenancyPostgres
import TestSupport
import Testing

/// How a run over the fleet goes about its work, whatever it runs.
@Suite struct FleetRunTests {
  /// Five tenants, the first and the third of which refuse the pending migration.
  private func withTwoFailures(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["a1", "a2", "a3", "a4", "a5"]) { scene in
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_colour.sql")
      try await scene.database.psql(
        "ALTER TABLE a1.tanks ADD colour text; ALTER TABLE a3.tanks ADD colour text")
      try await body(scene)
    }
  }

  @Test(arguments: [
    ("", #""failed":2,"migrated":3,"not_run":0"#),
    ("--on-error stop", #""failed":1,"migrated":0,"not_run":4"#),
    ("--max-failures 2", #""failed":2,"migrated":1,"not_run":2"#),
    ("--canary 2", #""failed":1,"migrated":1,"not_run":3"#),
    ("--exclude a1 --canary 1", #""failed":1,"migrated":3,"not_run":0"#),
  ])
  func failuresStopIt(options: String, summary: String) async throws {
    try await withTwoFailures { scene in
      let outcome = try await scene.run("migrate --all --jobs 1 --format json \(options)")
      #expect(outcome.status == 5)
      #expect(outcome.stdout.contains(summary), "\(outcome.stdout)")
    }
  }

  @Test func ndjsonTellsOfEachTenantAsItIsDone() async throws {
    try await withTwoFailures { scene in
      let outcome = try await scene.run("migrate --all --format ndjson")
      let lines = outcome.stdout.split(separator: "\n")
      #expect(outcome.status == 5 && lines.count == 5)
      #expect(lines.allSatisfy { $0.hasPrefix(#"{"canary":false,"duration_ms":"#) && $0.hasSuffix("}") })
      #expect(lines.count { $0.contains(#""status":"failed""#) } == 2)
    }
  }

  @Test func theBarIsForTerminals() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      for line in ["migrate --all", "migrate --all --quiet", "migrate --all --format json"] {
        let screen = try await Tenantctl.onTerminal(
          line.split(separator: " ").map(String.init), database: scene.database,
          workingDirectory: scene.folder.path
        ) { await $0.outcome().stdout }
        #expect(screen.contains("\u{1B}[K") == (line == "migrate --all"), "\(line): \(screen)")
      }
    }
  }

  /// Each cause stands there once, with all that have it; the bar only counts them.
  @Test func aCauseIsToldOnce() async throws {
    try await withTwoFailures { scene in
      try await scene.database.psql("DROP SCHEMA a4 CASCADE; DROP SCHEMA a5 CASCADE")
      let screen = try await Tenantctl.onTerminal(
        ["migrate", "--all", "--jobs", "1", "--color=never"], database: scene.database,
        workingDirectory: scene.folder.path
      ) { await $0.outcome().stdout }
      for text in ["its schema does not exist", "already exists", "(a4, a5)", "(a1, a3)"] {
        #expect(screen.split(separator: text).count == 2, "\(text): \(screen)")
      }
    }
  }

  /// The reason is on standard error, unless the data has it: whoever throws one of them away knows what for.
  @Test(arguments: [
    ("migrate --all", 1), ("migrate --all --quiet", 1), ("migrate --all --format json", 0),
    ("migrate --all --format ndjson", 0), ("migrate --all --format json --quiet", 0),
    ("migrate --all --dry-run --quiet", 0), ("adopt --all --like a2 -q", 1),
    ("exec --all -q -c SELECT~id~FROM~tanks", 1), ("exec --all --format ndjson -c SELECT~id~FROM~tanks", 1),
    ("exec --all --format json -c SELECT~id~FROM~tanks", 0), ("run --all -q -- sh -c exit~3", 1),
    ("migration baseline 20260103000000 --all -q", 1), ("migrate --all --check -q", 1),
  ])
  func onlyWhereTheDataDoesNotHaveIt(line: String, count: Int) async throws {
    try await withTwoFailures { scene in
      try await scene.database.psql("DROP SCHEMA a4 CASCADE; DROP SCHEMA a5 CASCADE")
      let words = line.split(separator: " ").map { String($0).replacing("~", with: " ") }
      let outcome = try await scene.run(words)
      #expect(outcome.status == 5, "\(outcome)")
      let isDryRun = line.contains("--dry-run")
      #expect(
        outcome.stderr.ranges(of: "its schema does not exist").count == (isDryRun ? 1 : count),
        "\(outcome)")
      #expect(!outcome.stderr.contains("failed a"), "\(outcome)")
    }
  }

  @Test func aCanaryIsNamed() async throws {
    try await withTwoFailures { scene in
      for (options, sentence) in [
        ("--canary 1", "the canary a1 failed, so no other tenant was started"),
        ("--canary 3 --quiet", "2 canaries (a1, a3) failed, so no other tenant was started"),
      ] {
        let outcome = try await scene.inTwin { try await $0.run("migrate --all --jobs 1 \(options)") }
        #expect(
          outcome.status == 5 && outcome.stderr.split(separator: "\n").contains(sentence[...]), "\(outcome)")
      }
      let json = try await scene.run("migrate --all --jobs 1 --canary 2 --format ndjson")
      #expect(json.stdout.split(separator: "\n").count { $0.contains(#""canary":true"#) } == 2, "\(json)")
      let document = try await scene.run("migrate --all --jobs 1 --canary 1 --format json")
      #expect(document.stdout.contains(#"[{"canary":true,"duration_ms""#), "\(document)")
    }
  }

  /// The bar is there before the first tenant is done, and makes way for what else is said.
  @Test func theBarDoesNotWaitForTheFirstTenant() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write("[migrations]\nlock_timeout = \"100s\"\n", to: "tenantctl.toml")
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_colour.sql")
      try await scene.succeed("migrate rock")
      try await scene.database.whileHolding("SELECT FROM acme.tanks") { holder in
        let outcome = try await Tenantctl.onTerminal(
          ["migrate", "--all", "--jobs", "1", "--color=never"], database: scene.database,
          workingDirectory: scene.folder.path
        ) { program in
          // The third has nothing to do, and tells nothing about how long the others take.
          try await program.wrote("] 1/3, ")
          try await program.wrote(" so far")
          // Before it has begun with one, the first Ctrl-C ends the run.
          _ = try await holder.blocked()
          program.type("\u{3}")
          try await program.wrote(
            "\r\u{1B}[Kfinishing the running tenants; interrupt again to cancel them\r\n")
          program.type("\u{3}")
          return await program.outcome()
        }
        #expect(outcome.status == 130)
        #expect(outcome.stdout.hasSuffix("hint: run the same command again: it does only what is left\r\n"))
      }
    }
  }

  @Test(arguments: [("", 8), ("--jobs 3", 3)]) func soManyAtATime(option: String, jobs: Int) async throws {
    // A server of its own: of the shared one, other tests may have most connections.
    try await TestServer.withOwn {
      let names = (0..<10).map { "a\($0)" }
      try await Scene.with(tenants: names) { scene in
        try scene.folder.write("[migrations]\nlock_timeout = \"100s\"\n", to: "tenantctl.toml")
        try scene.folder.write(
          "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_colour.sql")
        let lock = names.map { "\($0).tanks" }.joined(separator: ", ")
        let words = "migrate --all \(option)".split(separator: " ").map(String.init)
        try await scene.database.whileHolding("LOCK TABLE \(lock)") { holder in
          // Each that has got so far waits.
          let waiting: SQL =
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
          try await Tenantctl.start(words, database: scene.database, workingDirectory: scene.folder.path) {
            _ in
            _ = try await holder.awaited("SELECT 1 FROM (\(waiting)) w (n) WHERE n >= \(jobs)")
            #expect(try await holder.query(waiting)[0].decode(Int.self) == jobs)
          }
        }
      }
    }
  }

  /// Whoever watches learns why nothing goes on, and whom to ask, while there is time to do something about it.
  @Test(arguments: [true, false]) func tellsWhoIsInTheWay(onTerminal: Bool) async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("[migrations]\nlock_timeout = \"50ms\"\n", to: "tenantctl.toml")
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_colour.sql")
      let words = ["migrate", "--all", "--color=never", "--retries", "1000"]
      let holder = try await scene.database.connect()
      _ = try await holder.pipeline(["BEGIN", "LOCK TABLE acme.tanks"])
      let waiting: @Sendable (RunningProgram) async throws -> Outcome = { program in
        try await program.wrote(
          "waiting acme: migrations/tenant/20260103000000_colour.sql:1:1: another session held a lock for longer than "
            + "lock_timeout\(onTerminal ? "\r" : "")\n  held by pid \(try await holder.backend) ")
        if onTerminal { try await program.wrote("] 1/2, 1 waiting, ") }
        try await holder.query("COMMIT")
        return await program.outcome()
      }
      let outcome =
        onTerminal
        ? try await Tenantctl.onTerminal(
          words, database: scene.database, workingDirectory: scene.folder.path, waiting)
        : try await Tenantctl.start(
          words, database: scene.database, workingDirectory: scene.folder.path, waiting)
      #expect(outcome.status == 0)
      #expect((outcome.stdout + outcome.stderr).split(separator: "waiting acme").count == 2, "\(outcome)")
    }
  }

  @Test func aLockedTenantIsTriedAgainAndThenNamed() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("[migrations]\nlock_timeout = \"10ms\"\n", to: "tenantctl.toml")
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260103000000_colour.sql")
      let outcome = try await Tenantctl.script(
        """
        psql -Xq "$TENANTCTL_DATABASE_URL" <<'SQL'
        BEGIN; LOCK TABLE acme.tanks;
        \\! tenantctl migrate --all --retries 1 2>&1; echo $?
        SQL
        """, database: scene.database, workingDirectory: scene.folder.path)
      #expect(outcome.stdout.contains("another session held a lock for longer than lock_timeout"))
      #expect(outcome.stdout.contains("(postgres, psql), idle in transaction for "))
      #expect(outcome.stdout.contains("reef: applied 20260103000000"))
      #expect(outcome.stdout.hasSuffix("\n5\n"))
    }
  }
}
