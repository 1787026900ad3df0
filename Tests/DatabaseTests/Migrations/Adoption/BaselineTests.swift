import TestSupport
import Testing

@testable import Tenancy

@Suite struct BaselineTests {
  private func plan(
    _ fleet: Fleet, _ files: [MigrationFile], at version: String
  ) async throws -> BaselinePlan {
    try await fleet.tenancy.planBaseline(
      at: MigrationVersion(parsing: version), .all, MigrationSet(tenant: files, shared: []))
  }

  private func baseline(_ fleet: Fleet, _ files: [MigrationFile], at version: String) async throws -> String {
    try await fleet.tenancy.run(plan(fleet, files, at: version)).outline
  }

  @Test func recordsWithoutRunning() async throws {
    try await Fleet.with { fleet in
      let files = try (1...4).map(tableMigration)
      try await fleet.populate(["a", "b"])
      try await fleet.migrate(Array(files.prefix(1)))
      try await fleet.populate(["c"])
      #expect(try await baseline(fleet, files, at: "3") == "a: 2,3; b: 2,3; c: 1,2,3")
      for name in ["a", "b", "c"] { #expect(try await fleet.ledger(name, of: files) == "1,2,3") }
      #expect(
        try await fleet.psql("SELECT to_regclass('a.t2') IS NULL, to_regclass('c.t1') IS NULL") == "t|t")
      #expect(try await baseline(fleet, files, at: "3") == "a: ; b: ; c: ")
      #expect(try await fleet.migrate(files).outline == "a: 4; b: 4; c: 4")
    }
  }

  @Test func refusesBeforeAnythingIsWritten() async throws {
    try await Fleet.with { fleet in
      let files = try (1...3).map(tableMigration)
      try await fleet.populate(["a", "b"])
      try await fleet.migrate(files)
      try await fleet.populate(["c"])
      let before = try await fleet.database.contents()
      let version = try MigrationVersion(parsing: "2")
      await #expect(throws: TenancyProblem.ledgerBeyond(version, tenants: ["a", "b"])) {
        try await plan(fleet, files, at: "2")
      }
      await #expect(throws: TenancyProblem.versionNotFound("9")) { try await plan(fleet, files, at: "9") }
      let edited = try [migration("1", "SELECT 1")] + files.dropFirst()
      await #expect(throws: TenancyProblem.self) { try await plan(fleet, edited, at: "3") }
      #expect(try await fleet.database.contents() == before)
    }
  }

  @Test func oneTenantLeavesTheOthersAlone() async throws {
    try await Fleet.with { fleet in
      let files = try (1...2).map(tableMigration)
      try await fleet.populate(["a", "b", "c"])
      try await fleet.psql(
        "DROP SCHEMA a; CREATE TABLE b.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
      )
      #expect(
        try await baseline(fleet, files, at: "2")
          == "a: schemaMissing; b: foreignLedger golang-migrate; c: 1,2")
    }
  }

  @Test func finishesWhatIsBegun() async throws {
    try await Fleet.with { fleet in
      let files = try [migration("1", "-- migrate:up transaction:false\nSELECT 1; SELECT 1/0;")]
      try await fleet.populate(["a"])
      #expect(try await fleet.migrate(files).outline == "a: failed")
      #expect(try await baseline(fleet, files, at: "1") == "a: 1")
      #expect(try await fleet.migrate(files).outline == "a: up to date")
    }
  }

  @Test func aLedgerOfDbmates() async throws {
    try await Fleet.with { fleet in
      let files = try (1...2).map(tableMigration)
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE TABLE a.schema_migrations (version varchar(128) PRIMARY KEY)")
      try await fleet.psql("INSERT INTO a.schema_migrations VALUES ('1')")
      #expect(try await baseline(fleet, files, at: "2") == "a: 2")
      #expect(try await fleet.psql("SELECT string_agg(version, ',') FROM a.schema_migrations") == "1,2")
      #expect(try await fleet.migrate(files).outline == "a: up to date")
    }
  }

  @Test func anotherSessionWasFaster() async throws {
    try await Fleet.with { fleet in
      let files = try (1...2).map(tableMigration)
      try await fleet.populate(["a"])
      let late = try await plan(fleet, files, at: "2")
      try await fleet.migrate(files)
      #expect(await fleet.tenancy.run(late).outline == "a: changedMeanwhile")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
    }
  }

  /// The primary key has nothing against it: the other session has recorded another version.
  @Test func anotherSessionHasRecordedANewerOne() async throws {
    try await Fleet.with { fleet in
      let files = try (1...2).map(tableMigration)
      try await fleet.create("a")
      let late = try await plan(fleet, Array(files.prefix(1)), at: "1")
      try await fleet.migrate([files[1]])
      #expect(await fleet.tenancy.run(late).outline == "a: changedMeanwhile")
      #expect(try await fleet.ledger("a", of: [files[1]]) == "2")
    }
  }
}
