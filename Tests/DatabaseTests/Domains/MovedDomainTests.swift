import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// A host name that an app gives to another tenant between the plan of a change and the change.
@Suite struct MovedDomainTests {
  enum Timing: CaseIterable {
    case before
    /// It is committed while the change waits for the row.
    case during
  }

  private static let registries = Registry.all.filter(\.hasDomains)

  @Test(arguments: registries, Timing.allCases) func toAnotherTenant(registry: Registry, timing: Timing)
    async throws
  {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", domains: ["a.com", "www.a.com"], values: registry.values)
      try await fleet.create("beta", domains: ["b.com"], values: registry.values)
      let www = host("www.a.com")
      if registry.hasPrimary {
        let primary = try await fleet.tenancy.planSetPrimary(www)
        try await fleet.move("www.a.com", to: "beta", registry, timing) {
          await #expect(throws: TenancyProblem.changedMeanwhile) { try await primary.apply() }
        }
        let hosts = try await fleet.tenancy.list().map(\.primaryDomain)
        #expect(hosts == [host("a.com"), host("b.com")])
        try await fleet.move("www.a.com", to: "acme", registry, .before) {}
      }
      let removal = try await fleet.tenancy.planRemoveDomain(www)
      try await fleet.move("www.a.com", to: "beta", registry, timing) {
        await #expect(throws: TenancyProblem.changedMeanwhile) { try await removal.apply() }
      }
      #expect(try await fleet.list() == "acme(a.com) beta(b.com,www.a.com)")
      // Planned again, they change the row of its tenant.
      if registry.hasPrimary { try await fleet.tenancy.planSetPrimary(www).apply() }
      #expect(
        try await fleet.list()
          == (registry.hasPrimary ? "acme(a.com) beta(www.a.com,b.com)" : "acme(a.com) beta(b.com,www.a.com)")
      )
      if registry.hasPrimary { try await fleet.tenancy.planSetPrimary(host("b.com")).apply() }
      #expect(try await fleet.tenancy.planRemoveDomain(www).apply().tenant == "beta")
      #expect(try await fleet.list() == "acme(a.com) beta(b.com)")
    }
  }

  /// A row without a tenant, too, has been given to one by then.
  @Test(arguments: Timing.allCases) func ofATenantThatDidNotExist(timing: Timing) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["a.com"])
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey;
        INSERT INTO domains (tenant_id, tenant_name, domain_name) VALUES (99, 'acme', 'z.com')
        """)
      let removal = try await fleet.tenancy.planRemoveDomain(host("z.com"))
      try await fleet.move("z.com", to: "acme", .ours, timing) {
        await #expect(throws: TenancyProblem.changedMeanwhile) { try await removal.apply() }
      }
      #expect(try await fleet.list() == "acme(a.com,z.com)")
    }
  }
}

extension Fleet {
  /// Gives a host name to another tenant, as an app does, before something is done, or while it waits for the row.
  fileprivate func move(
    _ name: String, to tenant: String, _ registry: Registry, _ timing: MovedDomainTests.Timing,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let shape = try await tenancy.connected { try await tenancy.shape(over: $0) }
    let domains = try #require(shape.domains)
    let keys = shape.keys(domains)
    let named = domains.tenantName.map { ", \($0) = t.\(shape.tenants.name)" as SQL } ?? ""
    let move: SQL = """
      UPDATE \(domains.table) d SET \(keys.domain) = t.\(keys.tenant)\(keys.domain == domains.tenantName ? "" : named)
      FROM \(shape.tenants.table) t WHERE t.\(shape.tenants.name)::text = \(literal: tenant) AND d.\(domains.host) = \(literal: name)
      """
    let connection = try await database.connect()
    _ = try await connection.pipeline(["BEGIN", move])
    if timing == .before { _ = try await connection.query("COMMIT") }
    let change = Task { try await body() }
    if timing == .during {
      _ = try await connection.blocked()
      _ = try await connection.query("COMMIT")
    }
    try await change.value
    await connection.close()
  }
}
