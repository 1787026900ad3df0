import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// A registry is known by its columns.
@Suite struct RecognitionTests {
  static let expected: [(Registry, RegistryKind, RegistryMapping)] = [
    (.ours, .tenantctl, RegistryMapping()), (.flaskBase, .flaskTenants, RegistryMapping()),
    (.flaskReadme, .flaskTenants, RegistryMapping()),
    (.cascade(onUpdate: "NO ACTION"), .flaskTenants, RegistryMapping()), (.uuids, .other, RegistryMapping()),
    (.required, .other, RegistryMapping()), (.djangoManual, .djangoTenants, Registry.djangoManual.mapping),
    (.djangoTenants, .djangoTenants, Registry.djangoManual.mapping),
    (.ownSchemas, .other, Registry.ownSchemas.mapping),
    (.withoutDomains, .other, RegistryMapping(domains: nil)),
    (.withoutPrimary, .other, RegistryMapping()),
  ]

  /// Each is found, and with the mapping that is found everything works at once.
  @Test(arguments: expected)
  func found(registry: Registry, kind: RegistryKind, mapping: RegistryMapping) async throws {
    try await Fleet.with(registry) { fleet in
      let found = try #require(try await fleet.tenancy.recognizeRegistry())
      #expect(found.kind == kind)
      #expect(found.mapping == mapping)
      let named = try await fleet.tenancy.recognizeRegistry(.tables(mapping.tenants, domains: nil))
      #expect(named == found)
      try await live(found, fleet)
    }
  }

  @Test(arguments: [Registry.inverseActive, .namesAsKeys])
  func foundByTheTablesName(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      #expect(try await fleet.tenancy.recognizeRegistry() == nil)
      let mapping = registry.mapping
      for domains in [nil, mapping.domains] {
        let found = try await fleet.tenancy.recognizeRegistry(.tables(mapping.tenants, domains: domains))
        #expect(found?.mapping == mapping)
        if domains != nil { try await live(try #require(found), fleet) }
      }
    }
  }

  private func live(_ found: RecognizedRegistry, _ fleet: Fleet) async throws {
    let values = found.remarks.lazy.compactMap {
      if case .tenantsNeed(let columns) = $0 { columns } else { nil }
    }
    let known = ["plan": "gold", "seats": "3", "code": "x", "paid_until": "2027-01-01", "on_trial": "f"]
    let settings = TenantDatabase.Settings(registry: found.mapping)
    let tenancy = try TenantDatabase(fleet.database.url, settings: settings)
    let new = NewTenant(
      "acme", domains: found.mapping.domains == nil ? [] : [host("acme.com")],
      values: Dictionary((values.first ?? []).map { ($0, known[$0] ?? "Acme") }, uniquingKeysWith: { $1 }))
    try await tenancy.planCreate(new).apply()
    #expect(try await tenancy.list().map(\.domains.count) == [new.domains.count])
    let again = try await tenancy.recognizeRegistry(.mapping)
    #expect(again?.tenants == 1 && again?.domains == found.mapping.domains.map { _ in 1 })
    #expect(again?.remarks == found.remarks && again?.lacks == found.lacks)
    try await tenancy.planDrop("acme").apply()
    await tenancy.close()
  }

  @Test(
    arguments: [
      (Registry.ours, [], []), (.flaskBase, [], [.activity(table: "public.tenants")]), (.flaskReadme, [], []),
      (
        .djangoManual, [.tenantsNeed(["name", "paid_until", "on_trial"]), .sharedRow("public")],
        [.activity(table: "public.customers_client")]
      ),
      (.withoutDomains, [.noDomains], []), (.withoutPrimary, [.noPrimary(table: "public.domains")], []),
      (.required, [.tenantsNeed(["plan", "seats", "code"])], []),
      (
        Registry(
          name: "bare",
          ddl: """
            CREATE TABLE tenants (id int, name text, db_schema text);
            CREATE TABLE domains (tenant_id int, domain_name text, is_primary boolean, port int NOT NULL)
            """), [.domainsNeed(["port"])],
        [
          .activity(table: "public.tenants"),
          .unique(table: "public.tenants", column: "name", constraint: "tenants_name_key"),
          .unique(table: "public.tenants", column: "db_schema", constraint: "tenants_db_schema_key"),
          .unique(table: "public.domains", column: "domain_name", constraint: "domains_domain_name_key"),
          .unique(table: "public.tenants", column: "id", constraint: "tenants_id_key"),
          .reference(
            table: "public.domains", column: "tenant_id", target: "public.tenants", targetColumn: "id",
            constraint: "domains_tenant_id_fkey"),
        ]
      ),
      (
        Registry(
          name: "unique but for case, and references by name",
          ddl: """
            CREATE TABLE tenants (name text PRIMARY KEY, created_at date, updated_at date, deactivated boolean);
            CREATE TABLE domains (tenant_name text, domain_name varchar(255), is_primary boolean);
            CREATE UNIQUE INDEX ON domains (lower(domain_name)); CREATE UNIQUE INDEX ON domains (tenant_name) WHERE is_primary
            """), [],
        [
          .reference(
            table: "public.domains", column: "tenant_name", target: "public.tenants", targetColumn: "name",
            constraint: "domains_tenant_name_fkey")
        ]
      ),
    ] as [(Registry, [RegistryRemark], [RegistryAddition])])
  func whatThereIsToKnow(registry: Registry, remarks: [RegistryRemark], lacks: [RegistryAddition])
    async throws
  {
    try await Fleet.with(registry) { fleet in
      let found = try await fleet.tenancy.recognizeRegistry()
      #expect(found?.remarks == remarks)
      #expect(found?.lacks == lacks)
      // What is lacking is added, and lacks no more.
      let change = try await fleet.tenancy.planInitialize(upgrade: true)
      #expect(try await change.apply().added == lacks)
      #expect(try await fleet.tenancy.recognizeRegistry()?.lacks == [])
      #expect(try await fleet.tenancy.planInitialize(upgrade: true).script.isEmpty)
    }
  }

  @Test func anotherRolesTables() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql("GRANT SELECT ON tenants TO \(role.name)")
        let tenancy = try fleet.database.tenancy(url: role.url())
        let found = try await tenancy.recognizeRegistry()
        let lacking = ["INSERT", "UPDATE", "DELETE"]
        #expect(
          found?.remarks == [
            .owner(table: "public.tenants", role: "postgres", lacking: lacking),
            .owner(table: "public.domains", role: "postgres", lacking: ["SELECT"] + lacking),
          ])
        #expect(found?.tenants == nil && found?.domains == nil)
        await tenancy.close()
      }
    }
  }

  @Test func twoRegistries() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Registry.djangoManual.ddl)
      let error = TenancyProblem.unclearRegistry(
        .several([
          .init(tenants: "public.customers_client", kind: .djangoTenants),
          .init(tenants: "public.tenants", kind: .tenantctl),
        ]))
      await #expect(throws: error) { try await fleet.tenancy.planInitialize() }
      await #expect(throws: error) { try await fleet.tenancy.planInitialize(upgrade: true) }
      let chosen = try await fleet.tenancy.recognizeRegistry(
        .tables(Registry.djangoManual.mapping.tenants, domains: nil))
      #expect(chosen?.kind == .djangoTenants)
      #expect(try await fleet.tenancy.recognizeRegistry(.mapping)?.kind == .tenantctl)
    }
  }

  /// Apps that make all their tables in each tenant's schema leave copies of the registry there.
  @Test func copiesInTenantsSchemas() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "beta"] {
        try await fleet.create(name)
        try await fleet.psql("SET search_path TO \(name);\n\(Registry.ours.ddl)")
      }
      #expect(try await fleet.tenancy.recognizeRegistry()?.mapping == RegistryMapping())
      // In a schema that is nobody's it is another registry.
      try await fleet.psql("CREATE SCHEMA other; SET search_path TO other;\n\(Registry.ours.ddl)")
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.tenancy.recognizeRegistry() }
      #expect(
        error
          == .unclearRegistry(
            .several([
              .init(tenants: "other.tenants", kind: .tenantctl),
              .init(tenants: "public.tenants", kind: .tenantctl),
            ])))
      let other = QualifiedName("other", "tenants")
      #expect(
        try await fleet.tenancy.recognizeRegistry(.tables(other, domains: nil))?.mapping.tenants == other)
    }
  }

  @Test(
    arguments: [
      ("CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (); CREATE TABLE b.u ()", nil),
      (
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (); CREATE TABLE b.t ()",
        .none(schemas: 2, examples: ["a", "b"], tables: [])
      ),
      (
        """
        CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (); CREATE TABLE b.t ();
        CREATE TABLE accounts (subdomain text UNIQUE); CREATE TABLE tags (name text)
        """, .none(schemas: 2, examples: ["a", "b"], tables: ["public.accounts"])
      ),
      (
        """
        CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (); CREATE TABLE b.t ();
        CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY); CREATE TABLE "SequelizeMeta" (name text PRIMARY KEY)
        """, .none(schemas: 2, examples: ["a", "b"], tables: [])
      ),
      ("CREATE TABLE domains (zone text)", .tableInTheWay("public.domains", columns: ["zone"])),
    ] as [(String, RegistryProblem?)])
  func nothingThatIsKnown(ddl: String, problem: RegistryProblem?) async throws {
    try await Fleet.with(Registry(name: "", ddl: ddl)) { fleet in
      guard let problem else {
        let found = try await fleet.tenancy.recognizeRegistry()
        return #expect(found == nil)
      }
      await #expect(throws: TenancyProblem.unclearRegistry(problem)) {
        try await fleet.tenancy.planInitialize()
      }
      guard case .none = problem else { return }
      let made = try await fleet.tenancy.planInitialize(.nowhere).apply()
      #expect(made.created.count == 2)
    }
  }

  @Test func anUnknownShape() async throws {
    try await Fleet.with(.quoted) { fleet in
      let (tenants, domains) = (Registry.quoted.mapping.tenants, Registry.quoted.mapping.domains)
      let error = await #expect(throws: TenancyProblem.self) {
        try await fleet.tenancy.recognizeRegistry(.tables(tenants, domains: domains))
      }
      guard case .unclearRegistry(.column(let role, let table, _, let available)) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect((role, table) == ("name", "My App.Tenants"))
      #expect(available == ["Id", "Name", "order"])
      // What the file says is honoured all the same.
      let mapped = try await fleet.tenancy.recognizeRegistry(.mapping)
      #expect(mapped?.mapping == Registry.quoted.mapping)
    }
  }

  @Test func severalTablesOfHosts() async throws {
    try await Fleet.with(.inverseActive) { fleet in
      try await fleet.psql("CREATE TABLE mailboxes (account int REFERENCES accounts, domain text)")
      let tenants = Registry.inverseActive.mapping.tenants
      await #expect(
        throws: TenancyProblem.unclearRegistry(
          .severalDomains(tenants: "public.accounts", domains: ["public.hosts", "public.mailboxes"]))
      ) { try await fleet.tenancy.recognizeRegistry(.tables(tenants, domains: nil)) }
    }
  }

  /// Rows that a constraint would refuse are named, all at once, and nothing is changed.
  @Test func rowsInTheWay() async throws {
    try await Fleet.with(.ours) { fleet in
      try await fleet.psql(
        """
        ALTER TABLE tenants DROP CONSTRAINT tenants_name_key CASCADE, DROP deactivated;
        ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey;
        INSERT INTO tenants (name) SELECT 't' || g % 8 FROM generate_series(1, 16) g;
        INSERT INTO domains (tenant_id, tenant_name, domain_name) VALUES (99, 'x', 'x.com')
        """)
      await #expect(
        throws: TenancyProblem.rowsBreak([
          BreakingRows(
            table: "public.tenants", column: "name", isDangling: false,
            values: ["t0", "t1", "t2", "t3", "t4"],
            count: 8),
          BreakingRows(
            table: "public.domains", column: "tenant_id", isDangling: true, values: ["99"], count: 1),
        ])
      ) { try await fleet.tenancy.planInitialize(upgrade: true) }
      // Somebody adds one after we looked.
      try await fleet.psql("DELETE FROM domains; DELETE FROM tenants WHERE id > 8")
      let plan = try await fleet.tenancy.planInitialize(upgrade: true)
      try await fleet.psql("INSERT INTO tenants (name) VALUES ('t1')")
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.tenancy.recognizeRegistry()?.lacks.count == 3)
    }
  }
}
