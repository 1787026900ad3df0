import TestSupport
import Testing

@testable import Tenancy

@Suite struct RollbackTests {
  @Test(arguments: [
    (RollbackExtent.steps(1), "3", "1,2", "t1 t2"), (.steps(2), "3,2", "1", "t1"),
    (.steps(9), "3,2,1", "none", ""),
    (.to(version("2")), "3", "1,2", "t1 t2"), (.to(version("1")), "3,2", "1", "t1"),
    (.to(version("3")), "up to date", "1,2,3", "t1 t2 t3"), (.to(version("0")), "3,2,1", "none", ""),
  ])
  func undoes(extent: RollbackExtent, undone: String, left: String, tables: String) async throws {
    try await Fleet.with { fleet in
      let files = try (1...3).map(tableMigration)
      try await fleet.populate(["a", "b"])
      try await fleet.migrate(files)
      let report = try await fleet.rollback(files, extent)
      #expect(report.outline == "a: \(undone); b: \(undone)")
      for tenant in ["a", "b"] {
        #expect(try await fleet.ledger(tenant, of: files) == left)
        #expect(try await fleet.tables(tenant) == tables)
      }
      // What was undone is pending again.
      #expect(try await fleet.migrate(files).tenants.allSatisfy { $0.failure == nil })
      #expect(try await fleet.ledger("a", of: files) == "1,2,3")
    }
  }

  @Test func refusesBeforeAnythingRuns() async throws {
    try await Fleet.with { fleet in
      let files = try [tableMigration(1), migration("2", "CREATE TABLE t2 ()"), tableMigration(3)]
      try await fleet.populate(["a", "b"])
      try await fleet.migrate(files)
      let before = try await fleet.database.contents()
      await #expect(
        throws: TenancyProblem.notReversible([UnknownVersion(version: "2", tenants: ["a", "b"])])
      ) {
        try await fleet.planRollback(files, .steps(2))
      }
      // A version that no file has cannot be undone, either.
      await #expect(throws: TenancyProblem.filesMissing([UnknownVersion(version: "3", tenants: ["a", "b"])]))
      {
        try await fleet.planRollback(Array(files.prefix(2)), .steps(1))
      }
      await #expect(throws: TenancyProblem.versionNotFound("7")) {
        try await fleet.planRollback(files, .to(version("7")))
      }
      // 0 is before the first one, unless it is another spelling of it.
      await #expect(throws: TenancyProblem.versionNotFound("0")) {
        try await fleet.planRollback(files + [migration("0000", "SELECT 1")], .to(version("0")))
      }
      // One of the shared schema's is as good a place to stop at as a tenant's.
      let shared = MigrationSet(tenant: files, shared: [try migration("02", "SELECT 1")])
      let plan = try await fleet.tenancy.planRollback(.all, shared, .to(version("02")))
      #expect(plan.tenants.map { plan.pending($0).map(\.version.rawValue) } == [["3"], ["3"]])
      #expect(try await fleet.database.contents() == before)
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: 3; b: 3")
    }
  }

  @Test func aFailureLeavesTheTenantAsItWas() async throws {
    try await Fleet.with { fleet in
      let files = try [tableMigration(1), tableMigration(2)]
      try await fleet.populate(["a", "b"])
      try await fleet.migrate(files)
      try await fleet.psql("CREATE VIEW a.v AS SELECT * FROM a.t2")
      let report = try await fleet.rollback(files, .steps(2))
      #expect(report.outline == "a: failed; b: 2,1")
      #expect(report.tenants[0].migrationFailure?.server?.sqlState == "2BP01")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
    }
  }

  @Test func outsideOfATransaction() async throws {
    try await Fleet.with { fleet in
      let files = try [
        tableMigration(1),
        migration(
          "2",
          """
          -- migrate:up transaction:false
          CREATE INDEX CONCURRENTLY i ON t1 (id);
          -- migrate:down transaction:false
          DROP INDEX CONCURRENTLY IF EXISTS i;
          DROP TABLE obstacle;
          """),
      ]
      try await fleet.populate(["a"])
      try await fleet.migrate(files)
      // Half of it is done; the ledger does not say that it is undone.
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: failed")
      #expect(try await fleet.psql("SELECT to_regclass('a.i') IS NULL") == "t")
      let rows = "SELECT version, statements_done FROM a.schema_migrations ORDER BY version"
      #expect(try await fleet.psql(rows) == "1|1\n2|-2")
      // It is not applied again in that state, nor is what is done done again.
      let half = try await fleet.migrate(files)
      #expect(half.tenants[0].migrationFailure?.reason == .halfUndone)
      try await fleet.psql("CREATE TABLE a.obstacle (); CREATE INDEX i ON a.t1 (id)")
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: 2")
      #expect(try await fleet.psql("SELECT to_regclass('a.i')") == "a.i")
      #expect(try await fleet.ledger("a", of: files) == "1")
    }
  }

  /// Both were planned before either ran: together they undo what was planned, and not a migration more.
  @Test(arguments: [RollbackExtent.steps(1), .steps(2)]) func twoAtOnce(extent: RollbackExtent) async throws {
    try await Fleet.with { fleet in
      let files = try (1...4).map(tableMigration)
      let names = (1...12).map { "t\($0)" }
      try await fleet.populate(names)
      try await fleet.migrate(files)
      let other = try fleet.database.tenancy()
      let set = MigrationSet(tenant: files, shared: [])
      let plans = [
        try await fleet.planRollback(files, extent), try await other.planRollback(.all, set, extent),
      ]
      var run = MigrationRun()
      run.jobs = 3
      async let first = fleet.tenancy.migrate(plans[0], run)
      async let second = other.migrate(plans[1], run)
      let reports = await [first, second]
      await other.close()
      #expect(reports.flatMap(\.tenants).allSatisfy { $0.failure == nil })
      let left = extent == .steps(1) ? "1,2,3" : "1,2"
      for name in names { #expect(try await fleet.ledger(name, of: files) == left) }
    }
  }

  @Test func neverUndoesBelowAMigrationThatCameMeanwhile() async throws {
    try await Fleet.with { fleet in
      let files = try (1...3).map(tableMigration)
      try await fleet.populate(["a"])
      try await fleet.migrate(Array(files.prefix(2)))
      let plan = try await fleet.planRollback(files, .steps(1))
      try await fleet.migrate(files)
      let outcome = await fleet.tenancy.migrate(plan).tenants[0]
      guard case .failed(TenancyProblem.changedMeanwhile) = outcome.status else {
        Issue.record("\(outcome.status)")
        return
      }
      #expect(try await fleet.ledger("a", of: files) == "1,2,3")
    }
  }

  @Test func rowsOfAnotherToolAreLeftAlone() async throws {
    try await Fleet.with { fleet in
      let files = try (1...3).map(tableMigration)
      try await fleet.populate(["a"])
      try await fleet.migrate(Array(files.prefix(1)))
      try await fleet.psql("INSERT INTO a.schema_migrations VALUES ('1.2')")
      #expect(try await fleet.migrate(files).outline == "a: 2,3")
      #expect(try await fleet.migrate(files).outline == "a: up to date")
      #expect(try await fleet.rollback(files, .steps(2)).outline == "a: 3,2")
      #expect(try await fleet.psql("SELECT string_agg(version, ' ') FROM a.schema_migrations") == "1 1.2")
    }
  }

  @Test func aHeadCommentThatIsNotTrueDoesNotDecide() async throws {
    try await Fleet.with { fleet in
      let files = try (1...3).map(tableMigration)
      try await fleet.populate(["a"])
      try await fleet.migrate(files)
      let lie = LedgerHistory(of: files.prefix(2)).head.comment
      try await fleet.psql("COMMENT ON TABLE a.schema_migrations IS '\(lie)'")
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: 3")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
      #expect(try await fleet.tables("a") == "t1 t2")
    }
  }
}

extension Fleet {
  fileprivate func tables(_ tenant: String) async throws -> String {
    try await psql(
      """
      SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables
      WHERE schemaname = '\(tenant)' AND tablename ~ '^t'
      """)
  }
}

private func version(_ text: String) -> MigrationVersion {
  do { return try MigrationVersion(parsing: text) } catch { preconditionFailure("\(error)") }
}
