import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Files with `transaction:false`.
@Suite(.timeLimit(.minutes(20))) struct StatementwiseTests {
  static let build = "CREATE INDEX CONCURRENTLY i ON t1 (id);"

  /// Our session is killed while it builds an index, which stays behind, not valid.
  @Test(arguments: [build, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t1 (id);"])
  func aBuildThatWasCutOffIsMadeAnew(statement: String) async throws {
    try await Fleet.withTable(andFile: statement) { fleet, files in
      try await cutOff(fleet, files)
      #expect(try await fleet.indexes() == "i: not valid")
      #expect(
        try await fleet.psql("SELECT statements_done FROM a.schema_migrations WHERE version = '2'") == "0")
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.indexes() == "i: valid")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
    }
  }

  /// One that is cancelled in the middle is neither done nor as if it had not been run.
  @Test(arguments: [
    "CREATE TABLE t2 (); CREATE INDEX CONCURRENTLY i ON t1 (id);", "VACUUM t1; SELECT pg_sleep(100);",
  ])
  func whatIsCancelledInTheMiddleIsNotFinished(statements: String) async throws {
    try await Fleet.withTable(andFile: statements) { fleet, files in
      let holder = try await fleet.database.holder(of: "LOCK TABLE a.t1 IN ROW EXCLUSIVE MODE")
      let run = Task { try await fleet.migrate(files) }
      if statements.contains("sleep") {
        await holder.close()
        try await fleet.database.connect().sleeping()
      } else {
        try await holder.blocked()
      }
      run.cancel()
      let report = try await run.value
      await holder.close()
      #expect(report.outline == "a: unfinished")
    }
  }

  /// Which index it is that an unnamed build has left, nobody can say for sure: so it is named, and left.
  @Test func aBuildWithoutANameIsLeftToAPerson() async throws {
    try await Fleet.withTable(andFile: "CREATE INDEX CONCURRENTLY ON t1 (id);") { fleet, files in
      try await cutOff(fleet, files)
      let failure = try #require(try await fleet.migrate(files).tenants[0].migrationFailure)
      #expect((failure.reason, failure.line) == (.invalidIndex, 2))
      #expect(failure.leftIndexes == ["t1_id_idx"])
      #expect(failure.dropStatements == [#"DROP INDEX CONCURRENTLY "t1_id_idx""#])
      try await fleet.psql("SET search_path TO a; \(failure.dropStatements[0])")
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.indexes() == "t1_id_idx: valid")
    }
  }

  /// An index of somebody else's is not ours to drop; `IF NOT EXISTS` would take it for the real one.
  @Test func whatIsNotValidFromBeforeIsNamed() async throws {
    try await Fleet.withTable(andFile: "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t1 (id);") {
      fleet, files in
      try await fleet.psql("INSERT INTO a.t1 VALUES (1), (1)")
      _ = try? await fleet.psql("CREATE UNIQUE INDEX CONCURRENTLY i ON a.t1 (id)")
      try await fleet.psql("DELETE FROM a.t1")
      #expect(try await fleet.indexes() == "i: not valid")
      let failure = try #require(try await fleet.migrate(files).tenants[0].migrationFailure)
      #expect((failure.reason, failure.leftIndexes) == (.invalidIndex, ["i"]))
    }
  }

  /// A statement that failed is not one that a crash has kept from being counted.
  @Test func whatWasThereBeforeIsInTheWayTwice() async throws {
    try await Fleet.withTable(andFile: "CREATE INDEX CONCURRENTLY i ON t1 (id);") { fleet, files in
      try await fleet.psql("CREATE TABLE a.other (x int); CREATE INDEX i ON a.other (x)")
      for _ in 0..<2 {
        let failure = try #require(try await fleet.migrate(files).tenants[0].migrationFailure)
        #expect(failure.server?.sqlState == "42P07")
      }
      try await fleet.psql("DROP INDEX a.i")
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.indexes() == "i: valid")
    }
  }

  @Test func aSchemaThatGoesMeanwhile() async throws {
    try await Fleet.withTable(andFile: Self.build) { fleet, files in
      let plan = try await fleet.tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      try await fleet.psql("ALTER SCHEMA a RENAME TO b")
      let report = await fleet.tenancy.migrate(plan, MigrationRun())
      #expect(report.tenants.map({ $0.failure != nil }) == [true])
    }
  }

  /// It would be kept up by every write, and refuse some.
  @Test func aBuildThatFailsLeavesNothing() async throws {
    try await Fleet.withTable(andFile: "CREATE UNIQUE INDEX CONCURRENTLY i ON t1 (id);") { fleet, files in
      try await fleet.psql("INSERT INTO a.t1 VALUES (1), (1)")
      let failure = try #require(try await fleet.migrate(files).tenants[0].migrationFailure)
      #expect(failure.server?.sqlState == "23505")
      #expect((failure.droppedIndexes, failure.leftIndexes) == (["i"], []))
      #expect(try await fleet.indexes() == "")
      try await fleet.psql("DELETE FROM a.t1")
      #expect(try await fleet.migrate(files).outline == "a: 2")
    }
  }

  /// The other one's transaction is in the way of the build, and of taking its remains away.
  @Test func whatCannotBeDroppedIsNamed() async throws {
    try await Fleet.withTable(
      andFile: "CREATE INDEX CONCURRENTLY i ON t1 (id);", options: "lock_timeout:10ms"
    ) { fleet, files in
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(10))
      let hurried = Fleet(database: fleet.database, tenancy: tenancy)
      let failure = try await fleet.database.whileHolding("INSERT INTO a.t1 VALUES (1)") { _ in
        try await hurried.migrate(files) { $0.retries = 1 }.tenants[0].migrationFailure
      }
      #expect((failure?.reason, failure?.leftIndexes) == (.locked, ["i"]))
      #expect(try await hurried.migrate(files).outline == "a: 2")
      #expect(try await fleet.indexes() == "i: valid")
      await tenancy.close()
    }
  }

  /// The server had finished the statement, but we were gone before it was counted.
  @Test(arguments: [
    (build, "DROP INDEX a.i; CREATE INDEX i ON a.t1 (id)", "i: valid"),
    ("DROP INDEX CONCURRENTLY old;", "DROP INDEX IF EXISTS a.old", ""),
  ])
  func whatTheServerFinishedCountsAsDone(statement: String, done: String, indexes: String) async throws {
    try await Fleet.withTable(andFile: statement) { fleet, files in
      try await fleet.psql("CREATE INDEX old ON a.t1 (id)")
      try await fleet.migrate(files)
      try await fleet.psql(
        """
        UPDATE a.schema_migrations SET statements_done = 0 WHERE version = '2';
        COMMENT ON TABLE a.schema_migrations IS NULL; DROP INDEX IF EXISTS a.old; \(done)
        """)
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.indexes() == indexes)
    }
  }

  @Test func allTransactionsComeFirst() async throws {
    try await Fleet.withTable(andFile: Self.build, ["a", "b", "c"]) { fleet, _ in
      try await fleet.psql("CREATE TABLE public.log (number serial, what text)")
      let files = try [
        tableMigration(1), migration("2", "INSERT INTO log (what) SELECT 'transaction'"),
        migration("3", "-- migrate:up transaction:false\nINSERT INTO log (what) SELECT 'alone';"),
        migration("4", "INSERT INTO log (what) SELECT 'after it'"),
      ]
      let report = try await fleet.migrate(files) { $0.jobs = 3 }
      #expect(report.outline == "a: 2,3,4; b: 2,3,4; c: 2,3,4")
      let order = try await fleet.psql("SELECT what FROM public.log ORDER BY number").split(separator: "\n")
      #expect(order.prefix(3).allSatisfy { $0 == "transaction" })
      #expect(order.count == 9 && order.count { $0 == "alone" } == 3)
      #expect(order.lastIndex(of: "after it") == 8)
    }
  }

  @Test(arguments: [(true, 4), (false, 2)]) func fewAtATime(isTransactional: Bool, jobs: Int) async throws {
    try await Fleet.withTable(andFile: Self.build, ["a", "b", "c", "d"]) { fleet, _ in
      try await fleet.psql("CREATE TABLE public.gate ()")
      let files = try [
        tableMigration(1),
        migration("2", "-- migrate:up transaction:\(isTransactional)\nSELECT FROM public.gate;"),
      ]
      let report = try await withThrowingTaskGroup { group in
        try await fleet.database.whileHolding("LOCK TABLE public.gate") { holder in
          group.addTask { try await fleet.migrate(files) { $0.jobs = 4 } }
          let waiting: SQL =
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
          _ = try await holder.awaited("SELECT nullif((\(waiting)) >= \(jobs), false)::int")
          for _ in 0..<50 {
            let count = try await holder.pipeline([
              "SELECT pg_stat_clear_snapshot()", "SELECT pg_sleep(0.002)", waiting,
            ])[2]
            // One whose wait was too long pauses before its next attempt.
            #expect(try count[0].decode(Int.self) <= jobs)
          }
        }
        return try await group.next()
      }
      #expect(report?.tenants.count { $0.isDone } == 4)
    }
  }

  /// Two runs at a time: no error, and nothing twice.
  @Test(arguments: 0..<3) func twoRunners(round: Int) async throws {
    let names = (1...8).map { "t\($0)" }
    try await Fleet.withTable(andFile: Self.build, names) { fleet, _ in
      let files = try [
        tableMigration(1),
        migration(
          "2",
          "-- migrate:up transaction:false\n\(Self.build)\nCREATE TABLE once ();\nINSERT INTO t1 VALUES (1);"),
        migration("3", "CREATE TABLE after ()"),
      ]
      let other = try fleet.database.tenancy()
      let set = MigrationSet(tenant: files, shared: [])
      let plans = [
        try await fleet.tenancy.planMigration(.all, set), try await other.planMigration(.all, set),
      ]
      var run = MigrationRun()
      run.jobs = 3
      async let first = fleet.tenancy.migrate(plans[0], run)
      async let second = other.migrate(plans[1], run)
      let reports = await [first, second]
      await other.close()
      #expect(reports.flatMap(\.tenants).allSatisfy { $0.isDone }, "\(reports.map(\.outline))")
      for name in names {
        #expect(try await fleet.ledger(name, of: files) == "1,2,3")
        #expect(try await fleet.psql("SELECT count(*) FROM \(name).t1") == "1")
      }
    }
  }

  @Test func whoIsAtItIsNamed() async throws {
    try await Fleet.withTable(andFile: Self.build) { fleet, files in
      let other = try await fleet.database.connect()
      let ledger = fleet.tenancy.ledger(of: SchemaName(stored: "a"))
      #expect(try await SessionLock.take(on: ledger, over: other))
      let failure = try #require(
        try await fleet.migrate(files) { $0.retries = 1 }.tenants[0].migrationFailure)
      #expect(failure.reason == .inProgress)
      #expect(try await failure.lockHolders.map(\.holder) == [.session(pid: other.backend)])
      await other.close()
      #expect(try await fleet.migrate(files).outline == "a: 2")
    }
  }

  /// dbmate's table has one column.
  @Test func aLedgerWithoutColumnsForIt() async throws {
    try await Fleet.withTable(andFile: "\(Self.build)\nSELECT 1/0;") { fleet, files in
      try await fleet.psql(
        "DROP TABLE a.schema_migrations; CREATE TABLE a.schema_migrations (version varchar(128) PRIMARY KEY);"
          + "INSERT INTO a.schema_migrations VALUES ('1')")
      #expect(try await fleet.migrate(files).outline == "a: failed")
      let rows = "SELECT version, statements_done, statements_total FROM a.schema_migrations ORDER BY version"
      #expect(try await fleet.psql(rows) == "1|NULL|NULL\n2|1|2")
    }
  }

  /// Our session is killed while it waits for a transaction in its second phase.
  private func cutOff(_ fleet: Fleet, _ files: [MigrationFile]) async throws {
    let report = try await withThrowingTaskGroup { group in
      try await fleet.database.whileHolding("INSERT INTO a.t1 VALUES (1)") { holder in
        group.addTask { try await fleet.migrate(files) }
        try await holder.kill(try await holder.blocked())
        return try await group.next()
      }
    }
    #expect(report?.outline == "a: failed")
  }
}

extension Fleet {
  /// Tenants that have the table `t1`, and a file to run outside of a transaction.
  static func withTable(
    andFile statements: String, _ tenants: [String] = ["a"], options: String = "",
    _ body: (Fleet, [MigrationFile]) async throws -> Void
  ) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(tenants)
      let files = try [
        tableMigration(1), migration("2", "-- migrate:up transaction:false \(options)\n\(statements)\n"),
      ]
      try await fleet.migrate([files[0]])
      try await body(fleet, files)
    }
  }

  /// The indexes of the tenant a's tables: `i: valid`.
  fileprivate func indexes() async throws -> String {
    try await psql(
      """
      SELECT coalesce(string_agg(c.relname || CASE WHEN indisvalid THEN ': valid' ELSE ': not valid' END, ' '), '')
      FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
      WHERE relnamespace = 'a'::regnamespace AND indrelid = to_regclass('a.t1')
      """)
  }
}
