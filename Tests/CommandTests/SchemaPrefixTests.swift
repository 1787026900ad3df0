import TestSupport
import Testing

/// Every command in a registry whose tenants are keys, and whose schemas are named after them.
@Suite struct SchemaPrefixCommandTests {
  private static let ddl = """
    CREATE TABLE accounts (
      id integer PRIMARY KEY, title text, deactivated boolean NOT NULL DEFAULT false);
    CREATE TABLE hosts (host text PRIMARY KEY, account_id integer NOT NULL REFERENCES accounts);
    INSERT INTO accounts VALUES (41, 'Globex'), (42, 'Acme');
    INSERT INTO hosts VALUES ('acme.com', 42);
    CREATE SCHEMA tenant_41 CREATE TABLE orders ();
    CREATE SCHEMA tenant_42 CREATE TABLE orders ();
    """
  private static let section = """
    [registry]
    tenants = "public.accounts"
    domains = "public.hosts"
    schema_prefix = "tenant_"
    [registry.columns]
    name = "id"
    domain = "host"
    tenant_name = "account_id"
    """

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.empty(files: Scene.files) { scene in
      try await scene.database.psql(Self.ddl)
      let outcome = try await scene.run("init --tenants-table accounts")
      #expect(outcome.status == 0, "\(outcome)")
      #expect(
        outcome.stdout.contains(
          Self.section.split(separator: "\n").map { "  \($0)\n" }.joined()), "\(outcome)")
      #expect(try scene.folder.read("tenantctl.toml").contains(Self.section))
      try await body(scene)
    }
  }

  @Test func everyCommand() async throws {
    try await with { scene in
      let names = try await scene.run("list --quiet").stdout
      #expect(names == "41\n42\n")
      #expect(try await scene.run("show 42").stdout.contains("tenant_42"))
      #expect(try await scene.run("resolve acme.com --format json").stdout.contains(#""schema":"tenant_42""#))
      #expect(try await scene.run("adopt --all --version 20260102000000").status == 0)
      try await scene.succeed("create 7 --domain 7.example.com")
      #expect(try await scene.database.psql("SELECT to_regclass('tenant_7.tanks')") == "tenant_7.tanks")
      try await scene.succeed("migrate --all")
      try await scene.succeed("status --all --check")
      let rows = try await scene.run(["exec", "7", "-c", "SELECT current_schema() AS s", "--format", "csv"])
      #expect(rows.stdout == "tenant,s\n7,tenant_7\n")
      let own = try await scene.run(["run", "7", "--", "printenv", "TENANT", "TENANT_SCHEMA"])
      #expect(own.stdout.contains("tenant_7"), "\(own)")
      try await scene.succeed("rename 7 8")
      try await scene.succeed("deactivate 8")
      try await scene.succeed("doctor")
      try await scene.succeed("drop 8 --yes")
      // A schema without a row is found by the same rule.
      try await scene.database.psql("CREATE SCHEMA tenant_9 CREATE TABLE tanks ()")
      let taken = try await scene.run("create 9")
      #expect(taken.status == 4 && taken.stderr.contains("tenant_9"), "\(taken)")
      let strange = try await scene.run("drop 9 --yes")
      #expect(strange.status == 4 && strange.stderr.contains("tenant_9"), "\(strange)")
      let none = try await scene.run("show acme")
      #expect(none.status == 3 && none.stderr.hasPrefix("error: tenant acme does not exist\n"), "\(none)")
      for command in [
        "migrate acme", "drop acme --yes", "rename acme 3", "deactivate acme", "set acme title=x",
      ] {
        let outcome = try await scene.run(command)
        #expect(outcome.status == 3 && outcome.stderr.contains("acme"), "\(outcome)")
      }
    }
  }

  @Test func badNames() async throws {
    try await with { scene in
      let name = try await scene.run("create acme")
      #expect(
        name.stderr == """
          error: invalid tenant name 'acme': it is not of type integer
          hint: the names are keys, in column id of public.accounts, in the form in which PostgreSQL prints them

          """)
      #expect(name.status == 2)
      let schema = try await scene.run("create 5 --schema other")
      #expect(schema.status == 4 && schema.stderr.contains("named after its tenant"), "\(schema)")
      try await scene.succeed("create 5 --schema tenant_5")
    }
  }

  @Test(arguments: [
    (#""""#, "registry.schema_prefix is empty"), ("3", "registry.schema_prefix must be a string"),
    (#""pg_""#, "registry.schema_prefix: the schemas that begin with pg_ are PostgreSQL's own"),
    (#""a\n""#, "registry.schema_prefix: expected 1 to 62 bytes without control characters"),
    (#""\#(String(repeating: "p", count: 63))""#, "expected 1 to 62 bytes without control characters"),
  ])
  func badPrefixes(value: String, message: String) async throws {
    let file = ["tenantctl.toml": "[registry]\nschema_prefix = \(value)\n"]
    try await Scene.empty(files: file) { scene in
      let outcome = try await scene.run("list")
      #expect(outcome.status == 2 && outcome.stderr.contains(message), "\(outcome)")
    }
  }

  /// tenantctl's own tables, with a prefix from the beginning.
  @Test func aNewRegistry() async throws {
    try await Scene.empty(files: ["tenantctl.toml": "[registry]\nschema_prefix = \"t_\"\n"]) { scene in
      try await scene.succeed("init")
      try await scene.succeed("create 1and1 --no-migrations")
      let schema = try await scene.database.psql("SELECT to_regnamespace('t_1and1') IS NOT NULL")
      #expect(schema == "t")
    }
  }

  @Test func stancl() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE tenants (id varchar(255) PRIMARY KEY, data json);
        CREATE TABLE domains (
          id serial PRIMARY KEY, domain varchar(255) UNIQUE NOT NULL, tenant_id varchar(255) NOT NULL REFERENCES tenants);
        INSERT INTO tenants VALUES ('foo', '{}'), ('bar', '{}');
        """)
      let unknown = try await scene.run("init")
      #expect(unknown.status == 4 && unknown.stderr.contains("schema_prefix"), "\(unknown)")
      try await scene.database.psql("CREATE SCHEMA tenantfoo; CREATE SCHEMA tenantbar")
      let found = try await scene.run("init")
      #expect(found.status == 0, "\(found)")
      #expect(
        found.stdout.hasPrefix("found stancl/tenancy's registry: public.tenants (2 tenants)"), "\(found)")
      let file = try scene.folder.read("tenantctl.toml")
      #expect(file.contains("schema_prefix = \"tenant\"\n[registry.columns]\nname = \"id\"\n"), "\(file)")
      #expect(file.contains("subdomains = false"))
      let names = try await scene.run("list --quiet").stdout
      #expect(names == "bar\nfoo\n")
    }
  }
}
