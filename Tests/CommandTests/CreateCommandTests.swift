import TenancyPostgres
import TestSupport
import Testing

@testable import TenantctlCommands

@Suite struct CreateCommandTests {
  @Test func createsRowSchemaMigrationsAndDomains() async throws {
    try await Scene.with { scene in
      try await scene.says(
        "create acme --domain acme.example.com --domain WWW.Acme.com.",
        """
        created tenant acme, 2 migrations applied
        added domain acme.example.com (primary)
        added domain www.acme.com

        """,
        json: #"""
          {"active":true,"created":true,"domains":["acme.example.com","www.acme.com"],\#
          "migrations":["20260101000000","20260102000000"],"name":"acme",\#
          "primary_domain":"acme.example.com","schema":"acme"}
          """#)
      #expect(try await scene.database.psql("SELECT id, litres FROM acme.tanks") == "")
      #expect(try await scene.database.psql("SELECT count(*) FROM acme.schema_migrations") == "2")
    }
  }

  /// The new tenant would lack what the others have; without one of them, or with all files, there is nothing to say.
  @Test func warnsOfAVersionWithoutAFile() async throws {
    let files = (1...3).map { ("migrations/tenant/\($0)_f.sql", "CREATE TABLE t\($0) (id int);\n") }
    try await Scene.with(files: Dictionary(uniqueKeysWithValues: files)) { scene in
      let created = { (name: String, count: Int) in "created tenant \(name), \(count) migrations applied\n" }
      try await scene.prints("create acme", created("acme", 3))
      try await scene.prints("create beta", created("beta", 3))
      try scene.folder.write("CREATE TABLE t4 (id int);\n", to: "migrations/tenant/4_f.sql")
      try await scene.prints("create gamma", created("gamma", 4))
      try await scene.succeed("drop beta gamma --yes")
      try scene.folder.remove("migrations/tenant/2_f.sql")
      let warning = "warning: acme has version 2, which no migration file has\n"
      try await scene.prints("create reef", created("reef", 3), stderr: warning)
      let dry = try await scene.run("create rock --dry-run")
      #expect(dry.status == 0 && dry.stderr.hasPrefix(warning), "\(dry)")
      let several = try await scene.run("create rock pond")
      #expect(several.status == 0 && several.stderr.contains(warning), "\(several)")
      try await scene.prints("create lake --no-migrations", created("lake", 0))
      try await scene.prints("create reef --if-not-exists", "tenant reef already exists\n")
    }
  }

  /// What is wrong with another row is no obstacle to a new tenant.
  @Test(arguments: ["pg_shop", "information_schema", "public", "missing", "$user", "Shop"])
  func besideARowThatIsNoTenants(name: String) async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name, created_at, updated_at, deactivated) VALUES ('\(name)', now(), now(), false)
        """)
      try await scene.succeed("create reef")
      try await scene.prints("create acme", "created tenant acme, 2 migrations applied\n")
      try scene.folder.remove("migrations/tenant/20260102000000_litres.sql")
      try await scene.prints(
        "create rock", "created tenant rock, 1 migration applied\n",
        stderr: "warning: reef has version 20260102000000, which no migration file has\n")
    }
  }

  @Test func fillsTheRegistrysOwnColumns() async throws {
    try await Scene.with { scene in
      try await scene.succeed("create acme --set plan=gold=1 --set seats=5 --deactivated --no-migrations")
      #expect(
        try await scene.database.psql("SELECT plan, seats, deactivated FROM tenants") == "gold=1|5|t")
      let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r'"
      #expect(try await scene.database.psql(tables) == "schema_migrations")
    }
  }

  @Test func aSchemaOfItsOwn() async throws {
    try await Scene.with(tenants: ["reef"]) { scene in
      try await scene.database.psql("ALTER TABLE tenants ADD db_schema text")
      try await scene.refuses([
        Refusal(
          "create acme --schema t_acme", 4, "no_schema_column",
          "the registry has no column for the schema, so a schema is named after its tenant",
          hint:
            "omit --schema, or map a column of public.tenants with schema = \"...\" under [registry.columns]"
        )
      ])
      try scene.folder.write("[registry.columns]\nschema = \"db_schema\"\n", to: "tenantctl.toml")
      try await scene.prints("create acme --schema t_acme", "created tenant acme, 2 migrations applied\n")
      #expect(try await scene.database.psql("SELECT db_schema FROM tenants ORDER BY 1") == "t_acme\nNULL")
      #expect(try await scene.database.psql("SELECT count(*) FROM t_acme.tanks") == "0")
      try await scene.refuses([
        Refusal(
          "create t_acme", 4, "schema_taken", "schema t_acme already belongs to tenant acme",
          hint: "choose another name, or another schema with --schema"),
        Refusal(
          "create beta --schema Beta", 2, "invalid_schema",
          "invalid schema name 'Beta': it contains characters that are not allowed",
          hint: "use 1 to 63 lower-case letters, digits and underscores, beginning with a letter"),
      ])
      try await scene.database.psql("UPDATE tenants SET db_schema = 't_acme'")
      try await scene.refuses([
        Refusal(
          "drop acme --yes", 4, "schema_not_alone",
          "schema t_acme of tenant acme also belongs to tenant reef",
          hint: "inspect the two rows with psql, and give one of them another schema")
      ])
    }
  }

  @Test func isQuiet() async throws {
    try await Scene.with { scene in
      try await scene.prints("create acme --quiet", "")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with { scene in
      try await scene.dryRunTellsTheTruth("create acme --domain acme.example.com --set plan=it's")
    }
  }

  @Test func refusesBadNames() async throws {
    let form = "use 1 to 63 lower-case letters, digits and underscores, beginning with a letter"
    let other = "choose another name, such as this one with a prefix"
    let long = String(repeating: "a", count: 64)
    let names: [(name: String, reason: String, hint: String)] = [
      ("Acme", "it contains characters that are not allowed", form),
      (
        "acme-corp", "it contains hyphens",
        "allow_hyphens = true under [names] in tenantctl.toml allows hyphens, for apps that quote names"
      ),
      ("1acme", "it contains characters that are not allowed", form),
      ("café", "it contains characters that are not allowed", form),
      (long, "it is too long", form),
      ("user", "it is an SQL keyword", other),
      ("public", "it is reserved", other),
      ("pg_acme", "it is reserved", other),
      ("www", "it is reserved", other),
    ]
    try await Scene.with { scene in
      try await scene.refuses(
        names.map {
          Refusal("create \($0)", 2, "invalid_name", "invalid tenant name '\($0)': \($1)", hint: $2)
        })
      #expect(
        try await scene.run(["create", ""]).stderr == "error: invalid NAME '': it is empty\nhint: \(form)\n")
    }
  }

  @Test func refusesBadDomains() async throws {
    let form = "use letters, digits and hyphens between dots, as in acme.example.com"
    let hosts: [(host: String, reason: String, hint: String)] = [
      ("a.com:80", "it has a port", "omit the port: the same tenant is served on every port"),
      ("a_b.com", "a label in it is not made of letters, digits and inner hyphens, 63 at most", form),
      (
        "café.com", "it contains characters that are not ASCII",
        InternationalName.ascii("café.com").map { "write it as \($0)" } ?? "give its xn-- form"
      ),
      ("https://a.com", "it is a URL", "give only the host name"),
      ("a..com", "it has an empty label", form),
      ("acme", "it has no dot, so it cannot be a tenant's domain", form),
      ("10.0.0.1", "it is an IP address, so it cannot be a tenant's domain", form),
    ]
    try await Scene.with { scene in
      try await scene.refuses(
        hosts.map {
          Refusal("create acme --domain \($0)", 2, "usage", "invalid --domain '\($0)': \($1)", hint: $2)
        })
      #expect(
        try await scene.run(["create", "acme", "--domain", "a b.com"]).stderr
          == "error: invalid --domain 'a b.com': a label in it is not made of letters, digits and inner hyphens, 63 at most\nhint: \(form)\n"
      )
    }
  }

  @Test func refusesWhatIsTaken() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        "CREATE SCHEMA left_over; INSERT INTO tenants (name) VALUES ('Globex'), ('gone')")
      try await scene.refuses([
        Refusal(
          "create acme", 4, "tenant_exists", "tenant acme already exists", hint: "see 'tenantctl show acme'"),
        Refusal(
          "create globex", 4, "tenant_exists",
          "the name globex differs from that of tenant Globex only by case",
          hint: "choose another name: frameworks that do not quote names would confuse the two"),
        Refusal(
          "create left_over", 4, "schema_without_tenant",
          "schema left_over already exists, but belongs to no tenant",
          hint:
            "inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA \"left_over\" CASCADE; or choose another name"
        ),
        Refusal(
          "create gone", 3, "schema_missing", "schema gone of tenant gone does not exist",
          hint: """
            if the schema was renamed, 'tenantctl doctor' finds it; otherwise restore it from a backup, or remove the tenant with \
            'tenantctl drop gone'
            """),
        Refusal(
          "create reef --domain acme.example.com", 4, "domain_taken",
          "domain acme.example.com already belongs to tenant acme",
          hint: "'tenantctl domain remove acme.example.com' removes it there"),
        Refusal(
          "create reef --domain a.com --domain a.com", 2, "usage", "domain a.com is given twice",
          hint: "give it once"),
      ])
    }
  }

  @Test func refusesBadColumns() async throws {
    try await Scene.with { scene in
      try await scene.refuses([
        Refusal(
          "create acme --set plam=gold", 2, "unknown_column",
          "column plam of table public.tenants does not exist",
          hint: "columns: plan, seats"),
        Refusal(
          "create acme --set id=7", 2, "reserved_column", "column id is one of the registry's own columns",
          hint: "use 'tenantctl rename', 'activate' or 'deactivate'; tenantctl manages the others"),
        Refusal(
          "create acme --set seats=many", 2, "bad_value",
          #"column seats: invalid input syntax for type integer: "many""#,
          hint: "nothing was changed"),
        Refusal(
          "create acme --set plan", 2, "usage", "invalid --set 'plan': expected COLUMN=VALUE",
          hint: "see 'tenantctl create --help'"),
      ])
      try await scene.database.psql("ALTER TABLE tenants ADD email text NOT NULL")
      try await scene.refuses([
        Refusal(
          "create acme", 2, "values_required", "table public.tenants requires values for email",
          hint: "add --set email=VALUE")
      ])
    }
  }

  @Test func aTriggerSwallowsTheRow() async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        """
        CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER skips BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION skip()
        """)
      // What a sequence has given is not taken back.
      try await scene.database.psql("ALTER TABLE tenants ALTER id SET DEFAULT 7")
      try await scene.refuses([
        Refusal(
          "create acme", 1, "row_not_stored",
          "the row in public.tenants was not stored as sent: trigger skips discards or alters it",
          hint: #"inspect the table with psql: '\d public.tenants'; nothing was changed"#)
      ])
    }
  }
}
