import TestSupport
import Testing

@Suite struct InitCommandTests {
  static let next =
    "next: 'tenantctl migration new NAME' for the tenants' tables, then 'tenantctl create NAME'\n"
  private static let ours =
    "found tenantctl's registry: public.tenants (0 tenants), public.domains (0 domains)\n"

  @Test func createsTheRegistryAndTheFilesOfAProject() async throws {
    try await Scene.empty { scene in
      try await scene.prints(
        "init",
        """
        created table public.tenants
        created table public.domains
        wrote tenantctl.toml
        wrote migrations/tenant/
        wrote migrations/shared/

        """, stderr: Self.next)
      let file = try scene.folder.read("tenantctl.toml")
      #expect(file.contains("[registry]\ntenants = \"public.tenants\"\ndomains = \"public.domains\"\n"))
      try await scene.prints("init", Self.ours, stderr: Self.next)
      #expect(try scene.folder.read("tenantctl.toml") == file)
      try await scene.prints("list --quiet", "")
    }
  }

  /// Before the database is changed.
  @Test func aFolderThatCannotBeWritten() async throws {
    let files = ["tenantctl.toml": "[migrations]\ndirectory = \"file/migrations\"\n", "file": ""]
    try await Scene.empty(files: files) { scene in
      let outcome = try await scene.run("init")
      #expect(outcome.status == 1 && outcome.stderr.hasPrefix("error: "), "\(outcome)")
      #expect(try await scene.database.psql("SELECT to_regclass('public.tenants') IS NULL") == "t")
      try await scene.succeed("init --no-files")
    }
  }

  /// As containers do that start together: all find a registry in the end.
  @Test func severalAtOnce() async throws {
    try await Scene.empty { scene in
      let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
        for _ in 1...4 { group.addTask { try await scene.run("init --no-files") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.contains { $0.status == 0 })
      #expect(!outcomes.contains { $0.stderr.contains("not part of a known registry") }, "\(outcomes)")
      try await scene.prints("list -q", "")
    }
  }

  /// Nobody else is to blame for it, and it does not go away.
  @Test(arguments: [
    (
      "CREATE TABLE tenants (id int PRIMARY KEY); ALTER TABLE tenants RENAME TO customers",
      "\"tenants_pkey\" already exists"
    ),
    ("CREATE SEQUENCE tenants", "\"tenants\" already exists"),
    ("CREATE TYPE tenants AS ENUM ()", "\"tenants\" already exists"),
    ("CREATE INDEX domains_pkey ON pg_temp.t (a)", ""),
    ("DROP SCHEMA public", "schema \"public\" does not exist"),
  ]) func whatIsInTheWay(sql: String, words: String) async throws {
    try await Scene.empty { scene in
      try await scene.database.psql("CREATE TEMP TABLE t (a int); \(sql)")
      let outcome = try await scene.run("init --no-files")
      if words.isEmpty {
        #expect(outcome.status == 0, "\(outcome)")
      } else {
        #expect(outcome.status != 0 && outcome.stderr.contains(words), "\(outcome)")
        #expect(!outcome.stderr.contains("another session"), "\(outcome)")
      }
    }
  }

  /// A file that was written for one database makes the same registry in the next.
  @Test func createsWhatItsFileSays() async throws {
    try await Scene.empty(files: ["tenantctl.toml": "[registry]\ndomains = false\n"]) { scene in
      try await scene.prints("init --no-files", "created table public.tenants\n", stderr: Self.next)
      try await scene.prints("create acme --no-migrations --quiet", "")
      try await scene.prints("list --quiet", "acme\n")
    }
  }

  @Test func tellsInJSON() async throws {
    try await Scene.empty { scene in
      try await scene.says(
        "init --no-files", "created table public.tenants\ncreated table public.domains\n",
        stderr: Self.next,
        json: #"""
          {"configuration":null,"dry_run":false,"files":[],"registry":{"added":[],"columns":{},\#
          "created":["public.tenants","public.domains"],"domain_count":0,"domains_table":"public.domains",\#
          "kind":"tenantctl","lacks":[],"notifications":"none","remarks":[],"tenant_count":0,"tenants_table":"public.tenants"},"sql":[]}
          """#)
      try await scene.prints("init --no-files --quiet", "")
      #expect(try scene.folder.files() == [])
    }
  }

  @Test func dryRun() async throws {
    try await Scene.empty { scene in
      try await scene.dryRunTellsTheTruth("init --no-files")
      let would =
        "would write tenantctl.toml\nwould write migrations/tenant/\nwould write migrations/shared/\n"
      try await scene.prints("init --dry-run", "", stderr: Self.ours + would)
      #expect(try scene.folder.files() == [])
    }
  }

  @Test func checksWhatIsThere() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql("CREATE TABLE tenants (id int, label text)")
      try await scene.refuses([
        Refusal(
          "init", 2, "registry_mismatch",
          "column name of table public.tenants does not exist; its columns are id, label",
          hint: #"name the column with name = "..." under [registry.columns] in tenantctl.toml"#)
      ])
      try await scene.database.psql(
        """
        DROP TABLE tenants;
        CREATE TABLE tenants (id int, name text, created_at date, updated_at date, deactivated int);
        CREATE TABLE domains (tenant_id int, tenant_name text, domain_name text, is_primary boolean)
        """)
      try await scene.refuses([
        Refusal(
          "init", 2, "registry_mismatch",
          "column deactivated of public.tenants is of type integer, not boolean",
          hint: """
            name another column under [registry.columns] in tenantctl.toml; deactivated = false if the registry has no such column
            """)
      ])
    }
  }

  @Test func doesNotGuessATableThatTheMappingNames() async throws {
    let toml = "[registry]\ntenants = \"shop.customer\"\n"
    try await Scene.empty(files: ["tenantctl.toml": toml]) { scene in
      let missing = "tables shop.customer and public.domains do not exist"
      try await scene.refuses([
        Refusal("init", 3, "registry_missing", missing, hint: Refusal.withoutRegistry)
      ])
      try await scene.database.psql(
        "CREATE SCHEMA shop; CREATE TABLE shop.customer_list (); CREATE TABLE customer (); CREATE TABLE other ()"
      )
      let hint =
        """
        the database has public.customer, shop.customer_list, public.other: name the right table with \
        'tenantctl init --tenants-table', or under [registry] in tenantctl.toml
        """
      try await scene.refuses(
        ["init", "list", "create acme --no-migrations"].map {
          Refusal($0, 3, "registry_missing", missing, hint: hint)
        })
    }
  }

  @Test func refusesWordsThatContradictEachOther() async throws {
    try await Scene.empty(files: ["a/tenantctl.toml": "[registry]\ntenants = \"public.tenants\"\n"]) {
      scene in
      let help = "see 'tenantctl init --help'"
      let taken = "a/tenantctl.toml already names the registry"
      try await scene.refuses(
        [
          Refusal(
            "init --domains-table x", 2, "usage", "--domains-table requires --tenants-table",
            hint: "give both"),
          Refusal(
            "init --new --upgrade", 2, "usage", "--new and --upgrade cannot be used together", hint: help),
          Refusal(
            "init --new --tenants-table x", 2, "usage", "--new and --tenants-table cannot be used together",
            hint: help),
          Refusal(
            "init --tenants-table a.b.c", 2, "usage",
            "invalid --tenants-table 'a.b.c': expected a table, as SCHEMA.TABLE", hint: help),
          Refusal(
            "init --config a/tenantctl.toml --new", 2, "usage", taken,
            hint: "change or remove [registry] there"),
          Refusal(
            "init --config a/tenantctl.toml --tenants-table x", 2, "usage", taken,
            hint: "change or remove [registry] there"),
          Refusal(
            "init --format csv", 2, "usage", "this command has no result as CSV",
            hint: "use --format text or json"),
        ].dropLast())
      #expect(try await scene.run("init --format csv").status == 2)
      #expect(try await scene.database.psql("SELECT to_regclass('tenants')") == "NULL")
    }
  }

  /// The next one would keep an empty file.
  @Test func aDiskThatTakesNoMore() async throws {
    try await Scene.empty { scene in
      let outcome = try await Tenantctl.script(
        "ulimit -f 0; tenantctl init", database: scene.database, workingDirectory: scene.folder.path)
      #expect(
        outcome.status == 1 && outcome.stderr.contains("error: tenantctl.toml: File too large\n"),
        "\(outcome)")
      #expect(!scene.folder.exists("tenantctl.toml"))
      try await scene.succeed("init")
      #expect(try scene.folder.read("tenantctl.toml").contains("[migrations]"))
    }
  }
}
