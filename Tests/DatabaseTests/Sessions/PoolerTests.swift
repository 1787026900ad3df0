import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Behind PgBouncer in transaction mode each transaction may run in another session, and a session outlives its client.
@Suite struct PoolerTests {
  private static let rude = """
    -- migrate:up
    CREATE TABLE t (id int);
    CREATE TEMP TABLE s AS SELECT 1 AS a;
    PREPARE q AS SELECT 1;
    SELECT pg_advisory_lock(4711);
    SET my.value = 'left';
    SET ROLE pg_monitor;
    -- migrate:down
    DROP TABLE t;
    CREATE TEMP TABLE s AS SELECT 1 AS a;
    SET my.value = 'left';
    """

  /// What a session has that it did not begin with.
  private static let traces = """
    SELECT concat_ws(' ', nullif(current_setting('my.value', true), ''), to_regclass('pg_temp.s'),
      (SELECT string_agg(name, ' ') FROM pg_prepared_statements),
      (SELECT string_agg(objid::text, ' ') FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
      nullif(current_user, session_user))
    """

  @Test func filesLeaveNothingInTheServersSessions() async throws {
    try await Fleet.with { fleet in
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        let files = [try migration("1", Self.rude)]
        for name in ["acme", "reef"] { try await pooled.create(name, files) }
        try await pooled.rollback(files, .steps(1))
        #expect(try await pooled.migrate(files).tenants.allSatisfy(\.isDone))
        try await pooled.expectNoTraces(url)
        #expect(
          try await fleet.psql("SELECT col_description('acme.schema_migrations'::regclass, 1)") == "NULL")
        await pooled.tenancy.close()
      }
    }
  }

  /// As many creates as the pooler has sessions, each with a lock in one and its work in another, would wait for each other.
  @Test(arguments: [1, 2]) func asManyCreatesAsThePoolerHasSessions(sessions: Int) async throws {
    try await Fleet.with { fleet in
      let settings = ["default_pool_size = \(sessions)", "query_wait_timeout = 30"]
      try await TestPgBouncer.with(fleet.database, settings: settings) { url in
        let names = ["a", "b", "c"].prefix(sessions + 1)
        try await withThrowingTaskGroup { group in
          for name in names {
            group.addTask {
              let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
              try await pooled.create(name, [tableMigration(1)])
              await pooled.tenancy.close()
            }
          }
          try await group.waitForAll()
        }
        #expect(try await fleet.list() == names.joined(separator: " "))
      }
    }
  }

  /// While the files run, the transaction with the lock is idle.
  @Test func aCreateThatTakesLongerThanATransactionMayBeIdle() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        "ALTER DATABASE \(fleet.database.name) SET idle_in_transaction_session_timeout = '200ms'")
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        try await pooled.create("acme", [tableMigration(1), migration("2", "SELECT pg_sleep(0.6)")])
        await pooled.tenancy.close()
      }
      #expect(try await fleet.list() == "acme")
    }
  }

  /// What was left is removed while another session of the program holds the create's lock.
  @Test func aCreateThatStartsOver() async throws {
    try await Fleet.with { fleet in
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        let plan = try await pooled.tenancy.planCreate(NewTenant("acme"), migrations: [tableMigration(1)])
        let connection = try await fleet.database.connect()
        for step in plan.steps.dropLast() { try await step.run(over: connection) }
        await connection.close()
        try await pooled.create("acme", [tableMigration(1)])
        #expect(try await fleet.list() == "acme")
        await pooled.tenancy.close()
      }
    }
  }

  @Test(arguments: ["", "; SELECT 1/0"]) func scriptsLeaveNothingInTheServersSessions(end: String)
    async throws
  {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        var options = ExecOptions()
        options.mayWrite = true
        let sql =
          "CREATE TEMP TABLE s (a int); PREPARE q AS SELECT 1; SELECT pg_advisory_lock(4711); SET my.value = 'left'"
        let script = try ExecScript([("-c", Array((sql + end).utf8))])
        let tenants = try await pooled.tenancy.tenants(in: .all)
        _ = try await pooled.tenancy.exec(script, in: tenants, options) { _, _ in }
        try await pooled.expectNoTraces(url)
        await pooled.tenancy.close()
      }
    }
  }

  @Test func blocksLeaveNothingInTheServersSessions() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        for fails in [false, true] {
          _ = try? await pooled.tenancy.withTenant("acme") { session in
            for sql in ["CREATE TEMP TABLE s (a int)", "PREPARE q AS SELECT 1", "SET my.value = 'left'"] {
              try await session.query(SQL(unsafeRaw: sql))
            }
            try await session.query("SELECT pg_advisory_lock(4711)")
            if fails { try await session.query("SELECT 1/0") }
          }
          try await pooled.expectNoTraces(url)
        }
        await pooled.tenancy.close()
      }
    }
  }

  /// Between a rollback and what cleans up after it the pooler would give the session to another block.
  @Test func blocksThatFailSideBySide() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url, connections: 8)
        let blocks = (0..<8).map { _ in Task { await Self.meetings(40, in: tenancy) } }
        for block in blocks { #expect(await block.value == 0) }
        await tenancy.close()
      }
    }
  }

  /// How many of so many blocks that fail meet what another one has left.
  private static func meetings(_ count: Int, in tenancy: TenantDatabase) async -> Int {
    var met = 0
    for _ in 0..<count {
      _ = try? await tenancy.withTenant("acme") { session in
        met += try await session.query("SELECT name FROM pg_prepared_statements").count
        try await session.query("PREPARE q AS SELECT 1")
        throw CancellationError()
      }
    }
    return met
  }

  /// The lock that says so is held over another connection, within a transaction.
  @Test func aCreateThatIsRunningIsNotTakenForAKilledOne() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      let files = [
        try migration("1", "CREATE TABLE t ();"), try migration("2", "SELECT * FROM public.gate;"),
      ]
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = try fleet.database.tenancy(url: url)
        let plan = try await pooled.planCreate(NewTenant("acme"), migrations: files)
        try await fleet.refusesASecondCreate(during: plan, files)
        #expect(try await fleet.list() == "acme")
        await pooled.close()
      }
    }
  }
}

extension Fleet {
  /// Asks both of the server's sessions.
  fileprivate func expectNoTraces(
    _ url: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let first = try await Connection.open(ConnectionTarget(url), applicationName: "tests")
    let second = try await Connection.open(ConnectionTarget(url), applicationName: "tests")
    let found = try await first.transaction { _ in
      let own = try await first.query(SQL(unsafeRaw: PoolerTests.tracesQuery))[0][0]
      return [own, try await second.query(SQL(unsafeRaw: PoolerTests.tracesQuery))[0][0]]
    }
    #expect(found == ["", ""], sourceLocation: sourceLocation)
    await first.close()
    await second.close()
  }
}

extension PoolerTests {
  fileprivate static var tracesQuery: String { traces }
}
