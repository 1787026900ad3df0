import TenancyPostgres
import TestSupport
import Testing

/// Hints are followed literally, so what they say has to work.
@Suite struct HintTests {
  /// Names that an app has stored are words of a command in quotes.
  @Test(arguments: ["x; echo PWNED", "it's", "Odd Name", "-x", "--all", "'\u{301};echo PWNED;'\u{301}"])
  func namesAreQuoted(name: String) async throws {
    try await Scene.with { scene in
      // By scalars: a quote with an accent after it is another character.
      let doubled = name.unicodeScalars.map { $0 == "'" ? "''" : String($0) }.joined()
      let literal = "'\(doubled)'"
      try await scene.database.psql(
        "INSERT INTO tenants (name) VALUES (\(literal)); CREATE SCHEMA \"\(name)\"")
      #expect(try await scene.run(["set", "--protect", "--", name]).status == 0)
      let refused = try await scene.run(["drop", "--yes", "--", name])
      let hint = try #require(refused.stderr.firstMatch(of: /hint: '(tenantctl set --unprotect .*)' allows/))
        .1
      let followed = try await Tenantctl.script(
        String(hint), database: scene.database, workingDirectory: scene.folder.path)
      #expect(
        followed.status == 0 && !followed.stdout.split(separator: "\n").contains("PWNED"),
        "\(hint): \(followed)")
      #expect(try await scene.run(["drop", "--yes", "--", name]).status == 0)
    }
  }

  /// The migration cannot know that nobody needs the index.
  @Test func anInvalidIndexInTheWayOfAMigration() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("INSERT INTO acme.tanks (name) VALUES ('a'), ('a')")
      _ = try? await scene.database.psql("CREATE UNIQUE INDEX CONCURRENTLY u ON acme.tanks (name)")
      try await scene.database.psql("DELETE FROM acme.tanks")
      try scene.folder.write(
        "-- migrate:up transaction:false\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON tanks (name);\n",
        to: "migrations/tenant/20260301000000_u.sql")
      #expect(try await scene.run("migrate acme").status == 5)
      let advice = try await scene.run("doctor").stdout
      let match = try #require(
        advice.firstMatch(of: /drop it: (tenantctl psql .*?); then '(tenantctl migrate acme)' builds it/))
      for command in [match.1, match.2] {
        let outcome = try await Tenantctl.script(
          String(command), database: scene.database, workingDirectory: scene.folder.path)
        #expect(outcome.status == 0, "\(command): \(outcome)")
      }
      #expect(
        try await scene.database.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'acme.u'::regclass")
          == "t")
    }
  }

  /// Whoever may not do what a file or a script says has the same two ways as for a statement of ours.
  @Test func whatTheRoleMayNotDo() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write(
        "-- migrate:up\nCREATE TABLE pumps ();\n-- migrate:down\nDROP TABLE pumps;\n",
        to: "migrations/tenant/20260103000000_pumps.sql")
      try await scene.succeed("migrate acme")
      try scene.folder.write(
        "ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/20260104000000_colour.sql")
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          GRANT SELECT ON tenants, domains TO \(role.name); GRANT USAGE ON SCHEMA acme TO \(role.name);
          GRANT SELECT ON ALL TABLES IN SCHEMA acme TO \(role.name)
          """)
        let url = ["TENANTCTL_DATABASE_URL": role.url()]
        let hint = "hint: connect as the owner, or grant the privilege\n"
        for words in [
          ["migrate", "--all"], ["rollback", "acme", "--yes"],
          ["exec", "--all", "--write", "-c", "DROP TABLE tanks"],
          ["exec", "--all", "--write", "-c", "DELETE FROM tanks"],
        ] {
          let outcome = try await scene.run(words, environment: url)
          #expect(outcome.status == 5 && outcome.stderr.contains(hint), "\(words): \(outcome)")
        }
        // An app's own refusal.
        let raise = "DO $$ BEGIN RAISE 'not on Sundays' USING ERRCODE = '42501'; END $$"
        let raised = try await scene.run(["exec", "acme", "-c", raise], environment: url)
        #expect(raised.status == 5 && !raised.stderr.contains("hint:"), "\(raised)")
      }
    }
  }

  /// The command of a hint has all that it requires.
  @Test func tablesThatAnAppMade() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name) VALUES ('legacy'); CREATE SCHEMA legacy;
        CREATE TABLE legacy.tanks (id serial PRIMARY KEY, name text, litres integer)
        """)
      let refused = try await scene.run("migrate legacy")
      let match = try #require(refused.stderr.firstMatch(of: /'tenantctl (adopt [^']*)' or --version/))
      try await scene.succeed(
        String(match.1).replacing("NAME", with: "legacy").replacing("ANOTHER", with: "acme"))
      try await scene.succeed("migrate --all --check")
    }
  }

  @Test func aLedgerOfGolangMigrate() async throws {
    try await Scene.with(files: ["golang/1_tanks.up.sql": "CREATE TABLE tanks ();\n"]) { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name) VALUES ('legacy'); CREATE SCHEMA legacy;
        CREATE TABLE legacy.tanks ();
        CREATE TABLE legacy.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
        INSERT INTO legacy.schema_migrations VALUES (1, false)
        """)
      let found = try await scene.run("doctor")
      let match = try #require(found.stdout.firstMatch(of: /'tenantctl (migration import [^']*)' imports it/))
      try await scene.succeed(String(match.1).replacing("DIR", with: "golang"))
      try await scene.prints("status legacy --check -q", "")
    }
  }

  @Test func copyToStdout() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run(["exec", "acme", "-c", "COPY tanks TO STDOUT"])
      #expect(
        outcome.stderr.hasSuffix("hint: use SELECT: 'tenantctl exec --format csv' prints its rows as CSV\n"))
      let other = try await scene.run(["exec", "acme", "-c", "COPY tanks FROM STDIN"])
      #expect(other.stderr.contains("hint: write the rows as INSERT statements"))
    }
  }

  /// 'tenantctl init' itself would not find it.
  @Test func halfARegistry() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("DROP TABLE domains")
      try scene.folder.write(
        "[registry]\ntenants = \"tenants\"\ndomains = \"domains\"\n", to: "tenantctl.toml")
      for line in ["list", "init --no-files"] {
        let outcome = try await scene.run(line)
        #expect(outcome.stderr.contains("hint: restore it from a backup, or name the table"), "\(outcome)")
      }
      try scene.folder.write("[registry]\ndomains = false\n", to: "tenantctl.toml")
      try await scene.prints("list -q", "acme\n")
    }
  }

  /// As a release folder that was removed: the defaults could be another registry.
  @Test func aConfigurationThatIsALinkToNothing() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.script(
        "ln -s nowhere/tenantctl.toml . && tenantctl list", database: scene.database,
        workingDirectory: scene.folder.path)
      #expect(outcome.status == 2)
      #expect(
        outcome.stderr.hasPrefix(
          "error: tenantctl.toml: it is a symbolic link to something that does not exist\n"))
    }
  }

  @Test func theNextStepAfterInit() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let list = "next: 'tenantctl list' shows the tenants"
      #expect(try await scene.run("init --no-files").stderr.hasSuffix("\(list)\n"))
      try await scene.database.psql("INSERT INTO tenants (name) VALUES ('legacy'); CREATE SCHEMA legacy")
      #expect(try await scene.run("init --no-files").stderr.hasSuffix("\(list)\n"))
      try await scene.database.psql("CREATE TABLE legacy.tanks (LIKE acme.tanks)")
      let hint =
        "\(list); 'tenantctl adopt --all --like ANOTHER' or --version VERSION creates their ledgers\n"
      #expect(try await scene.run("init --no-files").stderr.hasSuffix(hint))
    }
  }

  /// The server's code does not say why a statement was cancelled.
  @Test func aStatementThatTakesTooLong() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write(
        "-- migrate:up\nSELECT pg_sleep(0.8);\n-- migrate:down\nSELECT pg_sleep(0.8);\n",
        to: "migrations/tenant/20260301000000_slow.sql")
      let options = ["PGOPTIONS": "-c statement_timeout=500ms"]
      let lines = [
        (
          "migrate acme",
          "--statement-timeout TIME, or statement_timeout:TIME after its '-- migrate:up' marker,"
        ),
        ("create reef", "statement_timeout:TIME after its '-- migrate:up' marker"),
        ("exec acme -c SELECT/**/pg_sleep(0.8)", "--statement-timeout TIME"),
      ]
      for (line, remedy) in lines {
        let outcome = try await scene.run(line, environment: options)
        let hint = "hint: if statement_timeout has ended it: \(remedy) sets another limit, 0 none\n"
        #expect(outcome.status != 0 && outcome.stderr.contains(hint), "\(outcome)")
      }
      let holder = try await scene.database.holder(of: "LOCK TABLE tenants")
      let listed = try await scene.run("list", environment: options)
      #expect(
        listed.stderr.contains("PGOPTIONS='-c statement_timeout=TIME' sets another limit"), "\(listed)")
      await holder.close()
      let migrated = try await scene.run("migrate acme --statement-timeout 0", environment: options)
      #expect(migrated.status == 0, "\(migrated)")
      let undone = try await scene.run("rollback acme --yes", environment: options)
      #expect(undone.stderr.contains("after its '-- migrate:down' marker"), "\(undone)")
    }
  }

  @Test func aHostThatCannotBeADomain() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run("resolve a_b.example.com")
      #expect(outcome.status == 3 && outcome.stderr.contains("hint: it cannot be a domain; "))
      #expect(try await scene.run("resolve b.example.com").stderr.contains("'tenantctl domain add NAME b.ex"))
      let port = try await scene.run("resolve acme.example.com:abc")
      #expect(port.status == 2 && port.stderr.contains("its port is not a number"))
      #expect(try await scene.run("resolve acme.example.com..").status == 2)
    }
  }

  /// Dispatch would end the program by an illegal instruction.
  @Test func fewFileDescriptors() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      for line in ["migrate --all", "exec --all -c 'SELECT 1'"] {
        let outcome = try await Tenantctl.script(
          "ulimit -n 12; tenantctl \(line)", database: scene.database, workingDirectory: scene.folder.path)
        #expect(
          outcome.status == 1 && outcome.stderr.contains("hint: raise the limit: ulimit -n 256\n"),
          "\(outcome)")
      }
    }
  }
}
