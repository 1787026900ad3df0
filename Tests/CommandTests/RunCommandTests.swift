import TestSupport
import Testing

@Suite struct RunCommandTests {
  private static let tenants = ["acme", "reef", "rock"]

  @Test func runsAProgramForEachTenant() async throws {
    try await Scene.with(tenants: Self.tenants) { scene in
      for name in Self.tenants {
        try await scene.database.psql("INSERT INTO \(name).tanks (name) VALUES ('in \(name)')")
      }
      let outcome = try await scene.run([
        "run", "--all", "--jobs", "1", "--", "psql", "-XAtc", "SELECT name, current_schema FROM tanks",
      ])
      #expect(
        outcome.stdout == "acme | in acme|acme\nreef | in reef|reef\nrock | in rock|rock\n", "\(outcome)")
      #expect(outcome.stderr.hasPrefix("done for 3 tenants in ") && outcome.status == 0)
    }
  }

  /// Each waits for all the others: with fewer at a time they would wait in vain.
  @Test func asManyAtATimeAsIsSaid() async throws {
    let names = (1...16).map { "t\($0)" }
    try await Scene.with(tenants: names) { scene in
      let wait = """
        touch "$TENANT.begun"
        for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
          [ "$(ls *.begun | wc -l)" -lt 16 ] || exit 0
          sleep 0.4 # The others may not have begun yet.
        done
        exit 1
        """
      let outcome = try await scene.run(["run", "--all", "--jobs", "16", "--", "sh", "-c", wait])
      #expect(outcome.status == 0, "\(outcome)")
    }
  }

  /// The programs' connections are their own: none of them is started without one left for it.
  @Test func moreJobsThanTheRoleHasConnections() async throws {
    let names = (0..<10).map { "t\($0)" }
    try await Scene.with(tenants: names) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          GRANT SELECT ON tenants TO \(role.name); ALTER ROLE \(role.name) CONNECTION LIMIT 4;
          GRANT USAGE ON SCHEMA \(names.joined(separator: ", ")) TO \(role.name)
          """)
        let words = ["-d", role.url(), "run", "--all", "--jobs", "8", "--"]
        let outcome = try await scene.run(words + ["psql", "-XAtqc", "SELECT pg_sleep(0.1)"])
        #expect(outcome.status == 0 && outcome.stderr.contains("done for 10 tenants"), "\(outcome)")
        #expect(
          outcome.stderr.hasPrefix(
            "note: the server has no connections for 8 programs at a time, so 2 run at once\n"),
          "\(outcome)")
      }
    }
  }

  /// In JSON a NUL of ours stands for a byte that is not UTF-8.
  @Test func aNULOfTheProgramIsNoBackslash() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run(["run", "acme", "--format", "ndjson", "--", "printf", #"a\0b\n"#])
      #expect(
        outcome.stdout.contains("\"stdout\":\"a\u{FFFD}b\\n\""),
        "\(outcome)")
    }
  }

  @Test func theURLLeadsToTheDatabase() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          "GRANT SELECT ON tenants TO \(role.name); GRANT USAGE ON SCHEMA acme TO \(role.name)")
        // Nothing but the URL is left to psql.
        let script = """
          for name in $(env | sed -n 's/^\\(PG[A-Z]*\\)=.*/\\1/p'); do unset $name; done
          psql -XAtc "SELECT current_user, current_database(), '$TENANT', '$TENANT_SCHEMA'" "$DATABASE_URL"
          """
        let outcome = try await scene.run(["run", "acme", "-d", role.url(), "--", "sh", "-c", script])
        #expect(outcome.stdout == "acme | \(role.name)|\(scene.database.name)|acme|acme\n", "\(outcome)")
      }
    }
  }

  @Test func linesStayWholeAndOnTheirStream() async throws {
    try await Scene.with(tenants: Self.tenants) { scene in
      let script = """
        for i in 1 2 3 4 5; do printf 'out '; echo $TENANT; printf 'err ' >&2; echo $TENANT >&2; done
        printf 'end\\r\\nend'
        """
      let outcome = try await scene.run(["run", "--all", "--jobs", "3", "-q", "--", "sh", "-c", script])
      let lines = outcome.stdout.utf8.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
      // With its type, without which the compiler takes twelve seconds for the sum.
      let expected = Self.tenants.flatMap { name -> [String] in
        ["\(name) | end", "\(name) | end\r"] + Array(repeating: "\(name) | out \(name)", count: 5)
      }
      #expect(lines.sorted() == expected)
      #expect(outcome.stdout.hasSuffix("| end\n"))
      #expect(
        outcome.stderr.split(separator: "\n").map(String.init).sorted()
          == Self.tenants.flatMap { Array(repeating: "\($0) | err \($0)", count: 5) })
    }
  }

  @Test func failuresAreGathered() async throws {
    try await Scene.with(tenants: Self.tenants) { scene in
      let script = "case $TENANT in reef) exit 7;; rock) kill -9 $$;; *) echo fine;; esac"
      let outcome = try await scene.run(["run", "--all", "--", "sh", "-c", script])
      #expect(outcome.status == 5 && outcome.stdout == "acme | fine\n")
      #expect(outcome.stderr.contains("failed on 1 tenant (reef):\n  sh exited with status 7\n"))
      #expect(outcome.stderr.contains("failed on 1 tenant (rock):\n  sh was killed by signal 9\n"))
      #expect(outcome.stderr.contains("done for 1 tenant, 2 failed in "))

      let json = try await scene.run(["run", "acme", "reef", "--format", "json", "--", "sh", "-c", script])
      let stable = json.stdout.replacing(#/"duration_ms":\d+/#, with: "\"duration_ms\":0")
      #expect(
        stable == #"""
          {"summary":{"done":1,"duration_ms":0,"failed":1,"not_run":0,"total":2,"unfinished":0},"tenants":[\#
          {"canary":false,"duration_ms":0,"error":null,"exit_status":0,"name":"acme","schema":"acme","status":"done",\#
          "stderr":"","stdout":"fine\n"},\#
          {"canary":false,"duration_ms":0,"error":{"code":"program_failed","hint":null,"message":"sh exited with status 7","sqlstate":null,"tenant":"reef"},\#
          "exit_status":7,"name":"reef","schema":"reef","status":"failed","stderr":"","stdout":""}]}

          """#)
      let lines = try await scene.run(["run", "--all", "--format", "ndjson", "--", "echo", "a"]).stdout
      #expect(lines.split(separator: "\n").count == 3)

      let stopped = try await scene.run([
        "run", "--all", "--jobs", "1", "--on-error", "stop", "--", "sh", "-c", "exit 1",
      ])
      #expect(stopped.stderr.contains("done for 0 tenants, 1 failed, 2 not run in "))
    }
  }

  @Test func aProgramThatIsNotThere() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      // A typing error is one error, however many tenants there are.
      for program in ["no-such-program", "./no-such-program"] {
        let outcome = try await scene.run(["run", "--all", "--", program])
        #expect(
          outcome
            == Outcome(
              stdout: "",
              stderr: """
                error: cannot run \(program): No such file or directory
                hint: install it, or put its folder on PATH

                """, status: 1))
      }
      let forbidden = try await scene.run(["run", "acme", "--", "./migrations"])
      #expect(
        forbidden.status == 5 && forbidden.stderr.contains("cannot run ./migrations: Permission denied"))
    }
  }

  @Test func aSignalIsPassedOn() async throws {
    try await Scene.with(tenants: Self.tenants) { scene in
      // In turns, not one endless child: a signal that dash gets as it forks waits for the child's end.
      let script = "trap 'echo stopping; exit 3' INT; echo ready; while :; do sleep 0.05; done"
      let words = ["run", "--all", "--jobs", "2", "--", "sh", "-c", script]
      let outcome = try await Tenantctl.start(words, database: scene.database) { program in
        try await program.wrote("acme | ready")
        try await program.wrote("reef | ready")
        program.signal(2)
        return await program.outcome()
      }
      #expect(outcome.status == 130)
      #expect(outcome.stdout.contains("acme | stopping") && outcome.stdout.contains("reef | stopping"))
      #expect(outcome.stderr.contains("done for 0 tenants, 2 failed, 1 not run in "))
    }
  }

  /// One that takes no notice of signals does not outlive the program: the pipe ends with it.
  @Test func theThirdSignalLeavesNoProgramBehind() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.script(
        """
        mkfifo pipe; cat pipe >seen & reader=$!
        tenantctl run acme -- sh -c 'trap "" INT TERM HUP; exec 3>pipe; echo ready >&3; while :; do sleep 0.05; done' & run=$!
        until grep -q ready seen; do ((SECONDS < 100)) || exit 9; done
        kill -INT $run; kill -TERM $run; kill -HUP $run
        wait $run; echo $?
        wait $reader; echo $?
        """, database: scene.database, workingDirectory: scene.folder.path)
      #expect(outcome.stdout == "130\n0\n", "\(outcome)")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.refuses([
        Refusal(
          "run acme", 2, "usage", "missing argument -- COMMAND",
          hint: "usage: tenantctl run [OPTIONS] [NAME...] -- COMMAND..."),
        Refusal(
          "run -- true", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "run zebra -- true", 3, "tenant_not_found", "tenant zebra does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }
}
