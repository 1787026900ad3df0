import TestSupport
import Testing

@testable import TenantctlCommands

/// A command of a hint is copied into a shell or into psql: names in it are words there.
@Suite struct CopiedCommandTests {
  private static let name = "b; touch PWNED #"

  private func follow(_ hint: some StringProtocol, _ scene: Scene) async throws {
    let outcome = try await Tenantctl.script(
      String(hint), database: scene.database, workingDirectory: scene.folder.path)
    #expect(!scene.folder.exists("PWNED"), "\(hint): \(outcome)")
  }

  @Test func aDomain() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        "INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary) SELECT id, name, '\(Self.name)', false FROM tenants"
      )
      let refused = try await scene.run("domain remove acme.example.com")
      try await follow(try #require(refused.stderr.firstMatch(of: /first: '(tenantctl .*)'\n/)).1, scene)
    }
  }

  @Test(arguments: ["ofAnother", "several"]) func aTable(kind: String) async throws {
    try await Scene.empty { scene in
      let registry = """
        CREATE TABLE m."\(Self.name)" (id serial PRIMARY KEY, name varchar(128) UNIQUE NOT NULL, deactivated boolean NOT NULL);
        CREATE TABLE m.domains (id serial PRIMARY KEY, tenant_id int REFERENCES m."\(Self.name)" (id), tenant_name varchar(128),
          domain_name varchar(255) UNIQUE NOT NULL, is_primary boolean NOT NULL)
        """
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          kind == "several"
            ? "CREATE SCHEMA m; CREATE SCHEMA n; \(registry); \(registry.replacing("m.", with: "n."))"
            : "CREATE SCHEMA m AUTHORIZATION \(role.name); SET ROLE \(role.name); \(registry)")
        let refused = try await scene.run("init --dry-run")
        let hint = try #require(refused.stderr.firstMatch(of: /'(tenantctl init .*? #')'/), "\(refused)").1
        try await follow(hint.replacing("init", with: "init --dry-run"), scene)
      }
    }
  }

  @Test func anIndex() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write(
        "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON tanks (id);\nSELECT 1/0;\n",
        to: "migrations/tenant/20260301000000_i.sql")
      _ = try await scene.run("migrate acme")
      try await scene.database.psql(
        """
        CREATE INDEX "x'; touch PWNED; '" ON acme.tanks (id);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'acme."x''; touch PWNED; ''"'::regclass
        """)
      let advice = try await scene.run("doctor").stdout
      try await follow(
        try #require(advice.firstMatch(of: /drop it: (tenantctl psql .*); then/), "\(advice)").1, scene)
      #expect(
        try await scene.database.psql("SELECT count(*) FROM pg_class WHERE relname LIKE 'x%touch%'") == "0")
    }
  }

  @Test(arguments: [
    ("public.tenants", "public.tenants"), ("public.Accounts", "public.\"Accounts\""),
    ("uuid-ossp", "\"uuid-ossp\""),
    ("my app.a\"b", "\"my app\".\"a\"\"b\""),
  ]) func namesInSQL(name: String, quoted: String) { #expect(quotedTable(name) == quoted) }

  @Test(arguments: [
    ("public.tenants", "public.tenants"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("-x", "'-x'"),
    ("", "''"),
  ]) func valuesOfOptions(text: String, argument: String) { #expect(text.argument == argument) }
}
