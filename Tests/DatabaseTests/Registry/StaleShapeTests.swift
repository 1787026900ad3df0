import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What was learned of the registry's shape is learned again: servers run for months, and apps migrate meanwhile.
@Suite struct StaleShapeTests {
  @Test(arguments: [Registry.flaskBase, .withoutPrimary]) func deactivationThatComesLater(registry: Registry)
    async throws
  {
    try await Fleet.with(registry) { fleet in
      try await fleet.psql("ALTER TABLE tenants DROP COLUMN IF EXISTS deactivated")
      for name in ["acme", "beta"] {
        try await fleet.create(name, domains: ["\(name).com"], values: registry.values)
      }
      let before = try await fleet.list()
      #expect(before == "acme(acme.com) beta(beta.com)")
      #expect(try await fleet.resolve("acme.com") == "acme by domain")
      try await fleet.psql(
        """
        ALTER TABLE tenants ADD deactivated boolean NOT NULL DEFAULT false;
        UPDATE tenants SET deactivated = true WHERE name = 'acme'
        """)
      try await isDeactivated("acme", in: fleet)
      #expect(try await fleet.resolve("beta.com") == "beta by domain")
    }
  }

  /// Each kind of read notices it by itself.
  @Test(arguments: 0..<5) func whicheverReadComesFirst(read: Int) async throws {
    try await Fleet.with(.flaskBase) { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      #expect(try await fleet.list() == "acme(acme.com)")
      try await fleet.psql(
        "ALTER TABLE tenants ADD deactivated boolean; UPDATE tenants SET deactivated = true")
      let off = TenancyError(.tenantDeactivated("acme"))
      switch read {
      case 0: await #expect(throws: off) { try await fleet.resolve("acme.com") }
      case 1: await #expect(throws: off) { try await fleet.resolve("acme.example.com") }
      case 2:
        await #expect(throws: off) {
          try await fleet.tenancy.withTenant("acme") { _ in Issue.record("the block ran") }
        }
      case 3: #expect(try await fleet.list() == "acme(acme.com)-")
      default: #expect(try await fleet.setActive("acme", true), "a write reads the catalog again")
      }
    }
  }

  private func isDeactivated(_ name: TenantName, in fleet: Fleet) async throws {
    let off = TenancyError(.tenantDeactivated(name))
    await #expect(throws: off) { try await fleet.resolve("\(name).com") }
    await #expect(throws: off) {
      try await fleet.tenancy.withTenant(name) { _ in Issue.record("the block ran") }
    }
    #expect(try await fleet.list() == "acme(acme.com)- beta(beta.com)")
  }

  @Test func primaryDomainsThatComeLater() async throws {
    try await Fleet.with(.withoutPrimary) { fleet in
      try await fleet.create("acme", domains: ["a.com", "b.com"])
      #expect(try await fleet.list() == "acme(a.com,b.com)")
      try await fleet.psql(
        "ALTER TABLE domains ADD is_primary boolean; UPDATE domains SET is_primary = domain_name = 'b.com'")
      #expect(try await fleet.list() == "acme(b.com,a.com)")
      #expect(try await fleet.tenancy.domains().map(\.isPrimary) == [true, false])
    }
  }

  /// Once there is a key the name in a domain's row may be an old one.
  @Test func keysThatComeLater() async throws {
    try await Fleet.with(.flaskBase) { fleet in
      for name in ["acme", "beta"] { try await fleet.create(name, domains: ["\(name).com"]) }
      #expect(try await fleet.resolve("acme.com") == "acme by domain")
      try await fleet.psql(
        """
        ALTER TABLE domains ADD tenant_id integer;
        UPDATE domains SET tenant_id = (SELECT id FROM tenants WHERE name = 'beta')
        """)
      #expect(try await fleet.resolve("acme.com") == "beta by domain")
    }
  }

  /// It is asked in the same statement, and only as long as a column is missing.
  @Test(arguments: [(Registry.ours, false), (.flaskBase, true)])
  func costsNoRoundTrip(registry: Registry, asks: Bool) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      let statements = Mutex<[String]>([])
      let database = try TenantDatabase(
        fleet.database.url, settings: .init(registry: registry.mapping),
        observer: .init(statement: { sql in statements.withLock { $0.append(sql) } }))
      _ = try await database.list()
      statements.withLock { $0 = [] }
      _ = try await database.tenant(forHost: "acme.com")
      let sent = statements.withLock { $0 }.filter { $0.contains("FROM") }
      #expect(sent.count == 2, "one for the domain, one for the label")
      #expect(sent.allSatisfy { $0.contains("pg_attribute") == asks }, "\(sent)")
      await database.close()
    }
  }
}
