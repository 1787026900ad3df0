import TestSupport
import Testing

/// Which column of an app's own table has the tenants' names: the one that the schemas are named after.
@Suite struct InitColumnTests {
  /// The table, and the schema of each tenant.
  struct Shape: Sendable, CustomTestStringConvertible {
    let app: String
    let ddl: String
    let schemas: [String]
    var testDescription: String { app }
  }

  private static let shapes = [
    Shape(
      app: "Triplex: a name and a slug, both unique",
      ddl: """
        CREATE TABLE accounts (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, slug text NOT NULL UNIQUE);
        INSERT INTO accounts (name, slug) VALUES ('Acme Inc', 'acme'), ('Globex LLC', 'globex');
        """, schemas: ["tenant_acme", "tenant_globex"]),
    Shape(
      app: "Prisma: a schema's name in camel case",
      ddl: """
        CREATE TABLE accounts (id text PRIMARY KEY, name text NOT NULL, "schemaName" text NOT NULL UNIQUE);
        INSERT INTO accounts VALUES ('ck1', 'Acme Inc', 'p_acme'), ('ck2', 'Globex LLC', 'p_globex');
        """, schemas: ["p_acme", "p_globex"]),
    Shape(
      app: "a unique name before a schema's name in camel case",
      ddl: """
        CREATE TABLE accounts (slug text PRIMARY KEY, "dbSchema" text);
        INSERT INTO accounts VALUES ('acme', 'one'), ('globex', 'two');
        """, schemas: ["one", "two"]),
    Shape(
      app: "Apartment: a subdomain that is unique among what is not deleted",
      ddl: """
        CREATE TABLE accounts (id serial PRIMARY KEY, subdomain varchar NOT NULL, name varchar, deleted_at timestamp);
        CREATE UNIQUE INDEX ON accounts (subdomain) WHERE deleted_at IS NULL;
        INSERT INTO accounts (subdomain, name) VALUES ('acme', 'Acme Inc'), ('globex', 'Globex LLC');
        """, schemas: ["acme", "globex"]),
    Shape(
      app: "a column whose name says nothing, before one with the same value in each row",
      ddl: """
        CREATE TABLE accounts (id serial PRIMARY KEY, name text UNIQUE, plan text, brand text, note text);
        INSERT INTO accounts (name, plan, brand)
          VALUES ('Acme Inc', 'plan', 'acme'), ('Globex LLC', 'plan', 'globex'), ('Initech', 'plan', 'initech');
        CREATE SCHEMA shop_plan;
        """, schemas: ["shop_acme", "shop_globex", "shop_initech"]),
    Shape(
      app: "two schemas for each tenant",
      ddl: """
        CREATE TABLE accounts (id serial PRIMARY KEY, name text UNIQUE); INSERT INTO accounts (name) VALUES ('acme'), ('globex');
        CREATE SCHEMA audit_acme; CREATE SCHEMA audit_globex;
        """, schemas: ["tenant_acme", "tenant_globex"]),
    Shape(
      app: "domains that refer to a name that is not the schemas'",
      ddl: """
        CREATE TABLE accounts (name text PRIMARY KEY, slug text NOT NULL UNIQUE);
        CREATE TABLE hosts (host text PRIMARY KEY, account text NOT NULL REFERENCES accounts (name));
        INSERT INTO accounts VALUES ('Acme Inc', 'acme'), ('Globex LLC', 'globex');
        INSERT INTO hosts VALUES ('acme.com', 'Acme Inc');
        """, schemas: ["acme", "globex"]),
  ]

  @Test(arguments: shapes) func takesTheColumnOfTheSchemas(shape: Shape) async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(shape.ddl)
      for schema in shape.schemas { try await scene.database.psql("CREATE SCHEMA \(schema)") }
      let outcome = try await scene.run("init --tenants-table accounts")
      #expect(outcome.status == 0 && !outcome.stderr.contains("no tenant"), "\(outcome)")
      let list = try await scene.run("list --columns schema --format csv")
      #expect(
        list.stdout.split(whereSeparator: \.isNewline).dropFirst().sorted() == shape.schemas.map { $0[...] })
      if shape.ddl.contains("acme.com") {
        try await scene.prints(
          "resolve acme.com", "acme.com is served by tenant acme: the host is one of its domains\n")
      }
    }
  }

  /// The schema `t_shop1` ends in the slug and in the key.
  @Test func takesTheFirstOfEqualColumns() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE accounts (id serial PRIMARY KEY, title text, slug text UNIQUE); CREATE SCHEMA t_shop1; CREATE SCHEMA t_shop2;
        INSERT INTO accounts (title, slug) VALUES ('Acme Inc', 'shop1'), ('Globex LLC', 'shop2')
        """)
      try await scene.succeed("init --tenants-table accounts")
      try await scene.prints("list --quiet", "shop1\nshop2\n")
    }
  }

  /// The usual names decide as before, and that they may be wrong is said.
  @Test func saysThatNoTenantHasASchema() async throws {
    try await Scene.empty { scene in
      try await scene.database.psql(
        """
        CREATE TABLE accounts (id serial PRIMARY KEY, name text UNIQUE, slug text UNIQUE);
        INSERT INTO accounts (name, slug) VALUES ('acme', 'a'), ('globex', 'g'); CREATE SCHEMA other
        """)
      let note =
        "note: no tenant has a schema that is named after public.accounts.name; if another column has the schemas' names,"
      let outcome = try await scene.run("init --tenants-table accounts")
      #expect(outcome.status == 0 && outcome.stderr.contains(note), "\(outcome)")
      try await scene.prints("list --quiet", "acme\nglobex\n")
      let again = try await scene.run("init")
      #expect(again.stderr.contains(note), "\(again)")
      try await scene.database.psql("CREATE SCHEMA globex")
      let found = try await scene.run("init")
      #expect(found.status == 0 && !found.stderr.contains("no tenant has a schema"), "\(found)")
    }
  }
}
