import TestSupport
import Testing

@testable import Tenancy

/// A registry in the metadata of Citus: where tables refer to each other, Citus puts all of them there if it has one of them.
@Suite struct DistributedRegistryTests {
  /// Citus runs what INSERT returns on the server that has the row: a query in it fails there, or finds nothing. One in the
  /// SELECT that gives the row is refused for a reference table.
  @Test func aDomainsRowIsAddedWithoutAQueryOfOtherTables() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let tenancy = fleet.tenancy
      let (a, b) = try (TenantName(parsing: "a"), TenantName(parsing: "b"))
      let host = try DomainName(parsing: "www.example.com")
      var scripts: [[String]] = []
      for primary in [true, false] {
        scripts.append(try await tenancy.planAddDomain(host, to: a, primary: primary).script)
      }
      scripts.append(try await tenancy.planCreate(NewTenant(b, domains: [host]), migrations: []).script)
      for script in scripts {
        let insert = try #require(script.first { $0.contains("INSERT INTO \"public\".\"domains\"") })
        let parts = insert.split(separator: " AS is_as_planned", maxSplits: 1)
        #expect(parts[0].contains("RETURNING"))
        #expect(!parts[0].contains("EXISTS"), "\(insert)")
      }
      #expect(scripts[1].contains { $0.contains("NOT EXISTS") && !$0.contains("INSERT") })
    }
  }
}
