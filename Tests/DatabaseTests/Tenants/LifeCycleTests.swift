import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// One tenant's life in every shape of registry.
@Suite struct LifeCycleTests {
  @Test(arguments: Registry.all) func createAndDrop(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      let hosts = registry.hasDomains ? ["acme.example.com", "www.acme.com"] : []
      let created = try await fleet.create("acme", domains: hosts, values: registry.values)
      #expect(
        created.tenant
          == Tenant(name: "acme", schema: SchemaName(stored: registry.schema("acme")), isActive: true))
      #expect(created.domains.map(\.isPrimary) == (registry.hasDomains ? [registry.hasPrimary, false] : []))
      #expect(try await fleet.schemas() == registry.schema("acme"))
      let known = registry.hasDomains ? "acme(acme.example.com,www.acme.com)" : "acme"
      #expect(try await fleet.list() == known)

      try await fleet.create("beta", values: registry.values)
      let dropped = try await fleet.drop("acme")
      #expect(dropped.hadRow && dropped.hadSchema)
      #expect(dropped.domains.map(\.rawValue) == hosts)
      #expect(try await fleet.list() == "beta")
      #expect(try await fleet.schemas() == registry.schema("beta"))
      await #expect(throws: TenancyProblem.tenantNotFound("acme")) { try await fleet.drop("acme") }
      // Nothing of it is left in the way of the next one.
      try await fleet.create("acme", domains: hosts, values: registry.values)
      #expect(try await fleet.list() == "\(known) beta")
    }
  }

  /// PostgreSQL cuts a name at 63 bytes and, by characters, before: it would be the schema of another tenant.
  @Test(arguments: [
    (String(repeating: "a", count: 63), "b"), (String(repeating: "a", count: 63), "' \"b\""),
    (String(repeating: "ä", count: 31), "ä"), ("x" + String(repeating: "\"", count: 62), "\"\""),
  ])
  func showOfANameThatIsTooLong(schema: String, rest: String) async throws {
    try await Fleet.with { fleet in
      let connection = try await fleet.database.connect()
      try await connection.query("CREATE SCHEMA \(Identifier(schema))")
      try await connection.query(
        "CREATE TABLE \(QualifiedName(Identifier(schema), "t")) (id int PRIMARY KEY)")
      try await connection.query(
        "INSERT INTO tenants (name) VALUES (\(literal: schema)), (\(literal: schema + rest))")
      await connection.close()
      let (tenant, other) = (TenantName(stored: schema), TenantName(stored: schema + rest))
      try await fleet.tenancy.planSet([tenant], [:], isProtected: true).apply()
      let found = try await fleet.tenancy.show(tenant)
      #expect(found.tables == 1 && found.bytes > 0 && found.isProtected)
      let details = try await fleet.tenancy.show(other)
      #expect(details.tables == 0 && details.bytes == 0 && !details.isProtected)
      let entries = try await fleet.tenancy.list()
      let sizes = try await fleet.tenancy.listings(of: entries, with: .size).map(\.bytes)
      #expect(sizes.compactMap { $0 } == [found.bytes])
    }
  }

  @Test(arguments: Registry.all) func show(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create(
        "acme", domains: registry.hasDomains ? ["b.acme.com", "a.acme.com"] : [], values: registry.values)
      let tanks = SchemaName(stored: registry.schema("acme")).relation("tanks").quoted
      try await fleet.psql("CREATE TABLE \(tanks) (name text); INSERT INTO \(tanks) VALUES ('x')")
      let details = try await fleet.tenancy.show("acme")
      #expect(details.entry.tenant.name == "acme")
      let domains =
        registry.hasDomains
        ? (registry.hasPrimary ? ["b.acme.com", "a.acme.com"] : ["a.acme.com", "b.acme.com"]) : []
      #expect(details.entry.domains.map(\.name.rawValue) == domains)
      #expect(details.entry.primaryDomain?.rawValue == (registry.hasPrimary ? "b.acme.com" : nil))
      #expect(details.entry.state?.exists == true)
      #expect(details.tables == 1)
      #expect(details.bytes >= 8192)
      for (column, value) in registry.values { #expect(details.columns[column] == value) }
      await #expect(throws: TenancyProblem.tenantNotFound("beta")) { try await fleet.tenancy.show("beta") }
    }
  }

  @Test(arguments: Registry.all.filter(\.hasDomains)) func domains(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", values: registry.values)
      try await fleet.create("beta", domains: ["beta.com"], values: registry.values)
      #expect(try await add("acme.com", fleet).isPrimary == registry.hasPrimary)
      #expect(try await !add("b.acme.com", fleet).isPrimary)
      #expect(try await fleet.list() == "acme(acme.com,b.acme.com) beta(beta.com)")
      #expect(try await fleet.tenancy.domains(of: ["beta"]).map(\.name.rawValue) == ["beta.com"])

      await #expect(throws: TenancyProblem.domainTaken(host("beta.com"), by: "beta")) {
        try await add("beta.com", fleet)
      }
      await #expect(throws: TenancyProblem.tenantNotFound("none")) {
        try await fleet.tenancy.planAddDomain(host("new.com"), to: "none", primary: false)
      }
      await #expect(throws: TenancyProblem.domainNotFound(host("none.com"))) {
        try await fleet.tenancy.planRemoveDomain(host("none.com"))
      }
      let removed = try await fleet.tenancy.planRemoveDomain(host("b.acme.com")).apply()
      #expect(removed.tenant == "acme")
      // The last one may go, primary or not.
      try await fleet.tenancy.planRemoveDomain(host("acme.com")).apply()
      #expect(try await fleet.list() == "acme beta(beta.com)")
    }
  }

  @Test(arguments: Registry.all.filter(\.hasPrimary)) func primaryDomain(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", domains: ["a.com", "b.com"], values: registry.values)
      try await fleet.create("beta", domains: ["beta.com"], values: registry.values)
      await #expect(
        throws: TenancyProblem.domainIsPrimary(host("a.com"), of: "acme", others: [host("b.com")])
      ) {
        try await fleet.tenancy.planRemoveDomain(host("a.com"))
      }
      try await fleet.tenancy.planSetPrimary(host("b.com")).apply()
      #expect(try await fleet.list() == "acme(b.com,a.com) beta(beta.com)")
      #expect(try await fleet.tenancy.planSetPrimary(host("b.com")).script.isEmpty)
      try await fleet.tenancy.planAddDomain(host("c.com"), to: "acme", primary: true).apply()
      #expect(try await fleet.list() == "acme(c.com,a.com,b.com) beta(beta.com)")
      let primaries = try await fleet.tenancy.domains().filter(\.isPrimary).map(\.name.rawValue)
      #expect(primaries == ["c.com", "beta.com"])
    }
  }

  @Test(arguments: Registry.all) func rename(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      let hosts = registry.hasDomains ? ["acme.com", "b.acme.com"] : []
      try await fleet.create("acme", domains: hosts, values: registry.values)
      try await fleet.create("beta", values: registry.values)
      let (acme, apex) = (registry.schema("acme"), registry.schema("apex"))
      try await fleet.psql("CREATE TABLE \(SchemaName(stored: acme).relation("tanks").quoted) ()")
      let renamed = try await fleet.rename("acme", "apex")
      #expect(renamed.tenant.schema.rawValue == apex)
      #expect(try await fleet.list() == "apex\(registry.hasDomains ? "(acme.com,b.acme.com)" : "") beta")
      #expect(try await fleet.schemas() == "\(apex) \(registry.schema("beta"))")
      let tanks = try await fleet.psql(
        "SELECT count(*) FROM pg_tables WHERE tablename = 'tanks' AND schemaname = $$\(apex)$$")
      #expect(tanks == "1")
      if registry.hasDomains { #expect(try await fleet.resolve("acme.com") == "apex by domain") }

      await #expect(throws: TenancyProblem.tenantNotFound("acme")) { try await fleet.rename("acme", "x") }
      await #expect(throws: TenancyProblem.tenantExists("beta")) { try await fleet.rename("apex", "beta") }
      await #expect(throws: TenancyProblem.tenantExists("apex")) { try await fleet.rename("apex", "apex") }
      await #expect(
        throws: TenancyProblem.invalidTenantName(
          "Apex", registry.mapping.schemasAreApart ? .malformedKey : .malformed)
      ) {
        try await fleet.rename("apex", "Apex")
      }
    }
  }

  @Test(arguments: Registry.all) func activity(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", values: registry.values)
      try await fleet.create("beta", values: registry.values)
      guard registry.knowsActivity else {
        let table = registry.mapping.tenants.description
        await #expect(throws: TenancyProblem.noDeactivation(table: table)) {
          try await fleet.setActive("acme", false)
        }
        return
      }
      #expect(try await fleet.setActive("acme", false))
      #expect(try await !fleet.setActive("acme", false))
      #expect(try await fleet.list() == "acme- beta")
      await #expect(throws: TenancyError(.tenantDeactivated("acme"))) {
        try await fleet.resolve("acme.example.com")
      }
      var active = FleetSelection()
      active.isActive = true
      #expect(try await fleet.tenancy.list(active).map(\.tenant.name) == ["beta"])
      #expect(try await fleet.setActive("acme", true))
      #expect(try await fleet.list() == "acme beta")
      await #expect(throws: TenancyProblem.tenantNotFound("none")) {
        try await fleet.tenancy.planSetActive(["acme", "none"], false)
      }
    }
  }

  @Test(arguments: Registry.all) func resolve(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create(
        "acme", domains: registry.hasDomains ? ["shop.acme.com"] : [], values: registry.values)
      #expect(try await fleet.resolve("acme.example.com:8080") == "acme by subdomain")
      #expect(try await fleet.resolve("www.example.com") == "public by shared")
      #expect(try await fleet.resolve("127.0.0.1") == "public by not_a_domain")
      if registry.hasDomains { #expect(try await fleet.resolve("SHOP.acme.com.") == "acme by domain") }
      let missing = TenancyProblem.hostNotFound(
        "none.example.com", label: "none", hasDomains: registry.mapping.domains != nil)
      await #expect(throws: TenancyError(missing)) {
        try await fleet.resolve("none.example.com")
      }
    }
  }

  @Test(arguments: Registry.all) func setColumns(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", values: registry.values)
      await #expect(throws: TenancyProblem.self) {
        try await fleet.tenancy.planSet(["acme"], ["nonesuch": "1"])
      }
      let name = registry.mapping.columns.name ?? "name"
      await #expect(throws: TenancyProblem.reservedColumn(name)) {
        try await fleet.tenancy.planSet(["acme"], [name: "x"])
      }
      guard let (column, value) = registry.extra else { return }
      try await fleet.tenancy.planSet(["acme"], [column: value]).apply()
      #expect(try await fleet.tenancy.show("acme").columns[column] == value)
      try await fleet.tenancy.planSet(["acme"], [column: nil]).applyExpectingNull(column, fleet)
    }
  }

  /// What is missing is said at once, and nothing is made; what is too long is not cut.
  @Test func requiredValues() async throws {
    try await Fleet.with(.required) { fleet in
      await #expect(
        throws: TenancyProblem.valuesRequired(table: "public.tenants", columns: ["plan", "seats", "code"])
      ) { try await fleet.create("acme") }
      for (column, value) in [("code", "abcde"), ("seats", "many"), ("plan", "lead")] {
        let values = Registry.required.values.merging([column: value]) { $1 }
        do {
          try await fleet.create("acme", values: values)
          Issue.record("\(column) took \(value)")
        } catch TenancyProblem.badValue {}
      }
      #expect(try await fleet.list() == "")
      #expect(try await fleet.schemas() == "")
    }
  }

  @Test func aDryRunChangesNothing() async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.tenancy.planCreate(
        NewTenant("acme", domains: [host("acme.com")]), migrations: [migration("1", "CREATE TABLE tanks ();")]
      )
      let script = plan.script
      #expect(script.first == "BEGIN;" && script.last == "COMMIT;")
      #expect(script.allSatisfy { $0.hasSuffix(";") || $0.hasPrefix("-- ") })
      #expect(try await fleet.schemas() == "")
      // What it shows is what it does.
      try await fleet.psql(script.joined(separator: "\n"))
      #expect(try await fleet.list() == "acme(acme.com)")
      #expect(try await fleet.psql("SELECT count(*) FROM acme.schema_migrations") == "1")
    }
  }

  private func add(_ name: String, _ fleet: Fleet) async throws -> Domain {
    try await fleet.tenancy.planAddDomain(host(name), to: "acme", primary: false).apply()
  }
}

extension Plan<[ChangedColumns]> {
  /// A NOT NULL column refuses, others take it.
  fileprivate func applyExpectingNull(_ column: String, _ fleet: Fleet) async throws {
    do {
      try await apply()
      let value = try await fleet.tenancy.show("acme").columns[column]
      #expect(value == .some(nil))
    } catch TenancyProblem.badValue(let refused, _) {
      #expect(refused == column)
    }
  }
}

func host(_ name: String) -> DomainName { DomainName(stored: name) }
