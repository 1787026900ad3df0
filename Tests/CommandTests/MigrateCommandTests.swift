import TestSupport
import Testing

@Suite struct MigrateCommandTests {
  /// What comes after the two of the scene.
  static let third = "migrations/tenant/20260103000000_colour.sql"

  func with(
    _ sql: String, tenants: [String] = ["acme", "reef"], _ body: (Scene) async throws -> Void
  ) async throws {
    try await Scene.with(tenants: tenants) { scene in
      try scene.folder.write(sql, to: Self.third)
      try await body(scene)
    }
  }

  @Test func appliesWhatIsPending() async throws {
    try await with("ALTER TABLE tanks ADD colour text;\n") { scene in
      let outcome = try await scene.run("migrate --all")
      #expect(outcome.status == 0 && outcome.stderr == "")
      #expect(
        outcome.stdout.replacing(#/\d+ ms/#, with: "N ms") == """
          acme: applied 20260103000000 (N ms)
          reef: applied 20260103000000 (N ms)
          migrated 2 tenants, 0 up to date in N ms

          """)
      #expect(
        try await scene.database.psql("SELECT a.colour, r.colour FROM acme.tanks a, reef.tanks r") == "")
      let again = try await scene.run("migrate --all --format json")
      #expect(again.status == 0 && again.stderr == "")
      #expect(
        again.stdout.replacing(#/"duration_ms":\d+/#, with: #""duration_ms":0"#) == #"""
          {"direction":"up","shared":null,\#
          "summary":{"duration_ms":0,"failed":0,"migrated":0,"not_run":0,"total":2,"unfinished":0,"up_to_date":2},\#
          "tenants":[{"canary":false,"duration_ms":0,"error":null,"name":"acme","schema":"acme","status":"up_to_date","versions":[]},\#
          {"canary":false,"duration_ms":0,"error":null,"name":"reef","schema":"reef","status":"up_to_date","versions":[]}]}

          """#)
      try await scene.prints("migrate --all --quiet", "")
    }
  }

  @Test func appliesTheSharedOnesFirst() async throws {
    try await with("INSERT INTO colours VALUES (current_schema);\n") { scene in
      try scene.folder.write("CREATE TABLE colours (name text);\n", to: "migrations/shared/1_colours.sql")
      #expect(try await scene.run("migrate --all --check").stdout.hasPrefix("public: 1\n"))
      let outcome = try await scene.run("migrate --all --jobs 1")
      #expect(outcome.status == 0)
      #expect(outcome.stdout.hasPrefix("public: applied 1\n"))
      #expect(try await scene.database.psql("SELECT * FROM public.colours ORDER BY 1") == "acme\nreef")
    }
  }

  /// What came before the failure is committed, and the tenants are as they were.
  @Test func saysWhatItAppliedToTheSharedSchema() async throws {
    try await with("SELECT 1;\n") { scene in
      try scene.folder.write("SELECT 1/0;\n", to: "migrations/shared/9_broken.sql")
      for format in ["text", "json"] {
        let first = try await scene.run("migrate --all --format \(format)")
        #expect(first.status == 1 && first.stderr.contains("no tenant was started"))
        #expect(!first.stderr.contains("public: applied"))
        let version = format == "text" ? "1" : "2"
        try scene.folder.write("CREATE TABLE t\(version) ();\n", to: "migrations/shared/\(version)_t.sql")
        let second = try await scene.run("migrate --all --format \(format)")
        #expect(
          second.stderr.contains("public: applied \(version) before it; no tenant was started"), "\(second)")
      }
    }
  }

  /// A table that somebody has made by hand: the hint has to lead out of it.
  @Test func aTableThatIsThereAlready() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("CREATE TABLE colours ();\n", to: "migrations/tenant/20260301000000_colours.sql")
      try await scene.database.psql("CREATE TABLE reef.colours ()")
      let outcome = try await scene.run("migrate --all")
      #expect(
        outcome.stderr.contains(
          "'tenantctl migration baseline 20260301000000 NAME' records it without running it"), "\(outcome)")
      try await scene.succeed("migration baseline 20260301000000 reef")
      try await scene.succeed("migrate --all --check")
      try await scene.database.psql("DROP TABLE reef.schema_migrations")
      #expect(
        try await scene.run("migrate reef").stderr.contains(
          "'tenantctl adopt NAME --like ANOTHER' or --version VERSION creates its ledger"))
    }
  }

  /// Only the shared schema is behind: that is pending, too.
  @Test func checksTheSharedSchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.prints("migrate --all --check", "nothing to apply to 1 tenant\n")
      try scene.folder.write("CREATE TABLE colours (name text);\n", to: "migrations/shared/1_colours.sql")
      #expect(
        try await scene.run("migrate --all --check") == Outcome(stdout: "public: 1\n", stderr: "", status: 6))
      #expect(
        try await scene.run("migrate --all --check --format json").stdout
          == #"{"failures":[],"pending":[{"name":"public","pending":["1"]}],"unknown":[]}"# + "\n")
    }
  }

  /// What it lacks is not known: neither up to date nor pending.
  @Test func aLedgerThatCannotBeReadIsNotPending() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("ALTER TABLE acme.schema_migrations ADD CHECK (version <> '')")
      for line in ["migrate --all --check", "migrate --all --dry-run"] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 5 && outcome.stderr.contains("failed on 1 tenant (acme)"), "\(outcome)")
      }
      #expect(try await scene.run("status --all --check").status == 5)
      let json = try await scene.run("migrate --all --check --format json")
      #expect(json.stdout.contains(#""name":"acme"}],"pending":[],"unknown":[]}"#), "\(json)")
    }
  }

  /// What keeps a tenant out is data as the SQL is: a script reads standard output only.
  @Test func aDryRunTellsWhichTenantsFail() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write("ALTER TABLE tanks ADD x int;\n", to: Self.third)
      let sound = try await scene.run("migrate --all --dry-run --format json")
      #expect(
        sound.status == 0 && sound.stdout.hasPrefix(#"{"dry_run":true,"failures":[],"sql":["#), "\(sound)")
      try await scene.database.psql("ALTER SCHEMA reef RENAME TO gone")
      for format in ["json", "ndjson"] {
        let dry = try await scene.run("migrate --all --dry-run --format \(format)")
        #expect(dry.status == 5 && dry.stderr == "", "\(dry)")
        #expect(
          dry.stdout.contains(#"{"dry_run":true,"failures":[{"error":{"code":"schema_missing","#)
            && dry.stdout.contains(#""name":"reef"}],"sql":["#) && dry.stdout.contains("tanks ADD x int"),
          "\(dry)")
      }
    }
  }

  @Test func checksWithoutAChange() async throws {
    try await with("ALTER TABLE tanks ADD colour text;\n") { scene in
      let before = try await scene.database.contents()
      #expect(
        try await scene.run("migrate acme --check")
          == Outcome(stdout: "acme: 20260103000000\n", stderr: "", status: 6))
      #expect(
        try await scene.run("migrate --all --check --quiet")
          == Outcome(stdout: "acme\nreef\n", stderr: "", status: 6))
      #expect(
        try await scene.run("migrate acme --check --to 20260102000000")
          == Outcome(stdout: "nothing to apply to 1 tenant\n", stderr: "", status: 0))
      #expect(try await scene.database.contents() == before)
    }
  }

  @Test func dryRun() async throws {
    try await with("ALTER TABLE tanks ADD colour text DEFAULT 'it''s; blue';\n") { scene in
      // What is not the file's is told apart from what is.
      let dry = try await scene.run("migrate --all --dry-run").stdout
      #expect(
        dry.contains(
          "-- from \(Self.third)\nALTER TABLE tanks ADD colour text DEFAULT 'it''s; blue';\n-- runs what was deferred to the end of the file\n"
        ))
      try await scene.dryRunTellsTheTruth("migrate --all")
      try await scene.prints("migrate --all --dry-run", "", stderr: "note: nothing to do\n")
      try await scene.prints("migrate --all --dry-run --quiet", "")
    }
  }

  @Test func dryRunOutsideOfATransaction() async throws {
    let sql = """
      -- migrate:up transaction:false statement_timeout:1min
      CREATE INDEX CONCURRENTLY tanks_name ON tanks (name);
      ALTER TABLE tanks ADD colour text;

      """
    try await with(sql) { try await $0.dryRunTellsTheTruth("migrate --all") }
  }

  @Test func aStatementThatTakesTooLong() async throws {
    try await with("SELECT pg_sleep(1000);\n", tenants: ["acme"]) { scene in
      let outcome = try await scene.run("migrate --all --statement-timeout 20ms")
      #expect(outcome.status == 5)
      #expect(
        outcome.stderr.contains(
          "\(Self.third):1:1: canceling statement due to statement timeout\n    SELECT pg_sleep"))
      try await scene.refuses([
        Refusal(
          "migrate --all --statement-timeout soon", 2, "usage",
          "invalid --statement-timeout 'soon': expected a time such as 30s, 500ms or 1min",
          hint: "see 'tenantctl migrate --help'"),
        Refusal(
          "migrate --all --statement-timeout 30", 2, "usage",
          "invalid --statement-timeout '30': expected a time such as 30s, 500ms or 1min",
          hint: "see 'tenantctl migrate --help'"),
      ])
    }
  }

  /// What became of the index that is not valid, in both cases.
  @Test func aBuildThatFails() async throws {
    let head = "-- migrate:up transaction:false\n"
    try await with(head + "CREATE UNIQUE INDEX CONCURRENTLY ON tanks (name);\n") { scene in
      for name in ["acme", "reef"] {
        try await scene.database.psql("INSERT INTO \(name).tanks (name) VALUES ('x'), ('x')")
      }
      #expect(
        try await scene.run("migrate --all").stderr == """
          failed on 2 tenants (acme, reef):
            \(Self.third):2:1: could not create unique index "tanks_name_idx"
              Key (name)=(x) is duplicated.
              dropped the unfinished index tanks_name_idx
              CREATE UNIQUE INDEX CONCURRENTLY ON tanks (name);
          hint: fix the cause and run the same command again: it does only what is left

          """)
      // As if the program had been killed in the middle of it.
      for name in ["acme", "reef"] {
        try await scene.database.psql(
          """
          INSERT INTO \(name).schema_migrations (version, statements_done, statements_total)
          VALUES ('20260103000000', 0, 1);
          COMMENT ON TABLE \(name).schema_migrations IS NULL
          """)
        _ = try? await scene.database.psql("CREATE UNIQUE INDEX CONCURRENTLY ON \(name).tanks (name)")
      }
      #expect(
        try await scene.run("migrate --all").stderr == """
          failed on 2 tenants (acme, reef):
            \(Self.third):2:1: an interrupted build has left an invalid index
              left the invalid index tanks_name_idx
              CREATE UNIQUE INDEX CONCURRENTLY ON tanks (name);
            hint: tenantctl psql NAME -- -c 'DROP INDEX CONCURRENTLY "tanks_name_idx"', then the same command again
          hint: fix the cause and run the same command again: it does only what is left

          """)
    }
  }

  @Test func stopsAtAVersion() async throws {
    try await Scene.with { scene in
      try await scene.succeed("create acme --no-migrations")
      try await scene.succeed("migrate acme --to 20260101000000")
      #expect(
        try await scene.database.psql("SELECT version FROM acme.schema_migrations") == "20260101000000")
    }
  }

  @Test func selects() async throws {
    let selections: [(words: String, stdin: String, names: String)] = [
      ("--all", "", "acme\nreef\nrock\n"), ("acme rock", "", "acme\nrock\n"),
      ("--match r*", "", "reef\nrock\n"),
      ("--all --exclude r?ck", "", "acme\nreef\n"), ("--active", "", "acme\nreef\n"),
      ("--all --limit 2", "", "acme\nreef\n"), ("--all --active --exclude acme", "", "reef\n"),
      ("--from-file -", "reef # the second\n\n  acme\n", "acme\nreef\n"), ("--from-file -", "", ""),
    ]
    try await with("SELECT 1;\n", tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.succeed("deactivate rock")
      for (words, stdin, names) in selections {
        let outcome = try await scene.run("migrate --check --quiet \(words)", stdin: stdin)
        #expect(outcome == Outcome(stdout: names, stderr: "", status: names.isEmpty ? 0 : 6), "\(words)")
      }
    }
  }
}
