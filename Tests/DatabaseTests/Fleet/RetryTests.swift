import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct RetryTests {
  @Test func aLockHoldsUpNobodyElse() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c", "d"])
      let files = try [tableMigration(1), migration("2", "ALTER TABLE t1 ADD COLUMN name text")]
      try await fleet.migrate(Array(files.prefix(1)))
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(100))
      let plan = try await tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      let (outcomes, continuation) = AsyncStream.makeStream(of: MigrationOutcome.self)
      var run = MigrationRun()
      run.jobs = 2
      run.retries = .max
      run.onOutcome = { continuation.yield($0) }

      let report = try await withThrowingTaskGroup { [run] group in
        try await fleet.database.whileHolding("SELECT FROM b.t1") { holder in
          group.addTask { await tenancy.migrate(plan, run) }
          // Behind ours, which waits for the holder, stands a query of the app's.
          _ = try await holder.blocked()
          let app = try await fleet.database.connect()
          _ = try await app.pipeline(["SET lock_timeout TO '20s'", "SELECT count(*) FROM b.t1"])
          // All the others are done while the lock is still there.
          var labels: Set<String> = []
          for await outcome in outcomes.prefix(3) { labels.insert(outcome.label) }
          #expect(labels == ["a", "c", "d"])
          _ = try await holder.blocked()
        }
        return try await group.next()
      }
      #expect(report?.outline == "a: 2; b: 2; c: 2; d: 2")
      #expect(try await fleet.ledger("b", of: files) == "1,2")
      await tenancy.close()
    }
  }

  /// With the defaults, and in real time: the app's queries wait no longer for us than lock_timeout, the others are done
  /// meanwhile, and the tenant is migrated when the lock goes.
  @Test func aTableThatIsLocked() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c", "d"])
      let files = try [tableMigration(1), migration("2", "ALTER TABLE t1 ADD COLUMN name text")]
      try await fleet.migrate(Array(files.prefix(1)))
      let plan = try await fleet.tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      let events = Mutex<[String]>([])
      var run = MigrationRun()
      run.jobs = 2
      run.onOutcome = { outcome in events.withLock { $0.append(outcome.label) } }
      run.onPostponed = { outcome in events.withLock { $0.append("\(outcome.label) waits") } }

      let app = try await fleet.database.connect()
      let report = try await withThrowingTaskGroup { [run] group in
        try await fleet.database.whileHolding("SELECT FROM b.t1") { holder in
          group.addTask { await fleet.tenancy.migrate(plan, run) }
          let end = ContinuousClock.now + .seconds(120)
          while events.withLock({ $0.count }) < 4, ContinuousClock.now < end {
            // Neither the app nor who holds the lock fails, or waits for longer than the limit.
            try await app.query("SELECT count(*) FROM b.t1")
            try await holder.query("INSERT INTO b.t1 VALUES (1)")
          }
        }
        return try await group.next()
      }
      await app.close()
      #expect(report?.outline == "a: 2; b: 2; c: 2; d: 2")
      #expect(events.withLock { Set($0.prefix(4)) } == ["a", "b waits", "c", "d"])
    }
  }

  @Test func namesWhoHeldTheLock() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let files = try [tableMigration(1), migration("2", "ALTER TABLE t1\n  ADD COLUMN name text")]
      try await fleet.migrate(Array(files.prefix(1)))
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(20))
      let plan = try await tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      try await fleet.database.whileHolding("SELECT 'the  culprit' FROM a.t1") { holder in
        var run = MigrationRun()
        run.retries = 1
        let failure = try await #require(tenancy.migrate(plan, run).tenants[0].migrationFailure)
        #expect(failure.reason == .locked)
        #expect(failure.line == 1)
        let named = try #require(failure.lockHolders.first)
        #expect(failure.lockHolders.count == 1)
        #expect(try await named.holder == .session(pid: holder.backend))
        #expect(named.application == "tests" && named.isIdle && named.role == "postgres")
        #expect(named.query == "SELECT 'the culprit' FROM a.t1")
      }
      await tenancy.close()
    }
  }

  /// It belongs to no session, and none will end it.
  @Test func namesAPreparedTransaction() async throws {
    try await TestServer.withOwn(settings: ["max_prepared_transactions=2"]) {
      try await Fleet.with { fleet in
        try await fleet.populate(["a"])
        let files = try [tableMigration(1), migration("2", "ALTER TABLE t1 ADD COLUMN name text")]
        try await fleet.migrate(Array(files.prefix(1)))
        let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(20))
        let plan = try await tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
        try await fleet.psql("BEGIN; SELECT FROM a.t1; PREPARE TRANSACTION 'orphan'")
        var run = MigrationRun()
        run.retries = 0
        let failure = try await #require(tenancy.migrate(plan, run).tenants[0].migrationFailure)
        #expect(failure.lockHolders.map(\.holder) == [.prepared("orphan")])
        await tenancy.close()
        // A database with one cannot be dropped.
        try await fleet.psql("ROLLBACK PREPARED 'orphan'")
      }
    }
  }

  /// A foreign key waits for those who write to the table that it refers to, and for none who read.
  @Test func namesWhoHeldASharedTable() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE TABLE plans (id int PRIMARY KEY)")
      let files = [try migration("1", "CREATE TABLE t1 (plan int REFERENCES plans)")]
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(20))
      let plan = try await tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      try await fleet.database.whileHolding("SELECT FROM plans") { _ in
        try await fleet.database.whileHolding("INSERT INTO plans VALUES (1)") { holder in
          var run = MigrationRun()
          run.retries = 0
          let failure = try await #require(tenancy.migrate(plan, run).tenants[0].migrationFailure)
          #expect(failure.reason == .locked)
          #expect(try await failure.lockHolders.map(\.holder) == [.session(pid: holder.backend)])
        }
      }
      await tenancy.close()
    }
  }

  /// Ours is the last to wait, and so the one that finds the deadlock and is its victim.
  @Test func aDeadlockIsTriedAgain() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let files = try [
        tableMigration(1), tableMigration(2),
        migration("3", "LOCK TABLE t1; SELECT pg_advisory_xact_lock(1); LOCK TABLE t2; CREATE TABLE t3 ()"),
      ]
      try await fleet.migrate(Array(files.prefix(2)))
      let tenancy = try fleet.database.tenancy(lockTimeout: .seconds(60))
      let plan = try await tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      let gate = try await fleet.database.connect()
      let rival = try await fleet.database.connect()
      try await gate.query("SELECT pg_advisory_lock(1)")
      try await rival.query("SET deadlock_timeout TO '1h'")
      let report = try await withThrowingTaskGroup(of: MigrationReport?.self) { group in
        group.addTask { await tenancy.migrate(plan) }
        let ours = try await gate.blocked()
        group.addTask {
          try await rival.transaction(["LOCK TABLE a.t2", "LOCK TABLE a.t1"])
          return nil
        }
        _ = try await gate.awaited(
          """
          SELECT max(pid) FROM pg_stat_activity WHERE \(unsafeRaw: "\(ours)") = ANY(pg_blocking_pids(pid))
          """)
        try await gate.query("SELECT pg_advisory_unlock(1)")
        var report: MigrationReport?
        for try await result in group { report = result ?? report }
        return report
      }
      #expect(report?.outline == "a: 3")
      // A session reports what it counted at its end at the latest.
      for connection in [gate, rival] { await connection.close() }
      await tenancy.close()
      let deadlocks =
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0"
      let judge = try await fleet.database.connect()
      #expect(try await judge.awaited(SQL(unsafeRaw: deadlocks)) == 1)
      await judge.close()
    }
  }
}
