import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Something wrong, made in a healthy database of the tenants a, b and c.
struct Ailment: Sendable, CustomTestStringConvertible {
  let cause: String
  let findings: [Finding]
  /// What mends it where `doctor --fix` does not.
  var remedy: String?

  var testDescription: String { cause }

  init(_ cause: String, _ findings: Finding..., remedy: String? = nil) {
    self.cause = cause
    self.findings = findings
    self.remedy = remedy
  }
}

@Suite struct DoctorTests {
  private static let files = try? [
    tableMigration(1), tableMigration(2),
    migration("3", "CREATE INDEX t1_id ON t1 (id); CREATE UNIQUE INDEX t2_id ON t2 (id)"),
  ]

  private func healthy<T>(_ registry: Registry = .ours, _ body: (Fleet) async throws -> T) async throws -> T {
    let files = try #require(Self.files)
    return try await Fleet.with(registry) { fleet in
      for name in ["a", "b", "c"] {
        let domains = registry.hasDomains ? ["\(name).example.com"] : []
        try await fleet.create(name, domains: domains, values: registry.values, files)
      }
      return try await body(fleet)
    }
  }

  static func tenant(_ name: TenantName) -> Tenant {
    Tenant(name: name, schema: SchemaName(of: name, after: ""), isActive: true)
  }
  private static let a = tenant("a")
  private static let b = tenant("b")

  @Test(arguments: Registry.all) func aHealthyDatabase(registry: Registry) async throws {
    try await healthy(registry) { fleet in
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(diagnosis.entries.map(\.finding) == [])
      #expect(diagnosis.tenants == 3)
    }
  }

  @Test func anEmptyRegistry() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE SCHEMA reports; CREATE TABLE reports.daily ()")
      #expect(try await fleet.tenancy.diagnose().entries.map(\.finding) == [])
      // Of a row with a schema of the server's nothing else is told, whatever is in there.
      let names: [TenantName] = ["information_schema", "pg_catalog", "pg_x"]
      for name in names { try await fleet.psql("INSERT INTO tenants (name) VALUES ('\(name)')") }
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(diagnosis.entries.map(\.finding) == names.map { .schemaNotEnterable(Self.tenant($0)) })
    }
    try await TestDatabase.with { database in
      let tenancy = try database.tenancy()
      await #expect(throws: TenancyProblem.self) { try await tenancy.diagnose() }
      await tenancy.close()
    }
  }

  private static let wrongHead = LedgerHead(version: nil, count: 0, digest: "x")
  private static let head = LedgerHistory(of: files ?? []).head

  static let ailments = [
    // The registry
    Ailment(
      "DROP SCHEMA a CASCADE", .schemaMissing(a),
      remedy: "DELETE FROM domains WHERE tenant_name = 'a'; DELETE FROM tenants WHERE name = 'a'"),
    Ailment(
      "DELETE FROM domains WHERE tenant_name = 'a'; DELETE FROM tenants WHERE name = 'a'",
      .schemaWithoutTenant(SchemaName(stored: "a"), because: .ledger), remedy: "DROP SCHEMA a CASCADE"),
    Ailment(
      """
      DELETE FROM domains WHERE tenant_name = 'a'; DELETE FROM tenants WHERE name = 'a'; DROP TABLE a.schema_migrations;
      CREATE SCHEMA reports; CREATE TABLE reports.daily ()
      """, .schemaWithoutTenant(SchemaName(stored: "a"), because: .tables(2, of: 2)),
      remedy: "DROP SCHEMA a CASCADE"),
    Ailment(
      "CREATE SCHEMA d; COMMENT ON SCHEMA d IS 'tenantctl: being created, 1f'",
      .creationUnfinished(SchemaName(stored: "d")), remedy: "DROP SCHEMA d"),
    Ailment(
      """
      CREATE SCHEMA d; CREATE TABLE d.schema_migrations (version varchar(128));
      COMMENT ON COLUMN d.schema_migrations.version IS 'tenantctl: being created, 1f'
      """, .creationUnfinished(SchemaName(stored: "d")), remedy: "DROP SCHEMA d CASCADE"),
    Ailment(
      "CREATE SCHEMA x; CREATE TABLE x.t1 (); COMMENT ON SCHEMA x IS 'tenantctl: being dropped, tenant d'",
      .dropUnfinished("d"), remedy: "DROP SCHEMA x CASCADE"),
    Ailment(
      "COMMENT ON SCHEMA a IS 'tenantctl: being dropped, tenant a'", .dropMarked(a),
      remedy: "COMMENT ON SCHEMA a IS NULL"),

    // Domains
    Ailment(
      "DELETE FROM domains WHERE tenant_name = 'a'", .noDomain("a"),
      remedy: """
        INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
        SELECT id, name, 'a.org', true FROM tenants WHERE name = 'a'
        """),
    Ailment(
      "UPDATE domains SET is_primary = false WHERE tenant_name = 'a'",
      .noPrimaryDomain("a", [DomainName(stored: "a.example.com")])),
    Ailment(
      """
      UPDATE domains SET is_primary = false; INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
      SELECT id, name, name || '.org', name <> 'a' FROM tenants
      """, .noPrimaryDomain("a", ["a.example.com", "a.org"].map(DomainName.init(stored:))),
      remedy: "UPDATE domains SET is_primary = true WHERE domain_name = 'a.org'"),
    Ailment(
      """
      INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
      SELECT id, name, 'a.org', true FROM tenants WHERE name = 'a'
      """, .severalPrimaryDomains("a", ["a.example.com", "a.org"].map(DomainName.init(stored:))),
      remedy: "UPDATE domains SET is_primary = false WHERE domain_name = 'a.org'"),
    Ailment(
      "UPDATE domains SET tenant_name = 'b' WHERE tenant_name = 'a'",
      .domainNamesAnother(DomainName(stored: "a.example.com"), name: "b", of: "a")),
    Ailment(
      """
      INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
      SELECT id, name, 'A.Example.com', false FROM tenants WHERE name = 'b'
      """, .domainShared(DomainName(stored: "a.example.com"), by: ["a", "b"]),
      remedy: "DELETE FROM domains WHERE domain_name = 'A.Example.com'"),
    Ailment(
      """
      ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey;
      INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary) VALUES (99, 'a', 'x.org', true)
      """, .domainWithoutTenant(DomainName(stored: "x.org"), reference: "99"),
      remedy: "DELETE FROM domains WHERE domain_name = 'x.org'"),
    Ailment(
      "UPDATE domains SET domain_name = 'a.example.com:8000' WHERE domain_name = 'a.example.com'",
      .domainNeverMatches(DomainName(stored: "a.example.com:8000"), of: "a"),
      remedy: "UPDATE domains SET domain_name = 'a.example.com' WHERE domain_name LIKE 'a.%'"),

    // Ledgers
    Ailment("ALTER TABLE a.schema_migrations DROP CONSTRAINT schema_migrations_pkey", .ledgerWithoutKey(a)),
    Ailment("DROP TABLE a.schema_migrations", .noLedger(a), remedy: "DROP TABLE a.t1, a.t2"),
    Ailment(
      "DROP TABLE a.schema_migrations; CREATE TABLE a.schema_migrations (version bigint, dirty boolean)",
      .foreignLedger(a, .golangMigrate), remedy: "DROP TABLE a.schema_migrations, a.t1, a.t2"),
    Ailment(
      """
      DROP TABLE a.schema_migrations; CREATE TABLE a.schema_migrations (version varchar PRIMARY KEY);
      CREATE TABLE a.ar_internal_metadata ()
      """, .foreignLedger(a, .rails),
      remedy: "DROP TABLE a.schema_migrations, a.ar_internal_metadata, a.t1, a.t2"),
    Ailment(
      "COMMENT ON TABLE a.schema_migrations IS 'tenantctl head=- count=0 digest=x'",
      .wrongHead(a, says: wrongHead, has: head)),
    Ailment(
      "UPDATE a.schema_migrations SET statements_done = 1 WHERE version = '3'",
      .migrationUnfinished(a, (files ?? []).suffix(1).map(\.version), .up),
      remedy: "UPDATE a.schema_migrations SET statements_done = 2 WHERE version = '3'"),
    Ailment(
      "UPDATE a.schema_migrations SET statements_done = -2 WHERE version = '3'",
      .migrationUnfinished(a, (files ?? []).suffix(1).map(\.version), .down),
      remedy: "UPDATE a.schema_migrations SET statements_done = 2 WHERE version = '3'"),

    // What is in the schemas
    Ailment(
      "CREATE EXTENSION citext SCHEMA a; CREATE TABLE a.x (id text DEFAULT a.citext('x')::text)",
      .extensionInTenant(a, name: "citext", to: .shared, .possible)),
  ]

  @Test(arguments: ailments) func isFoundAndMended(ailment: Ailment) async throws {
    try await healthy { fleet in
      try await fleet.psql(ailment.cause)
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(diagnosis.entries.map(\.finding) == ailment.findings)
      let before = try await fleet.database.contents()
      let outcomes = await fleet.tenancy.fix(diagnosis).map(\.outline)
      if let remedy = ailment.remedy {
        #expect(outcomes == ["left"])
        let after = try await fleet.database.contents()
        #expect(after == before)
        try await fleet.psql(remedy)
      } else {
        #expect(outcomes == ["fixed"])
      }
      let left = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(left == [])
    }
  }

  @Test func theScriptDoesWhatFixDoes() async throws {
    try await healthy { fleet in
      let causes = Self.ailments.filter { $0.remedy == nil }.map(\.cause)
      try await fleet.psql(causes.joined(separator: ";"))
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(diagnosis.entries.count == causes.count)
      try await fleet.psql(diagnosis.entries.flatMap { $0.script(under: "x\ny") }.joined(separator: "\n"))
      let left = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(left == [])
    }
  }

  /// An extension is moved to where the tenants' search path leads, whichever that is.
  @Test(
    arguments: [
      ("search_path TO public", nil, "public"), ("search_path TO ext, public", nil, "public"),
      ("search_path TO public", ["public", "ext"], "public"), ("search_path TO public", ["ext"], "ext"),
      ("search_path TO public", ["missing", "My Ext", "ext"], "My Ext"),
      ("search_path TO public", ["ext", "public"], "public"), ("search_path TO public", [], nil),
      ("search_path TO public", ["missing"], nil),
    ] as [(String, [String]?, String?)])
  func anExtensionStaysInReach(setting: String, shared: [String]?, home: String?) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA ext; CREATE SCHEMA "My Ext"; ALTER DATABASE \(fleet.database.name) SET \(setting)
        """)
      let tenancy = try TenantDatabase(
        fleet.database.url, settings: .init(sharedSchemas: shared?.map(SchemaName.init(stored:))))
      let fleet = Fleet(database: fleet.database, tenancy: tenancy)
      try await fleet.create("acme", [migration("1", "CREATE TABLE t ();")])
      try await fleet.psql("CREATE EXTENSION citext SCHEMA acme")
      let diagnosis = try await tenancy.diagnose()
      let index = try #require(
        diagnosis.entries.firstIndex {
          $0.finding
            == .extensionInTenant(
              Self.tenant("acme"), name: "citext", to: home.map(SchemaName.init(stored:)), .possible)
        })
      #expect(diagnosis.entries[index].canBeFixed == (home != nil))
      _ = await tenancy.fix(diagnosis)
      let place = try await fleet.psql(
        "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'citext'"
      )
      #expect(place == home ?? "acme")
      let files = [
        try migration("1", "CREATE TABLE t ();"), try migration("2", "CREATE TABLE u (name citext);"),
      ]
      #expect(try await fleet.migrate(files).outline == "acme: 2")
      await tenancy.close()
    }
  }

  @Test func oneSchemaOfTwoTenants() async throws {
    try await healthy(.djangoTenants) { fleet in
      try await fleet.psql(
        """
        INSERT INTO customers_client (schema_name, name) VALUES ('public', 'Shop'), ('d', 'd');
        CREATE SCHEMA d; ALTER TABLE customers_client DROP CONSTRAINT customers_client_schema_name_key;
        UPDATE customers_client SET schema_name = 'a' WHERE name = 'd'; DROP SCHEMA d
        """)
      let findings = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(findings == [.schemaShared(SchemaName(stored: "a"), by: ["a", "d"]), .noDomain("d")])
    }
  }
}

extension FixOutcome {
  var outline: String {
    switch self {
    case .fixed: "fixed"
    case .failed(let error): "failed: \("\(error)".prefix { $0 != "(" })"
    case .left: "left"
    }
  }
}
