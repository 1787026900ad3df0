import Foundation
import TestSupport
import Testing

/// What somebody else has set for the database, the session or the registry, and what would be done to the wrong rows by it.
@Suite struct ForeignSettingTests {
  /// Otherwise a string ends elsewhere for the server than for us, and the COMMIT in it is run.
  @Test func stringsEndWhereTheFileIsSplit() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        ALTER DATABASE "\(scene.database.name)" SET standard_conforming_strings = off;
        ALTER DATABASE "\(scene.database.name)" SET escape_string_warning = off
        """)
      try scene.folder.write(
        #"INSERT INTO tanks (name) VALUES ('a\'' ); COMMIT; --'); SELECT 1/0;"# + "\n",
        to: "migrations/tenant/20260103000000_x.sql")
      #expect(try await scene.run("migrate --all").status == 5)
      #expect(try await scene.database.psql("SELECT count(*) FROM acme.tanks") == "0")
      try scene.folder.write(
        #"INSERT INTO tanks (name) VALUES ('a\');"# + "\n", to: "migrations/tenant/20260103000000_x.sql")
      try await scene.succeed("migrate --all")
      #expect(try await scene.database.psql("SELECT name FROM acme.tanks") == #"a\"#)
    }
  }

  /// Each of them in a parallel worker, where PostgreSQL 15 says of a transaction that it is not read-only.
  @Test func aQueryThatIsForcedIntoAWorker() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let version = try await scene.database.psql("SHOW server_version_num")
      let setting = (Int(version) ?? 0) < 160_000 ? "force_parallel_mode" : "debug_parallel_query"
      try await scene.database.psql("ALTER DATABASE \"\(scene.database.name)\" SET \(setting) = on")
      for words in [["-c", "TABLE tanks"], ["-c", "SELECT 1"], ["--write", "-c", "SELECT 1"]] {
        let outcome = try await scene.run(["exec", "acme"] + words)
        #expect(outcome.status == 0, "\(outcome)")
      }
    }
  }

  /// The session of a pool has a temporary table of the tenant's table's name, and settings, from another client.
  @Test func aPooledSessionIsCleanedFirst() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await TestPgBouncer.with(scene.database) { url in
        for number in 1...8 {
          try scene.folder.write(
            "ALTER TABLE tanks ADD c\(number) int; CREATE TABLE s\(number) AS SELECT current_setting('my.x', true) AS x;\n",
            to: "migrations/tenant/2026010400000\(number)_x.sql")
        }
        for sql in ["CREATE TEMP TABLE tanks (id int)", "SET my.x = 'left'"] {
          _ = try await scene.database.output(["psql", url, "-Xqc", sql])
        }
        let outcome = try await scene.run(["migrate", "--all", "-d", url])
        #expect(outcome.status == 0, "\(outcome)")
        let columns = try await scene.database.psql(
          "SELECT count(*) FROM pg_attribute WHERE attrelid = 'acme.tanks'::regclass AND attname ~ '^c[0-9]'")
        #expect(columns == "8")
        #expect(try await scene.database.psql("SELECT coalesce(x, '') FROM acme.s1") == "")
      }
    }
  }

  /// Told to ignore what it does not know, PgBouncer drops the search path, and the program would work in `public`.
  @Test(arguments: [["psql", "acme", "--", "-c", "SELECT 1"], ["run", "acme", "--", "true"]])
  func noProgramRunsWithoutItsSearchPath(words: [String]) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await TestPgBouncer.with(scene.database, settings: ["ignore_startup_parameters = options"]) { url in
        let outcome = try await scene.run(words, environment: ["TENANTCTL_DATABASE_URL": url])
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.stderr.contains("through a connection pooler"), "\(outcome)")
      }
    }
  }

  /// One hidden tenant would be one that is not migrated.
  @Test func rowLevelSecurityHidesNoTenant() async throws {
    try await Scene.with(tenants: ["acme", "globex"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          GRANT SELECT ON tenants, domains TO \(role.name);
          ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
          CREATE POLICY p ON tenants USING (name = 'acme')
          """)
        for line in ["list", "migrate --all --check", "doctor"] {
          let outcome = try await scene.run(line, environment: ["TENANTCTL_DATABASE_URL": role.url()])
          #expect(outcome.status == 1, "\(line): \(outcome)")
          #expect(outcome.stderr.contains("BYPASSRLS"), "\(line): \(outcome)")
        }
      }
    }
  }

  /// The columns of names and schemas compare with the catalog's names.
  @Test(arguments: ["ucs_basic", "\"en-x-icu\"", "ignoring_case"])
  func theNamesHaveACollation(collation: String) async throws {
    try await Scene.with(tenants: ["acme", "ACMEISH".lowercased()]) { scene in
      try await scene.database.psql(
        """
        CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        ALTER TABLE tenants ALTER name TYPE varchar(128) COLLATE \(collation);
        INSERT INTO domains (tenant_id, tenant_name, domain_name) SELECT id, name, 'shop.org' FROM tenants WHERE name = 'acme'
        """)
      try scene.folder.write("CREATE TABLE pumps ();\n", to: "migrations/tenant/20260103000000_pumps.sql")
      for line in [
        "list", "show acme", "status --all", "migrate --all", "exec acme -c SELECT(1)", "history acme",
        "create globex", "rename globex gx", "drop gx --yes", "set acme --protect", "set acme --unprotect",
        "deactivate acme", "activate acme", "resolve shop.org", "domain add acme a.org",
        "domain remove a.org",
        "list --columns name,size", "run acme -- true", "adopt --all --version 20260103000000",
        "migration baseline 20260103000000 --all",
      ] {
        try await scene.succeed(line)
      }
      let doctor = try await scene.run("doctor")
      #expect(!doctor.stderr.contains("error:"), "\(doctor)")
    }
  }

  /// What runs for each tenant would run there twice.
  @Test func twoTenantsOfOneSchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        "ALTER TABLE tenants ADD schema_name text; INSERT INTO tenants (name, schema_name) VALUES ('twin', 'acme')"
      )
      try scene.folder.write("[registry.columns]\nschema = \"schema_name\"\n", to: "tenantctl.toml")
      for words in [
        ["exec", "--all", "--write", "-c", "INSERT INTO tanks (name) VALUES ('x')"],
        ["run", "--all", "--", "true"],
      ] {
        let outcome = try await scene.run(words)
        #expect(outcome.status == 4 && outcome.stderr.contains("also belongs to tenant"), "\(outcome)")
      }
      #expect(try await scene.database.psql("SELECT count(*) FROM acme.tanks") == "0")
    }
  }

  /// An event trigger gives what is made to a role that is trusted, as it owns the registry.
  @Test func anEventTriggerGivesTheLedgerAway() async throws {
    try await Scene.with { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          ALTER TABLE tenants OWNER TO \(role.name);
          CREATE FUNCTION public.give() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
          DECLARE made record; BEGIN
            FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
              EXECUTE format('ALTER TABLE %s OWNER TO \(role.name)', made.object_identity);
            END LOOP;
          END $f$;
          CREATE EVENT TRIGGER give ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.give()
          """)
        try await scene.succeed("create acme")
        try await scene.database.psql("DROP EVENT TRIGGER give; REASSIGN OWNED BY \(role.name) TO postgres")
      }
    }
  }

  /// The row that stays would be a tenant without a schema.
  @Test func aRuleMakesADropADeactivation() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        "CREATE RULE soft AS ON DELETE TO tenants DO INSTEAD UPDATE tenants SET deactivated = true WHERE id = OLD.id"
      )
      #expect(try await scene.run("drop acme --yes").status != 0)
      #expect(try await scene.database.psql("SELECT to_regclass('acme.tanks') IS NOT NULL") == "t")
    }
  }

  @Test func aReadOnlyScriptStaysOne() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for script in [
        "RESET transaction_read_only; INSERT INTO tanks (name) VALUES ('x')",
        "SET transaction_read_only TO DEFAULT; SELECT setval('tanks_id_seq', 77)",
        "DO $$ BEGIN EXECUTE 'RESET transaction_read_only'; END $$; INSERT INTO tanks (name) VALUES ('x')",
      ] {
        let outcome = try await scene.run(["exec", "acme", "-c", script])
        // From PostgreSQL 16 on the server refuses it.
        #expect(outcome.status == 5 || outcome.status == 1, "\(outcome)")
        #expect(
          !outcome.stdout.contains("changed") && !outcome.stderr.contains("1 row changed"), "\(outcome)")
      }
      #expect(try await scene.database.psql("SELECT count(*) FROM acme.tanks") == "0")
      #expect(try await scene.database.psql("SELECT last_value FROM acme.tanks_id_seq") == "1")
    }
  }

  /// The ROLLBACK of a message that the server could not parse has nothing to undo.
  @Test func noWarningAboutOurOwnStatements() async throws {
    try await Scene.with(tenants: ["acme"], files: ["migrations/tenant/1_a.sql": "SELECT 1;\n"]) { scene in
      try scene.folder.write("SELEC 1;\n", to: "migrations/tenant/2_b.sql")
      let outcome = try await scene.run("migrate --all")
      #expect(outcome.status == 5 && !outcome.stderr.contains("warning"), "\(outcome)")
    }
  }
}
