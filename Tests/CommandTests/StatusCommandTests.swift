import TestSupport
import Testing

@Suite struct StatusCommandTests {
  @Test func tellsWhoIsWhere() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("create young --no-migrations")
      try await scene.says(
        "status --all",
        """
        VERSION         TENANTS  STATE
        20260102000000        2  up to date
        none                  1  2 pending
        young: pending 20260101000000, 20260102000000

        """,
        json: #"""
          {"shared":null,"tenants":[{"applied":2,"changed":[],"error":null,"head":"20260102000000","name":"acme",\#
          "out_of_order":[],"pending":[],"schema":"acme","unfinished":[],"unknown":[],"wrong_head":null},\#
          {"applied":2,"changed":[],"error":null,"head":"20260102000000","name":"reef","out_of_order":[],\#
          "pending":[],"schema":"reef","unfinished":[],"unknown":[],"wrong_head":null},\#
          {"applied":0,"changed":[],"error":null,"head":null,"name":"young","out_of_order":[],\#
          "pending":["20260101000000","20260102000000"],"schema":"young","unfinished":[],"unknown":[],"wrong_head":null}]}
          """#)
      try await scene.prints("status --all --quiet", "young\n")
      try await scene.prints("status acme reef --check --quiet", "")
      #expect(try await scene.run("status --all --check").status == 6)
      #expect(try await scene.run("status --all --check --format json").status == 6)
    }
  }

  @Test func tellsWhatIsOdd() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20260101000000_tanks.sql")
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20250101000000_late.sql")
      try await scene.database.psql(
        """
        INSERT INTO reef.schema_migrations (version) VALUES ('20270101000000');
        COMMENT ON TABLE reef.schema_migrations IS NULL;
        DROP SCHEMA rock CASCADE
        """)
      let outcome = try await scene.run("status --all")
      #expect(outcome.status == 0 && outcome.stderr == "")
      #expect(
        outcome.stdout == """
          VERSION         TENANTS  STATE
          20270101000000        1  1 pending
          20260102000000        1  1 pending
          unknown               1  not readable
          reef has version 20270101000000, which no migration file has
          rock: its schema does not exist
          acme: pending 20250101000000
          acme: pending and older than its head: 20250101000000
          acme: edited after they were applied: 20260101000000
          reef: pending 20250101000000
          reef: pending and older than its head: 20250101000000
          reef: edited after they were applied: 20260101000000

          """)
      #expect(try await scene.run("status --all --check").status == 4)
    }
  }

  /// What a ledger has that cannot be read is not known: not nothing.
  @Test(arguments: [
    "DROP SCHEMA reef CASCADE", "ALTER TABLE reef.schema_migrations ADD CHECK (version <> '')",
    "DROP TABLE reef.schema_migrations; CREATE VIEW reef.schema_migrations AS SELECT '1' AS version",
  ])
  func whatIsNotKnown(sql: String) async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(sql)
      let lines = try await scene.run("status --all --format ndjson").stdout.split(separator: "\n")
      #expect(lines.count == 2)
      for key in [
        "applied", "changed", "head", "out_of_order", "pending", "unfinished", "unknown", "wrong_head",
      ] {
        #expect(lines[1].contains("\"\(key)\":null"), "\(lines[1])")
      }
      #expect(lines[0].contains(#""applied":2,"changed":[]"#))
      let text = try await scene.run("status --all").stdout
      #expect(text.contains("unknown               1  not readable\nreef: "), "\(text)")
    }
  }

  /// After a new migration all are behind: that is no reason to hide the one that needs a look.
  @Test func tellsOfNoMoreThanTenBehind() async throws {
    try await Scene.with { scene in
      let names = (1...13).map { "t\($0 + 10)" }
      try await scene.database.psql(
        names.map { "CREATE SCHEMA \($0); INSERT INTO tenants (name) VALUES ('\($0)')" }.joined(
          separator: ";")
          + "; DROP SCHEMA t23")
      let lines = { (names: ArraySlice<String>) in
        names.map { "\($0): pending 20260101000000, 20260102000000\n" }.joined()
      }
      try await scene.prints(
        "status --all",
        """
        VERSION  TENANTS  STATE
        unknown        1  not readable
        none          12  2 pending
        t23: its schema does not exist
        \(lines(names[..<10]))and 2 more behind; --pending lists them all

        """)
      let pending = try await scene.run("status --all --pending")
      #expect(
        pending.stdout.hasSuffix(
          lines(names[10..<12]) + "t23: its schema does not exist\n"))
      let check = try await scene.run("migrate --all --check")
      #expect(check.stdout.hasSuffix("and 2 more; 'tenantctl status --all --pending' lists them all\n"))
      try await scene.database.psql(
        names.prefix(12).map {
          "CREATE TABLE \($0).schema_migrations (version text); INSERT INTO \($0).schema_migrations VALUES (99)"
        }.joined(separator: ";"))
      let odd = try await scene.run("status --all")
      #expect(
        odd.stdout.contains("\nt11 and 11 others have version 99, which no migration file has\n"), "\(odd)")
    }
  }

  @Test func tellsOnlyOfThoseBehind() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.prints("status --all --pending", "no tenants\n")
      try await scene.succeed("create young --no-migrations")
      try await scene.prints(
        "status --all --pending",
        """
        VERSION  TENANTS  STATE
        none           1  2 pending
        young: pending 20260101000000, 20260102000000

        """)
      let json = try await scene.run("status --all --pending --format ndjson")
      #expect(json.stdout.contains(#""name":"young""#) && !json.stdout.contains(#""name":"acme""#))
    }
  }

  /// A row that another tool took away without telling the comment.
  @Test func verifiesTheComments() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.prints("status --all --verify --check --pending", "no tenants\n")
      try await scene.database.psql("DELETE FROM reef.schema_migrations WHERE version = '20260102000000'")
      try await scene.prints("status --all --check --quiet", "")
      let outcome = try await scene.run("status --all --verify --check")
      #expect(outcome.status == 6)
      #expect(
        outcome.stdout.hasSuffix(
          """
          reef: pending 20260102000000
          reef: the comment on its ledger is stale; it says 2 migrations to 20260102000000

          """))
      let json = try await scene.run("status reef --verify --format json").stdout
      #expect(json.contains(#""wrong_head":{"count":2,"digest":""#))
      try await scene.database.psql("ALTER TABLE reef.tanks DROP litres")
      // Whatever changes the ledger next mends the comment.
      try await scene.database.psql("COMMENT ON TABLE reef.schema_migrations IS 'none of ours'")
      try await scene.succeed("migrate reef")
      try await scene.prints("status --all --verify --check --quiet", "")
    }
  }

  @Test func drawsBarsOnATerminal() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("create young --no-migrations")
      let outcome = try await Tenantctl.onTerminal(
        ["status", "--all", "--color=never"], database: scene.database, workingDirectory: scene.folder.path
      ) { await $0.outcome() }
      let long = String(repeating: "#", count: 30)
      #expect(outcome.stdout.contains("20260102000000        2  up to date  \(long)\r\n"))
      #expect(outcome.stdout.contains("none                  1  2 pending   \(long.prefix(15))\r\n"))
    }
  }

  /// What is true of one tenant is not said of all that have the same version.
  @Test func versionsOfSomeTenants() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      for (name, state) in [
        ("reef", "1 of them with versions without a file"),
        ("rock", "2 of them with versions without a file"),
        ("acme", "versions without a file"),
      ] {
        try await scene.database.psql(
          "INSERT INTO \(name).schema_migrations (version) VALUES ('19990101000000'); COMMENT ON TABLE \(name).schema_migrations IS NULL"
        )
        let text = try await scene.run("status --all").stdout
        #expect(
          text.hasPrefix("VERSION         TENANTS  STATE\n20260102000000        3  \(state)\n"), "\(text)")
      }
    }
  }

  @Test func anEmptyFleet() async throws {
    try await Scene.with { scene in
      try await scene.prints("status --all", "no tenants\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with { scene in
      try await scene.refuses([
        Refusal(
          "status", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "status atlantis", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }
}
