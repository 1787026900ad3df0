import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What `doctor` fixes of domains is one tenant's, whatever rows others have.
@Suite struct DoctorDomainTests {
  /// What `doctor` was about to fix.
  @Test(arguments: [
    ("UPDATE domains SET tenant_id = 2, tenant_name = 'beta' WHERE domain_name = 'a.com'", "b.com"),
    (
      "INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary) VALUES (1, 'acme', 'c.com', true)",
      "b.com,c.com"
    ),
  ])
  func aFix(change: String, primary: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["a.com"])
      try await fleet.create("beta", domains: ["b.com"])
      try await fleet.psql("UPDATE domains SET is_primary = false WHERE domain_name = 'a.com'")
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(diagnosis.entries.map(\.finding) == [.noPrimaryDomain("acme", [host("a.com")])])
      try await fleet.psql(change)
      #expect(await fleet.tenancy.fix(diagnosis).map(\.outline) == ["failed: changedMeanwhile"])
      let found = try await fleet.psql(
        "SELECT string_agg(domain_name, ',' ORDER BY 1) FROM domains WHERE is_primary")
      #expect(found == primary)
    }
  }

  /// Which of the rows of one host name stays is not decided: none of them is made primary.
  @Test(arguments: ["a.com", "A.com"]) func aFixOfAHostOfTwoTenants(other: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["a.com"])
      try await fleet.create("beta", domains: ["b.com", "c.com"])
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_domain_name_key;
        UPDATE domains SET is_primary = false WHERE domain_name = 'a.com';
        UPDATE domains SET domain_name = '\(other)' WHERE domain_name = 'c.com'
        """)
      let before = try await fleet.database.contents()
      let diagnosis = try await fleet.tenancy.diagnose()
      let found = diagnosis.entries.map(\.finding)
      #expect(
        found == [
          .domainShared(host("a.com"), by: ["acme", "beta"]),
          .noPrimaryDomain("acme", [host("a.com")], isContested: true),
        ])
      #expect(await fleet.tenancy.fix(diagnosis).map(\.outline) == ["left", "left"])
      #expect(try await fleet.database.contents() == before)
    }
  }

  /// One of the rows of a host name has its tenant's name wrong, and the other one's may be all that tells whose it is.
  @Test func aNameOfAHostOfTwoTenants() async throws {
    try await Fleet.with(.flaskReadme) { fleet in
      try await fleet.create("acme", domains: ["a.com"])
      try await fleet.create("beta", domains: ["b.com"])
      try await fleet.create("gone")
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_domain_name_key; DELETE FROM tenants WHERE name = 'gone';
        UPDATE domains SET domain_name = 'a.com', tenant_name = CASE tenant_name WHEN 'acme' THEN 'x' ELSE 'gone' END
        """)
      let diagnosis = try await fleet.tenancy.diagnose()
      #expect(await fleet.tenancy.fix(diagnosis).map(\.outline).filter { $0 != "left" } == ["fixed"])
      #expect(
        try await fleet.psql("SELECT string_agg(tenant_name, ',' ORDER BY tenant_id) FROM domains")
          == "acme,gone")
    }
  }
}
