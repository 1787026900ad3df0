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

  /// It gets the ledgers' rows from elsewhere, and no tables.
  @Test func aSubscriber() async throws {
    try await TestServer.withOwn(settings: ["wal_level=logical"]) {
      try await Fleet.with(tenants: 2) { original in
        try await original.psql("CREATE PUBLICATION p FOR TABLE t00.schema_migrations, t01.schema_migrations")
        try await original.psql("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        try await Fleet.with(tenants: 2) { copy in
          #expect(try await findings(copy, copy.database.url) == [])
          try await copy.psql(
            "CREATE SUBSCRIPTION s CONNECTION '\(original.database.url)' PUBLICATION p WITH (create_slot = false)"
          )
          let first = QualifiedLedger(schema: SchemaName(stored: "t00"), table: "schema_migrations")
          #expect(try await findings(copy, copy.database.url) == [.ledgersReplicated(count: 2, first: first)])
          try await copy.psql("DROP SUBSCRIPTION s")
        }
      }
    }
  }
}
