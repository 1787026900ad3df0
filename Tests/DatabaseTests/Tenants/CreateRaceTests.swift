import TestSupport
import Testing

@testable import Tenancy

/// Two creates of one tenant.
@Suite struct CreateRaceTests {
  /// Both were planned when there was nothing.
  @Test(arguments: [true, false]) func bothWerePlanned(ifNotExists: Bool) async throws {
    try await Fleet.with { fleet in
      func plan() async throws -> Plan<CreatedTenant> {
        try await fleet.tenancy.planCreate(
          NewTenant("acme"), migrations: [tableMigration(1)], ifNotExists: ifNotExists)
      }
      let (first, second) = (try await plan(), try await plan())
      #expect(try await first.apply().isNew)
      guard ifNotExists else {
        await #expect(throws: TenancyProblem.tenantExists("acme")) { try await second.apply() }
        return
      }
      #expect(try await !second.apply().isNew)
      #expect(try await fleet.list() == "acme")
    }
  }

  /// The other one stands in the middle, and goes on when it is waited for.
  @Test func theOtherIsWaitedFor() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      let slow = try migration("1", "SELECT * FROM gate; CREATE TABLE t ()")
      let patient = try fleet.database.tenancy(lockTimeout: .seconds(600))
      try await fleet.database.whileHolding("LOCK TABLE gate") { holder in
        let first = Task { try await patient.planCreate(NewTenant("acme"), migrations: [slow]).apply() }
        try await holder.blocked()
        let second = Task {
          try await patient.planCreate(NewTenant("acme"), migrations: [slow], ifNotExists: true).apply()
        }
        _ = try await fleet.database.connect().awaited(
          "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = \(unsafeRaw: "(SELECT oid FROM pg_database WHERE datname = current_database())")"
        )
        try await holder.query("ROLLBACK")
        #expect(try await first.value.isNew)
        #expect(try await !second.value.isNew)
      }
      await patient.close()
    }
  }
}
