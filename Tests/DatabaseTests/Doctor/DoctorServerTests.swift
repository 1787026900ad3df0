import TestSupport
import Testing

@testable import Tenancy

@Suite struct DoctorServerTests {
  private func findings(_ fleet: Fleet, _ url: String) async throws -> [Finding] {
    let tenancy = try fleet.database.tenancy(url: url, connections: 2)
    let found = try await tenancy.diagnose().entries.map(\.finding)
    await tenancy.close()
    return found
  }

  @Test(arguments: [
    (TestPgBouncer.Mode.transaction, Finding.pooler(sharesSessions: true)),
    (.session, .pooler(sharesSessions: false)), (.statement, .settingsLost),
  ]) func aPooler(mode: TestPgBouncer.Mode, expected: Finding) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let found = try await TestPgBouncer.with(fleet.database, mode: mode) { try await findings(fleet, $0) }
      #expect(found == [expected])
    }
  }

  @Test func aRoleThatMayNotCreate() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("a", [tableMigration(1)])
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql("GRANT SELECT ON tenants, domains TO \(role.name)")
        let tenant = Tenant(name: "a", schema: SchemaName(stored: "a"), isActive: true)
        let found = try await findings(fleet, role.url())
        #expect(found.count == 2)
        #expect(found.last == .cannotCreateSchemas(role: role.name, database: fleet.database.name))
        guard case .ledgerUnreadable(tenant, .insufficientPrivilege)? = found.first else {
          Issue.record("\(found)")
          return
        }
        try await fleet.psql(
          """
          GRANT CREATE ON DATABASE \(fleet.database.name) TO \(role.name); GRANT USAGE ON SCHEMA a TO \(role.name);
          GRANT SELECT ON a.schema_migrations TO \(role.name)
          """)
        let after = try await findings(fleet, role.url())
        #expect(after == [])
      }
    }
  }
}
