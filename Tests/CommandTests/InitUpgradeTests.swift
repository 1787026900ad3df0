import TestSupport
import Testing

@Suite struct InitUpgradeTests {
  private static let bare = """
    CREATE TABLE tenants (id serial PRIMARY KEY, name text, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
    CREATE TABLE domains (tenant_name text NOT NULL, domain_name text, is_primary boolean NOT NULL);
    """
  private static let sql = """
    BEGIN;
    SET LOCAL search_path TO pg_catalog, pg_temp;
    SET LOCAL lock_timeout TO '2000ms';
    ALTER TABLE "public"."tenants" ADD COLUMN deactivated boolean NOT NULL DEFAULT false;
    ALTER TABLE "public"."tenants" ADD CONSTRAINT "tenants_name_key" UNIQUE ("name");
    ALTER TABLE "public"."domains" ADD CONSTRAINT "domains_domain_name_key" UNIQUE ("domain_name");
    ALTER TABLE "public"."domains" ADD CONSTRAINT "domains_tenant_name_fkey"
      FOREIGN KEY ("tenant_name") REFERENCES "public"."tenants" ("name") ON UPDATE CASCADE;
    COMMIT;

    """
  private static let found =
    "found flask-tenants' registry: public.tenants (0 tenants), public.domains (0 domains)\n"
  private static let added = """
    \(found)added column deactivated to public.tenants
    added constraint tenants_name_key: public.tenants.name is unique
    added constraint domains_domain_name_key: public.domains.domain_name is unique
    added constraint domains_tenant_name_fkey: public.domains.tenant_name refers to public.tenants.name

    """

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(Self.bare)
      try await body(scene)
    }
  }

  @Test func addsWhatIsAbsent() async throws {
    try await with { scene in
      try await scene.prints(
        "init --upgrade --yes --no-files", Self.added, stderr: Self.sql + InitCommandTests.next)
      try await scene.prints(
        "init --upgrade --no-files", Self.found,
        stderr: "note: the registry is complete\n\(InitCommandTests.next)")
      // A row of an app that knows nothing of it.
      try await scene.database.psql(
        "INSERT INTO tenants (name, created_at, updated_at) VALUES ('acme', now(), now())")
      try await scene.prints("list --active --quiet", "acme\n")
      // And a rename by such an app takes the domains along.
      try await scene.database.psql(
        "INSERT INTO domains VALUES ('acme', 'a.com', true); UPDATE tenants SET name = 'apex'; CREATE SCHEMA apex"
      )
      try await scene.prints("resolve a.com --quiet", "apex\n")
      try await scene.succeed("rename apex acme")
    }
  }

  @Test func dryRun() async throws {
    try await with { scene in
      let dry = try await scene.run("init --upgrade --no-files --dry-run")
      #expect(dry == Outcome(stdout: Self.sql, stderr: Self.found, status: 0))
      let before = try await scene.database.contents()
      let byPsql = try await scene.inTwin { twin in
        try await twin.database.psql(dry.stdout)
        return try await twin.database.contents()
      }
      #expect(try await scene.database.contents() == before)
      try await scene.succeed("init --upgrade --no-files --yes")
      #expect(try await scene.database.contents() == byPsql)
    }
  }

  @Test func asks() async throws {
    try await with { scene in
      let refused = try await scene.run("init --upgrade --no-files")
      #expect(refused.status == 4 && refused.stdout == "")
      #expect(
        refused.stderr == """
          error: This changes the registry's tables. Without a terminal --yes is required.
          hint: add --yes to confirm

          """)
      for (typed, status, end) in [
        ("no\n", 4, "nothing was changed\r\n"), ("yes\n", 0, InitCommandTests.next),
      ] {
        let outcome = try await Tenantctl.onTerminal(
          ["init", "--upgrade", "--no-files", "--color=never"], database: scene.database,
          workingDirectory: scene.folder.path
        ) { program in
          try await program.wrote("Type yes to confirm: ")
          program.type(typed)
          return await program.outcome()
        }
        #expect(outcome.status == Int32(status))
        let shown = Self.sql.replacing("\n", with: "\r\n")
        #expect(outcome.stdout.hasPrefix("\(shown)This changes the registry's tables.\r\n"))
        #expect(outcome.stdout.hasSuffix(end.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")))
        let columns = try await scene.database.psql(
          "SELECT count(*) FROM pg_attribute WHERE attrelid = 'tenants'::regclass AND attname = 'deactivated'"
        )
        #expect(columns == (status == 0 ? "1" : "0"))
      }
    }
  }

  @Test func namesTheRowsInTheWay() async throws {
    try await with { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name, created_at, updated_at) VALUES ('b', now(), now()), ('b', now(), now());
        INSERT INTO domains SELECT 'n' || g, 'x' || g || '.com', true FROM generate_series(1, 7) g
        """)
      try await scene.refuses([
        Refusal(
          "init --upgrade --yes", 4, "rows_break",
          """
          rows of public.tenants have the same name: b
          rows of public.domains have a tenant_name that no tenant has: n1, n2, n3, n4, n5 and 2 others
          """, hint: "fix the rows first; nothing was changed")
      ])
    }
  }

  @Test func needsTheOwner() async throws {
    try await with { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql("GRANT SELECT ON tenants, domains TO \(role.name)")
        let outcome = try await scene.run(
          "init --upgrade --yes", environment: ["TENANTCTL_DATABASE_URL": role.url()])
        #expect(outcome.status == 1 && outcome.stdout == "")
        #expect(outcome.stderr.hasPrefix("\(Self.sql)error: must be owner of table tenants\n"))
        let found = try await scene.run(
          "init --no-files", environment: ["TENANTCTL_DATABASE_URL": role.url()])
        #expect(
          found.stderr.contains(
            "note: public.tenants belongs to postgres, and the current role may not INSERT, UPDATE, DELETE\n"
          ))
      }
    }
  }

  /// Its triggers run as whoever uses tenantctl: a superuser is a member of every role, and has to know all the same.
  @Test func whoseTheTablesAre() async throws {
    try await with { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql("ALTER TABLE tenants OWNER TO \(role.name)")
        let outcome = try await scene.run("init")
        #expect(outcome.stderr.contains("note: public.tenants belongs to \(role.name)\n"), "\(outcome)")
        #expect(!outcome.stderr.contains("public.domains belongs"))
        try await scene.database.psql("ALTER DATABASE \(scene.database.name) OWNER TO \(role.name)")
        #expect(try await !scene.run("init").stderr.contains("belongs to"))
        try await scene.database.psql(
          "ALTER DATABASE \(scene.database.name) OWNER TO CURRENT_USER; ALTER TABLE tenants OWNER TO CURRENT_USER"
        )
        // In a schema of its own a role can make what looks like a registry.
        try await scene.database.psql(
          "CREATE SCHEMA own; ALTER TABLE tenants SET SCHEMA own; ALTER TABLE domains SET SCHEMA own; ALTER TABLE own.tenants OWNER TO \(role.name)"
        )
        try scene.folder.write("", to: "other.toml")
        let refused = try await scene.run("init --config other.toml --no-files")
        #expect(refused.status == 4, "\(refused)")
        #expect(refused.stderr.contains("own.tenants looks like a registry, but belongs to \(role.name)"))
      }
    }
  }

  private func upgrade(_ ddl: String, _ toml: String, _ body: (Scene, Outcome) async throws -> Void)
    async throws
  {
    try await Scene.empty(files: ["tenantctl.toml": "[registry]\ndomains = false\n\(toml)"]) { scene in
      try await scene.database.psql(ddl)
      let found = try await scene.run("init --no-files")
      #expect(found.status == 0 && !found.stderr.contains("--upgrade"), "\(found)")
      let outcome = try await scene.run("init --upgrade --yes --no-files")
      #expect(outcome.status == 0 && outcome.stderr.contains("note: the registry is complete"), "\(outcome)")
      try await body(scene, outcome)
    }
  }

  /// The app gives the name of a deleted tenant to another one.
  @Test func leavesAPartialUniqueIndexAlone() async throws {
    let ddl = """
      CREATE TABLE tenants (id serial PRIMARY KEY, name text NOT NULL, deactivated boolean NOT NULL, deleted_at date);
      CREATE UNIQUE INDEX ON tenants (name) WHERE deleted_at IS NULL;
      """
    try await upgrade(ddl, "") { scene, _ in
      try await scene.database.psql(
        "INSERT INTO tenants (name, deactivated, deleted_at) VALUES ('a', true, now()), ('a', false, NULL)")
    }
  }

  /// A foreign key needs a unique constraint, which would disturb the app.
  @Test func refersToNothingThatIsUniqueInPart() async throws {
    try await with { scene in
      try await scene.database.psql(
        "ALTER TABLE tenants ADD deactivated boolean; CREATE UNIQUE INDEX ON tenants (name) WHERE NOT deactivated;"
          + "ALTER TABLE domains ADD UNIQUE (domain_name)")
      try await scene.prints(
        "init --upgrade --no-files", Self.found,
        stderr: "note: the registry is complete\n\(InitCommandTests.next)")
    }
  }

  @Test func addsNoColumnThatTheMappingDenies() async throws {
    let denied = "[registry.columns]\ndeactivated = false\n"
    try await upgrade("CREATE TABLE tenants (id serial PRIMARY KEY, name text UNIQUE)", denied) { scene, _ in
      let columns = try await scene.database.psql(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'tenants'::regclass AND attnum > 0")
      #expect(columns == "2")
    }
  }

  @Test(arguments: [
    "CREATE TABLE t (id int, name text); CREATE VIEW tenants AS SELECT * FROM t",
    "CREATE TABLE t (id int, name text); CREATE MATERIALIZED VIEW tenants AS SELECT * FROM t",
    """
    CREATE TABLE tenants (id int, name text, deactivated boolean, region text NOT NULL) PARTITION BY LIST (region);
    CREATE TABLE tenants_rest PARTITION OF tenants DEFAULT
    """,
    """
    CREATE TABLE tenants (id int, name text, deactivated boolean) PARTITION BY LIST (lower(name));
    CREATE TABLE tenants_rest PARTITION OF tenants DEFAULT
    """,
  ])
  func proposesNothingThatCannotBe(ddl: String) async throws {
    try await upgrade(ddl, "") { scene, outcome in
      #expect(outcome.stdout == "found a registry: public.tenants (0 tenants)\n")
    }
  }

  /// Without a handler it cannot be read, and a role that may not read it does not try.
  @Test func proposesNothingForAForeignTable() async throws {
    try await Scene.empty(files: ["tenantctl.toml": "[registry]\ndomains = false\n"]) { scene in
      try await scene.database.psql(
        """
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE FOREIGN TABLE tenants (id int, name text) SERVER s
        """)
      try await TestRole.with(scene.database) { role in
        let outcome = try await scene.run(
          "init --no-files", environment: ["TENANTCTL_DATABASE_URL": role.url()])
        #expect(outcome.status == 0 && !outcome.stderr.contains("--upgrade"), "\(outcome)")
      }
    }
  }

  @Test func aPartitionedTableThatCanHaveIt() async throws {
    try await Scene.empty(files: ["tenantctl.toml": "[registry]\ndomains = false\n"]) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE tenants (id int, name text) PARTITION BY LIST (name);
        CREATE TABLE tenants_rest PARTITION OF tenants DEFAULT
        """)
      let outcome = try await scene.run("init --upgrade --yes --no-files")
      #expect(outcome.stdout.contains("public.tenants.name is unique"), "\(outcome)")
      #expect(outcome.stdout.contains("added column deactivated to public.tenants"), "\(outcome)")
    }
  }
}
