import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Host names and names of tenants are compared without the case of ASCII's letters, whatever the database's language says about
/// them: in Turkish the small I has no dot.
@Suite struct LetterCaseTests {
  @Test(arguments: ["tr-TR", "az", "lt", "en-US"]) func aDatabaseInALanguage(locale: String) async throws {
    let template =
      "template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE '\(locale)'"
    try await TestDatabase.with(template: template) { database in
      try await database.psql(Registry.ours.ddl)
      let fleet = Fleet(database: database, tenancy: try database.tenancy())
      try await tryCapitals(fleet)
      await fleet.tenancy.close()
    }
  }

  @Test func columnsInALanguage() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_tenant_name_fkey,
          ALTER domain_name TYPE varchar(255) COLLATE "tr-x-icu";
        ALTER TABLE tenants ALTER name TYPE varchar(128) COLLATE "tr-x-icu"
        """)
      try await tryCapitals(fleet)
    }
  }

  private func tryCapitals(_ fleet: Fleet) async throws {
    try await fleet.create("acme", domains: ["first.example.com"])
    try await fleet.create("info")
    try await fleet.psql(
      """
      UPDATE domains SET domain_name = 'INFO.Example.COM'; INSERT INTO tenants (name) VALUES ('ISTANBUL')
      """)
    #expect(try await fleet.resolve("info.example.com") == "acme by domain")
    #expect(try await fleet.resolve("InfO.EXAMPLE.com") == "acme by domain")
    #expect(try await fleet.resolve("info.example.org") == "info by subdomain")
    await #expect(throws: TenancyProblem.domainTaken(host("info.example.com"), by: "acme")) {
      try await fleet.tenancy.planAddDomain(host("info.example.com"), to: "info", primary: false)
    }
    await #expect(throws: TenancyProblem.tenantNameCollides("istanbul", with: "ISTANBUL")) {
      try await fleet.create("istanbul")
    }
    await #expect(throws: TenancyProblem.tenantNameCollides("istanbul", with: "ISTANBUL")) {
      try await fleet.rename("acme", "istanbul")
    }
    try await fleet.tenancy.planRemoveDomain(host("info.example.com")).apply()
    #expect(try await fleet.psql("SELECT count(*) FROM domains") == "0")
  }

  /// An app's index on the lower case serves.
  @Test(arguments: ["varchar(255)", "text", "citext"]) func byAnIndex(type: String) async throws {
    try await TestDatabase.with { database in
      try await database.psql(
        "CREATE EXTENSION citext; CREATE TABLE d (h \(type)); CREATE INDEX by_lower_case ON d (lower(h))")
      let connection = try await database.connect()
      _ = try await connection.query("SET enable_seqscan = off")
      let condition = AnyCase.isEqual("d.h", "Acme.example.com")
      let plan = try await connection.query("EXPLAIN SELECT FROM public.d WHERE \(condition)")
      let lines = plan.compactMap { $0[0] }.joined(separator: "\n")
      #expect(lines.contains("by_lower_case") && lines.contains("Index Cond"), "\(lines)")
      #expect(!lines.contains("Filter"), "\(lines)")
      await connection.close()
    }
  }
}
