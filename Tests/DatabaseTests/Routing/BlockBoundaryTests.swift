import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a block does, or is left by it, stays within its tenant and its transaction.
@Suite struct BlockBoundaryTests {
  /// What came after it would be in no transaction of the tenant's: the search path ends with it, AND CHAIN or not.
  @Test(arguments: [
    "COMMIT", "commit and chain", "END", "/* x */ ROLLBACK", "ROLLBACK WORK", "ROLLBACK AND CHAIN", "ABORT",
    "-- x\nPREPARE TRANSACTION 'x'", " ; COMMIT",
  ])
  func aStatementThatEndsTheBlock(statement: String) async throws {
    try await TenantSessionTests.withTanks { fleet in
      try await fleet.psql("CREATE TABLE public.tanks (name text, capacity int)")
      try await fleet.tenancy.withTenant("acme") { session in
        let error = await #expect(throws: TenancyError.self) {
          try await session.query(SQL(unsafeRaw: statement))
        }
        #expect(error?.code == .statementFailed && error?.sqlState == "2D000")
        try await session.query("SAVEPOINT part")
        _ = try? await session.query("SELECT 1/0")
        try await session.query("ROLLBACK TO SAVEPOINT part")
        try await session.query("ROLLBACK WORK TO part")
        try await session.query("INSERT INTO tanks VALUES ('c')")
      }
      #expect(try await fleet.psql("SELECT count(*) FROM acme.tanks WHERE name = 'c'") == "1")
      #expect(try await fleet.psql("SELECT count(*) FROM public.tanks") == "0")
    }
  }

  /// Two tenants swap their names, or another one gets a name that has become free: it is another row.
  @Test(arguments: [false, true]) func anotherTenantHasItsName(isNew: Bool) async throws {
    try await TenantSessionTests.withTanks { fleet in
      try await fleet.create("other")
      try await fleet.withDirectory { directory in
        let found = [
          try await fleet.tenancy.tenant(forHost: "acme.example.com"),
          try await fleet.tenancy.tenant(forHost: "acme.example.org"),
          try directory.tenant(forHost: "acme.example.com"),
        ]
        if isNew {
          try await fleet.drop("acme")
          try await fleet.create("acme")
        } else {
          try await fleet.rename("acme", "x")
          try await fleet.rename("other", "acme")
        }
        for tenant in found {
          #expect(tenant.key != nil)
          let error = await #expect(throws: TenancyError.self) {
            try await fleet.tenancy.withTenant(tenant) { _ in }
          }
          #expect(error?.code == .tenantNotFound)
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(20))) func aLockIsWaitedForAsLongAsTheSettingsSay() async throws {
    try await TenantSessionTests.withTanks { fleet in
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(50))
      let holder = try await fleet.database.holder(of: "LOCK TABLE acme.tanks")
      let error = await #expect(throws: TenancyError.self) {
        try await tenancy.withTenant("acme") { try await $0.query("SELECT FROM tanks") }
      }
      #expect(error?.code == .locked)
      await holder.close()
    }
  }

  /// A position without a column is no NULL.
  @Test func aPositionWithoutAColumn() async throws {
    try await TenantSessionTests.withTanks { fleet in
      let row = try await fleet.tenancy.withTenant("acme") { try await $0.query("SELECT 1 AS a")[0] }
      for position in [1, -1, Int(Int32.max) + 1] {
        let error = #expect(throws: TenancyError.self) { try row.decode(position, as: Int?.self) }
        #expect(error?.code == .columnMismatch && row[position] == nil)
      }
      #expect(throws: TenancyError.self) { try row.decode((Int, Int?).self) }
    }
  }

  @Test func whatTheProtocolCannotHold() async throws {
    try await TenantSessionTests.withTanks { fleet in
      try await fleet.tenancy.withTenant("acme") { session in
        let values = SQL.joined((0..<65_536).map { "\($0)" as SQL })
        let error = await #expect(throws: TenancyError.self) {
          try await session.query("SELECT 1 IN (\(values))")
        }
        #expect(error?.code == .statementFailed && error?.sqlState == "54000")
        try await session.query("SELECT 1")
      }
      let error = await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.withTenant("acme") { try await $0.query("COPY tanks TO STDOUT") }
      }
      #expect(error?.code == .statementFailed && error?.sqlState == "0A000")
    }
  }
}
