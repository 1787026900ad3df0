import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The mapping where a registry is not quite as it should be.
@Suite struct MappingTests {
  private static let constraints = """
    ALTER TABLE tenants DROP CONSTRAINT tenants_name_key CASCADE, ALTER name DROP NOT NULL, ALTER deactivated DROP NOT NULL;
    ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey, DROP CONSTRAINT domains_domain_name_key,
      ALTER domain_name DROP NOT NULL, ALTER tenant_id DROP NOT NULL, ALTER tenant_name DROP NOT NULL,
      ALTER is_primary DROP NOT NULL;
    """

  /// Rows that break every rule hinder no other tenant.
  @Test func brokenRows() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql(
        Self.constraints + """
          INSERT INTO tenants (name, deactivated) VALUES
            (NULL, NULL), ('', false), ('undecided', NULL), ('Gone', false), ('twice', false), ('twice', true),
            (repeat('n', 100), false), ('pg_catalog', false);
          CREATE SCHEMA undecided;
          INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary) VALUES
            (NULL, NULL, NULL, NULL), (77, 'nobody', 'stale.com', true), (NULL, 'acme', 'loose.com', true),
            (1, 'acme', 'b.acme.com', true), (1, 'acme', 'c.acme.com', NULL), (1, 'acme', NULL, true);
          """)
      let listed = try await fleet.list()
      #expect(
        listed == """
           Gone acme(acme.com,b.acme.com,c.acme.com) \(String(repeating: "n", count: 100)) pg_catalog twice twice- \
          undecided
          """)
      try await fleet.create("beta", domains: ["beta.com"])
      #expect(try await fleet.resolve("acme.com") == "acme by domain")
      #expect(try await fleet.resolve("undecided.example.com") == "undecided by subdomain")
      #expect(try await fleet.tenancy.show("acme").entry.domains.count == 3)
      #expect(try await fleet.setActive("acme", false))
      #expect(try await fleet.setActive("undecided", false))
      #expect(try await fleet.rename("beta", "gamma").tenant.schema.rawValue == "gamma")
      #expect(try await fleet.tenancy.domains().count == 4)
      let surveys = try await fleet.tenancy.survey(
        FleetSelection(names: nil), MigrationSet(tenant: [try migration("1", "SELECT 1")], shared: []))
      let healthy = surveys.tenants.filter { $0.problem == nil }.map(\.label)
      #expect(healthy == ["acme", "gamma", "undecided"])
      #expect(try await fleet.drop("acme").domains.count == 3)
      #expect(try await fleet.resolve("beta.com") == "gamma by domain")
    }
  }

  /// What the app calls NULL: neither deactivated nor active.
  @Test func anUndecidedActiveColumn() async throws {
    try await Fleet.with(.inverseActive) { fleet in
      try await fleet.psql(
        "ALTER TABLE accounts ALTER active DROP NOT NULL; INSERT INTO accounts (slug) VALUES ('acme')")
      #expect(try await fleet.list() == "acme-")
      #expect(try await fleet.setActive("acme", true))
      #expect(try await fleet.list() == "acme")
    }
  }

  @Test(arguments: [
    ("ALTER TABLE tenants RENAME name TO label", "name", nil as String?),
    (
      "ALTER TABLE domains DROP tenant_name; ALTER TABLE tenants ALTER name TYPE bytea USING name::bytea",
      "name", "bytea"
    ),
    (
      "ALTER TABLE tenants ALTER deactivated DROP DEFAULT, ALTER deactivated TYPE int USING 0", "deactivated",
      "integer"
    ),
    ("ALTER TABLE domains RENAME domain_name TO host", "domain_name", nil),
    (
      "ALTER TABLE domains ALTER is_primary DROP DEFAULT, ALTER is_primary TYPE int USING 0", "is_primary",
      "integer"
    ),
    ("ALTER TABLE domains DROP tenant_id, DROP tenant_name", "tenant_id", nil),
    ("ALTER TABLE domains DROP tenant_id, ADD tenant_id uuid", "tenant_id", "uuid"),
    ("ALTER TABLE domains DROP tenant_name; ALTER TABLE tenants DROP id CASCADE", "id", nil),
  ])
  func whatIsMissing(change: String, column: String, type: String?) async throws {
    var ddl = Registry.ours
    ddl = Registry(
      name: ddl.name, ddl: ddl.ddl.replacing(" REFERENCES tenants (id)", with: "") + ";\(change)")
    try await Fleet.with(ddl) { fleet in
      let tenancy = fleet.tenancy
      let operations: [@Sendable () async throws -> Void] = [
        { _ = try await tenancy.planCreate(NewTenant("acme")) }, { _ = try await tenancy.domains() },
        { _ = try await tenancy.list() },
      ]
      // A look at the domains finds out about them, and any text will do for a name that is only read.
      let denied = ["deactivated": [0, 2], "tenant_id": [0, 1], "name": type == nil ? [0, 1, 2] : [0]]
      for operation in denied[column] ?? [0, 1, 2] {
        let operation = operations[operation]
        let error = await #expect(throws: TenancyProblem.self) { try await operation() }
        switch error {
        case .registryColumnMissing(let missing): #expect((missing.column, nil) == (column, type))
        case .registryColumnType(_, let wrong, let found, _): #expect((wrong, found) == (column, type))
        default: Issue.record("\(String(describing: error))")
        }
      }
    }
  }

  @Test func aColumnThatMeansSomethingElse() async throws {
    var registry = Registry.ours
    registry.mapping.columns.hasActivity = false
    try await Fleet.with(registry) { fleet in
      try await fleet.psql(
        "ALTER TABLE tenants ALTER deactivated DROP DEFAULT, ALTER deactivated TYPE int USING 0, ALTER deactivated SET DEFAULT 7"
      )
      try await fleet.create("acme")
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.tenancy.show("acme").columns["deactivated"] == "7")
      await #expect(throws: TenancyProblem.noDeactivation(table: "public.tenants")) {
        try await fleet.setActive("acme", false)
      }
    }
  }

  @Test func aSchemaOfItsOwn() async throws {
    try await Fleet.with(.ownSchemas) { fleet in
      let new = NewTenant("acme", schema: SchemaName(stored: "t_acme"))
      #expect(try await fleet.tenancy.planCreate(new).apply().tenant.schema.rawValue == "t_acme")
      #expect(try await fleet.psql("SELECT name, db_schema FROM tenants") == "acme|t_acme")
      await #expect(throws: TenancyProblem.schemaTaken(SchemaName(stored: "t_acme"), by: "acme")) {
        try await fleet.create("t_acme")
      }
      await #expect(throws: TenancyProblem.tenantNotFound("t_acme")) { try await fleet.drop("t_acme") }
      await #expect(throws: TenancyProblem.invalidSchemaName("pg_x", .reserved)) {
        try await fleet.tenancy.planCreate(NewTenant("beta", schema: SchemaName(stored: "pg_x")))
      }
      // A row whose schema is not there keeps it all the same.
      try await fleet.psql(
        "INSERT INTO tenants (name, db_schema, deactivated) VALUES ('ghost', 'beta', false)")
      await #expect(throws: TenancyProblem.schemaTaken(SchemaName(stored: "beta"), by: "ghost")) {
        try await fleet.create("beta")
      }
      await #expect(throws: TenancyProblem.schemaMissing("ghost", SchemaName(stored: "beta"))) {
        try await fleet.create("ghost")
      }
      // The schema stays where it is another one than the name.
      #expect(try await fleet.rename("acme", "apex").tenant.schema.rawValue == "t_acme")
      await #expect(throws: TenancyProblem.tenantExists("ghost")) { try await fleet.rename("apex", "ghost") }
      // Where it is empty it is the name, and comes along.
      try await fleet.psql(
        "INSERT INTO tenants (name, deactivated) VALUES ('plain', false); CREATE SCHEMA plain")
      #expect(try await fleet.tenancy.show("plain").entry.state?.exists == true)
      await #expect(throws: TenancyProblem.schemaTaken(SchemaName(stored: "beta"), by: "ghost")) {
        try await fleet.rename("plain", "beta")
      }
      #expect(try await fleet.rename("plain", "simple").tenant.schema.rawValue == "simple")
      #expect(try await fleet.schemas() == "simple t_acme")
      #expect(try await fleet.drop("apex").hadSchema)
    }
  }

  /// What is done to the one would be done to the other.
  @Test func twoTenantsWithOneSchema() async throws {
    try await Fleet.with(.ownSchemas) { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        ALTER TABLE tenants DROP CONSTRAINT tenants_db_schema_key;
        INSERT INTO tenants (name, db_schema, deactivated) VALUES ('beta', 'acme', false)
        """)
      let acme = SchemaName(stored: "acme")
      await #expect(throws: TenancyProblem.schemaNotAlone(acme, of: "beta", and: "acme")) {
        try await fleet.drop("beta")
      }
      await #expect(throws: TenancyProblem.schemaNotAlone(acme, of: "acme", and: "beta")) {
        try await fleet.rename("acme", "apex")
      }
      #expect(try await fleet.rename("beta", "bird").tenant.schema == acme)
      #expect(try await fleet.schemas() == "acme")
    }
  }

  @Test func noSchemaColumn() async throws {
    try await Fleet.with { fleet in
      await #expect(throws: TenancyProblem.noSchemaColumn(table: "public.tenants")) {
        try await fleet.tenancy.planCreate(NewTenant("acme", schema: SchemaName(stored: "other")))
      }
      let plan = try await fleet.tenancy.planCreate(NewTenant("acme", schema: SchemaName(stored: "acme")))
      #expect(try await plan.apply().tenant.schema.rawValue == "acme")
    }
  }

  /// Keys that the app makes up, and required columns of the domains' table.
  @Test func valuesThatOnlyTheAppKnows() async throws {
    let registry = Registry(
      name: "keys without a default",
      ddl: """
        CREATE TABLE tenants (id text PRIMARY KEY, name text NOT NULL UNIQUE, created_on date NOT NULL);
        CREATE TABLE domains (
          "key" uuid PRIMARY KEY, tenant_id text NOT NULL REFERENCES tenants (id), domain_name text NOT NULL UNIQUE,
          tls boolean NOT NULL, port integer NOT NULL UNIQUE)
        """)
    try await Fleet.with(registry) { fleet in
      await #expect(throws: TenancyProblem.valuesRequired(table: "public.tenants", columns: ["id"])) {
        try await fleet.create("acme")
      }
      await #expect(
        throws: TenancyProblem.domainValuesRequired(table: "public.domains", columns: ["tls", "port"])
      ) { try await fleet.create("acme", domains: ["acme.com"], values: ["id": "01H"]) }
      try await fleet.create("acme", values: ["id": "01H"])
      await #expect(throws: TenancyProblem.reservedColumn("id")) {
        try await fleet.tenancy.planSet(["acme"], ["id": "02H"])
      }
      let add = { (host: String, values: ColumnValues) in
        try await fleet.tenancy.planAddDomain(
          DomainName(parsing: host), to: "acme", primary: false, values: values
        ).apply()
      }
      _ = try await add("acme.com", ["tls": "t", "port": "443"])
      await #expect(
        throws: TenancyProblem.badValue(column: "port", reason: "Key (port)=(443) already exists.")
      ) {
        try await add("b.com", ["tls": "t", "port": "443"])
      }
      await #expect(throws: TenancyProblem.reservedColumn("domain_name")) {
        try await add("b.com", ["domain_name": "c.com"])
      }
      #expect(try await fleet.list() == "acme(acme.com)")
    }
  }

  /// An app that renames a tenant may leave the name in the domain's row as it was.
  @Test func aStaleNameInDomains() async throws {
    try await Fleet.with(.flaskReadme) { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.create("beta", domains: ["beta.com"])
      try await fleet.psql("UPDATE domains SET tenant_name = 'beta' WHERE domain_name = 'acme.com'")
      for database in [fleet.tenancy, try fleet.database.tenancy(.flaskReadme)] {
        #expect(try await database.resolve(host: Host(parsing: "acme.com")).tenant?.name == "acme")
        #expect(try await database.list(withState: false).map(\.domains.count) == [1, 1])
        #expect(try await database.domains(of: ["acme"]).map(\.name.rawValue) == ["acme.com"])
      }
      try await fleet.rename("acme", "apex")
      #expect(
        try await fleet.psql("SELECT domain_name, tenant_name FROM domains ORDER BY 1")
          == "acme.com|apex\nbeta.com|beta")
      try await fleet.drop("beta")
      #expect(try await fleet.list() == "apex(acme.com)")
    }
  }

  /// A row for the shared schema, as django-tenants keeps one, is nobody's to work on.
  @Test func theSharedSchemasRow() async throws {
    try await Fleet.with(.djangoManual) { fleet in
      try await fleet.psql("ALTER TABLE customers_client ADD deactivated boolean NOT NULL DEFAULT false")
      try await fleet.create("acme", values: Registry.djangoManual.values)
      let shared = TenancyProblem.sharedSchema("public", .shared)
      await #expect(throws: shared) { try await fleet.drop("public") }
      await #expect(throws: shared) { try await fleet.rename("public", "us") }
      await #expect(throws: shared) { try await fleet.setActive("public", false) }
      await #expect(throws: TenancyProblem.invalidTenantName("public", .reserved)) {
        try await fleet.create("public")
      }
      // It may have a host, which leads to the shared schema.
      try await fleet.tenancy.planAddDomain(host("example.com"), to: "public", primary: false).apply()
      #expect(try await fleet.resolve("example.com") == "public by domain")
      #expect(try await fleet.list() == "acme")
      let files = MigrationSet(tenant: [try migration("1", "CREATE TABLE t ()")], shared: [])
      var behind = FleetSelection()
      behind.behind = files
      #expect(try await fleet.tenancy.list(behind).map(\.tenant.name) == ["acme"])
      let plan = try await fleet.tenancy.planMigration(FleetSelection(names: nil), files)
      #expect(plan.tenants.map(\.label) == ["acme"])
    }
  }
}
