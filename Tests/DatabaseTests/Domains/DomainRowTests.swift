import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Domains as an app may have written them.
@Suite struct DomainRowTests {
  /// An app's row in capitals is taken, and resolves; the exact one comes first.
  @Test(arguments: [Registry.ours, .djangoManual, .namesAsKeys]) func capitals(registry: Registry)
    async throws
  {
    try await Fleet.with(registry) { fleet in
      try await fleet.create("acme", domains: ["www.acme.com"], values: registry.values)
      try await fleet.create("shop", values: registry.values)
      let column = registry.mapping.columns.domain ?? "domain_name"
      let table = registry.mapping.domains?.name.name ?? ""
      try await fleet.psql("UPDATE \(table) SET \(column) = 'SHOP.Acme.com'")
      #expect(try await fleet.resolve("Shop.acme.com:443") == "acme by domain")
      #expect(try await fleet.resolve("shop.other.com") == "shop by subdomain")
      await #expect(throws: TenancyProblem.domainTaken(host("shop.acme.com"), by: "acme")) {
        try await fleet.tenancy.planAddDomain(host("shop.acme.com"), to: "shop", primary: false)
      }
      #expect(
        try await fleet.tenancy.planRemoveDomain(host("shop.acme.com")).apply().name.rawValue
          == "SHOP.Acme.com")
      #expect(try await fleet.list() == "acme shop")
    }
  }

  /// Whatever an app has written can be named as it is.
  @Test(arguments: ["shop.localhost:8000", "https://Shop.com/", " sp.shop.com", "", "acme.net.", "localhost"])
  func anyRowCanBeNamed(text: String) async throws {
    try await Fleet.with { fleet in
      let (tenancy, row) = (fleet.tenancy, DomainName(ofRow: text))
      try await fleet.create("acme", domains: ["a.com", "www.acme.com"])
      try await fleet.psql("UPDATE domains SET domain_name = '\(text)' WHERE domain_name = 'www.acme.com'")
      #expect(try await tenancy.planSetPrimary(row).apply().name == row)
      try await tenancy.planSetPrimary(DomainName(ofRow: "A.com.")).apply()
      #expect(try await tenancy.planRemoveDomain(row).apply().name == row)
      #expect(try await fleet.list() == "acme(a.com)")
      await #expect(throws: (any Error).self) { try await tenancy.planRemoveDomain(row) }
    }
  }

  @Test func anExactRowComesFirst() async throws {
    try await Fleet.with { fleet in
      for (name, domain) in [("acme", "a.com"), ("beta", "b.com")] {
        try await fleet.create(name, domains: [domain])
      }
      try await fleet.psql("UPDATE domains SET domain_name = 'B.com' WHERE domain_name = 'a.com'")
      #expect(try await fleet.resolve("b.com") == "beta by domain")
      #expect(try await fleet.tenancy.planRemoveDomain(host("b.com")).apply().tenant == "beta")
      #expect(try await fleet.resolve("b.com") == "acme by domain")
    }
  }

  /// Without a unique constraint: a change of the one tenant's row would be a change of the other's.
  @Test func oneHostOfTwoTenants() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "beta"] { try await fleet.create(name, domains: ["\(name).com"]) }
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_domain_name_key, DROP CONSTRAINT domains_tenant_id_fkey;
        UPDATE domains SET domain_name = 'a.com';
        INSERT INTO domains (tenant_id, tenant_name, domain_name) VALUES (99, 'acme', 'z.com')
        """)
      let refusal = TenancyProblem.domainAmbiguous(host("a.com"), of: ["acme", "beta"])
      await #expect(throws: refusal) { try await fleet.tenancy.planRemoveDomain(host("a.com")) }
      await #expect(throws: refusal) { try await fleet.tenancy.planSetPrimary(host("a.com")) }
      // Nobody's domain is taken all the same, until its row is removed.
      await #expect(throws: TenancyProblem.domainTaken(host("z.com"), by: nil)) {
        try await fleet.tenancy.planAddDomain(host("z.com"), to: "acme", primary: false)
      }
      try await fleet.tenancy.planRemoveDomain(host("z.com")).apply()
      #expect(try await fleet.list() == "acme(a.com) beta(a.com)")
    }
  }

  @Test func severalPrimaryOnes() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["a.com", "b.com", "c.com"])
      try await fleet.psql("UPDATE domains SET is_primary = true")
      try await fleet.tenancy.planSetPrimary(host("b.com")).apply()
      #expect(try await fleet.list() == "acme(b.com,a.com,c.com)")
      #expect(try await fleet.psql("SELECT domain_name FROM domains WHERE is_primary") == "b.com")
    }
  }

  @Test func noPrimaryColumn() async throws {
    try await Fleet.with(.withoutPrimary) { fleet in
      try await fleet.create("acme", domains: ["a.com"])
      let refusal = TenancyProblem.noPrimary(table: "public.domains")
      await #expect(throws: refusal) { try await fleet.tenancy.planSetPrimary(host("a.com")) }
      await #expect(throws: refusal) {
        try await fleet.tenancy.planAddDomain(host("b.com"), to: "acme", primary: true)
      }
      try await fleet.tenancy.planAddDomain(host("b.com"), to: "acme", primary: false).apply()
      #expect(try await fleet.tenancy.list().map(\.primaryDomain) == [nil])
      try await fleet.tenancy.planRemoveDomain(host("a.com")).apply()
      #expect(try await fleet.list() == "acme(b.com)")
    }
  }

  /// A rule of the app's own is its own, not another session that was faster.
  @Test func aConstraintOfTheApp() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("ALTER TABLE domains ADD CONSTRAINT one UNIQUE (tenant_id)")
      try await fleet.create("acme", domains: ["a.com"])
      for change in [
        { try await fleet.tenancy.planAddDomain(host("b.com"), to: "acme", primary: false).apply() },
        { try await fleet.create("beta", domains: ["c.com", "d.com"]) },
      ] as [() async throws -> any Sendable] {
        await #expect {
          _ = try await change()
        } throws: { error in
          guard case .server(let failure) = error as? TenancyProblem else { return false }
          return failure.sqlState == "23505" && failure.message.contains("\"one\"")
        }
      }
      #expect(try await fleet.list() == "acme(a.com)")
    }
  }
}
