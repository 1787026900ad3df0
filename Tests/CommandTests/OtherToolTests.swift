import TestSupport
import Testing

/// Tables in which other tools record migrations, where their name alone does not say whose they are.
@Suite struct OtherToolTests {
  struct Table: Sendable, CustomTestStringConvertible {
    let tool: String
    let name: String
    let columns: String
    var testDescription: String { tool }
  }

  private static let ecto = Table(
    tool: "Ecto", name: "schema_migrations", columns: "version bigint PRIMARY KEY, inserted_at timestamp(0)")
  private static let golangMigrate = Table(
    tool: "golang-migrate", name: "schema_migrations",
    columns: "version bigint PRIMARY KEY, dirty boolean NOT NULL")
  private static let tables = [
    Table(
      tool: "Laravel", name: "migrations",
      columns: "id serial PRIMARY KEY, migration text NOT NULL, batch int"),
    Table(
      tool: "TypeORM", name: "migrations",
      columns: "id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL"),
    Table(tool: "tern", name: "schema_version", columns: "version int4 NOT NULL"),
    Table(
      tool: "Flyway", name: "schema_version",
      columns: "installed_rank int, version text, script text, checksum int"
    ),
    ecto, golangMigrate,
  ]

  private func with(_ table: Table, _ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme'); CREATE TABLE acme.a (x int);
        CREATE TABLE acme.\(table.name) (\(table.columns))
        """)
      try await body(scene)
    }
  }

  private func file(_ scene: Scene) throws -> String {
    try scene.folder.read(try #require(try scene.folder.files().first { $0.contains("initial") }))
  }

  @Test(arguments: tables) func isLeftOutOfAMigration(table: Table) async throws {
    try await with(table) { scene in
      let outcome = try await scene.run("migration new initial --from acme")
      #expect(
        outcome.stderr.contains("warning: \(table.tool) migrates this schema (\(table.name), left out)"),
        "\(outcome)")
      let text = try file(scene)
      #expect(text.contains("CREATE TABLE a ") && !text.contains(table.name), "\(text)")
    }
  }

  /// An app's own table that only has the name is a table like any other.
  @Test(arguments: ["migrations", "schema_version"]) func anAppsOwnIsKept(name: String) async throws {
    let table = Table(tool: "", name: name, columns: "id serial PRIMARY KEY, species text")
    try await with(table) { scene in
      let outcome = try await scene.run("migration new initial --from acme")
      #expect(!outcome.stderr.contains("left out"), "\(outcome)")
      #expect(try file(scene).contains("CREATE TABLE \(name) "))
      try await scene.succeed("create probe")
      try await scene.succeed("adopt acme --like probe")
      try await scene.database.psql("CREATE SCHEMA reef; INSERT INTO tenants (name) VALUES ('reef')")
      try await scene.database.psql("CREATE TABLE reef.a (x int)")
      let adopted = try await scene.run("adopt reef --like probe")
      #expect(adopted.status == 5 && adopted.stderr.contains("missing: table \(name)"), "\(adopted)")
    }
  }

  @Test(arguments: tables.prefix(4)) func doesNotCountInAComparison(table: Table) async throws {
    try await Scene.with(
      tenants: ["probe"], files: ["migrations/tenant/20260101000000_a.sql": "CREATE TABLE a (x int);\n"]
    ) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme'); CREATE TABLE acme.a (x int);
        CREATE TABLE acme.\(table.name) (\(table.columns))
        """)
      let possessive = "\(table.tool)'s"
      try await scene.prints(
        "adopt acme --like probe",
        "acme: recorded 1 migration, up to 20260101000000\nadopted 1 tenant, 0 already had a ledger\n",
        stderr: "note: 1 tenant (acme) has \(possessive) table \(table.name), which is left unchanged\n")
    }
  }

  /// Tenants have histories of their own, and the shared schema has one.
  @Test(arguments: [("public", "--shared"), ("acme", "--all")])
  func theHintImportsTheTableThatIsThere(schema: String, option: String) async throws {
    let shared = ["migrations/shared/1_s.sql": "SELECT 1;\n", "migrations/tenant/1_a.sql": "SELECT 1;\n"]
    try await Scene.with(files: shared) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme');
        CREATE TABLE \(schema).schema_migrations (\(Self.golangMigrate.columns))
        """)
      let outcome = try await scene.run("migrate --all")
      #expect(
        outcome.stderr.contains(
          "'tenantctl migration import --from golang-migrate DIR --ledger \(option)' imports it"),
        "\(outcome)")
    }
  }

  @Test(arguments: [ecto, golangMigrate]) func theLedgerHasAnotherName(table: Table) async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE tenants (id serial PRIMARY KEY, name varchar(128) NOT NULL UNIQUE);
        INSERT INTO tenants (name) VALUES ('acme'); CREATE SCHEMA acme;
        CREATE TABLE acme.schema_migrations (\(table.columns))
        """)
      let outcome = try await scene.run("init --tenants-table tenants")
      #expect(
        outcome.stderr.contains(
          "belongs to \(table.tool), so tenantctl.toml has ledger = \"tenantctl_migrations\""), "\(outcome)")
      #expect(try scene.folder.read("tenantctl.toml").hasSuffix("ledger = \"tenantctl_migrations\"\n"))
      try await scene.succeed("status --all")
    }
  }
}
