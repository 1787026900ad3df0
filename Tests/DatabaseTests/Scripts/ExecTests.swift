import SQLText
import Synchronization
import Testing

@testable import Tenancy

@Suite struct ExecTests {
  @Test func eachTenantHasItsOwnPathAndTransaction() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name) }
      let rows = try await fleet.exec(
        "SELECT current_setting('search_path'), current_setting('lock_timeout'), current_setting('statement_timeout')",
        statementTimeout: .seconds(3))
      #expect(rows == [["acme", "acme, public", "2s", "3s"], ["reef", "reef, public", "2s", "3s"]])
      #expect(try await fleet.exec("SHOW search_path", in: ["acme"]) == [["acme", "acme, public"]])
      #expect(try await fleet.exec("SHOW statement_timeout", in: ["acme"]) == [["acme", "0"]])
    }
  }

  /// PostgreSQL takes it before its first query alone, and ours are queries.
  @Test func whatSetsTheTransaction() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      for (setting, level) in [
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "serializable"),
        ("SET lock_timeout = '9s'; SET LOCAL TRANSACTION ISOLATION LEVEL REPEATABLE READ", "repeatable read"),
        ("SET SESSION transaction_isolation TO 'serializable'", "serializable"),
        ("SET TRANSACTION READ WRITE", "read committed"),
      ] {
        let script = "\(setting); SELECT current_setting('transaction_isolation')"
        #expect(try await fleet.exec(script) == [["acme", level]], "\(setting)")
      }
      #expect(
        try await fleet.exec("SET TRANSACTION READ ONLY; SHOW transaction_read_only") == [["acme", "on"]])
      #expect(
        try await fleet.exec("SET TRANSACTION READ WRITE; SHOW transaction_read_only") == [["acme", "on"]])
      let script = try ExecScript([
        ("s.sql", Array("SET x.y = 1;\nSET TRANSACTION ISOLATION LEVEL NONE;\nSELECT 1;".utf8))
      ])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      let report = try await fleet.tenancy.exec(script, in: tenants) { _, _ in }
      guard case .execFailed(let failure) = report.failures.first?.failure as? TenancyProblem else {
        Issue.record("\(report)")
        return
      }
      #expect(failure.place?.location.line == 2)
    }
  }

  @Test func aFailureTakesAllOfTheTenantsStatementsBack() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name) }
      try await fleet.psql("CREATE TABLE reef.t ()")
      let script = try ExecScript([("s.sql", Array("CREATE TABLE u ();\nCREATE TABLE t ();\n".utf8))])
      var options = ExecOptions()
      options.mayWrite = true
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      let report = try await fleet.tenancy.exec(script, in: tenants, options) { _, _ in }
      #expect(report.tenants.map { $0.value?.rows } == [1, nil])
      guard case .execFailed(let failure) = report.failures.first?.failure as? TenancyProblem else {
        Issue.record("\(report)")
        return
      }
      #expect(failure.server.sqlState == "42P07")
      #expect(failure.place?.location == ScriptLocation(line: 2, column: 1))
      #expect(try await fleet.psql("SELECT to_regclass('acme.u'), to_regclass('reef.u')") == "acme.u|NULL")
    }
  }

  @Test func onlyTheFirstTenantsColumnsAreReceived() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef", "rock"] { try await fleet.create(name) }
      try await fleet.psql(
        "CREATE TABLE acme.t (a int); CREATE TABLE reef.t (b int); CREATE TABLE rock.t (a int)")
      let received = Mutex<[TenantName]>([])
      let script = try ExecScript([("-c", Array("TABLE t".utf8))])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      await #expect(
        throws: TenancyProblem.columnsDiffer(
          [
            ColumnSet([ResultColumn(name: "a", kind: .number)], types: [["integer"]], of: ["acme", "rock"]),
            ColumnSet([ResultColumn(name: "b", kind: .number)], types: [["integer"]], of: ["reef"]),
          ], changesStay: false)
      ) {
        _ = try await fleet.tenancy.exec(script, in: tenants) { tenant, _ in
          received.withLock { $0.append(tenant.name) }
        }
      }
      #expect(received.withLock { $0 } == ["acme", "rock"])
    }
  }

  /// Its statements would meet a table of the shared schema.
  @Test(arguments: [false, true]) func aSchemaThatGoesMeanwhile(isLast: Bool) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE public.tanks (n int); INSERT INTO tanks VALUES (0)")
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      if !isLast { try await fleet.psql("DROP SCHEMA acme CASCADE") }
      let sql = "UPDATE tanks SET n = 1" + (isLast ? "; DROP SCHEMA acme CASCADE" : "")
      var options = ExecOptions()
      options.mayWrite = true
      let report = try await fleet.tenancy.exec(
        ExecScript([("-c", Array(sql.utf8))]), in: tenants, options
      ) { _, _ in }
      #expect(
        report.failures.first?.failure as? TenancyProblem
          == .schemaMissing("acme", tenants.members[0].tenant.schema))
      #expect(try await fleet.psql("SELECT n FROM tanks") == "0")
    }
  }

  /// Twice in one session, the second of a pair of these would fail or mean something else.
  @Test(arguments: [
    "SET my.value TO 'left'", "SELECT set_config('my.value', 'left', false)", "PREPARE p AS SELECT 1",
    "CREATE TEMP TABLE scratch (id int)", "CREATE TABLE pg_temp.scratch (id int)",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "LISTEN ears",
    "SELECT pg_advisory_lock(7)", "SET client_encoding TO 'LATIN1'", "SET ROLE pg_monitor",
    "DO $$ BEGIN PERFORM set_config('work_mem', '1MB', false); END $$",
  ])
  func whatAScriptLeavesInItsSessionIsGone(sql: String) async throws {
    try await Fleet.with(connections: 1) { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name) }
      var options = ExecOptions()
      options.mayWrite = true
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      for (end, failures) in [("", 0), ("; SELECT 1/0", 2)] {
        let script = try ExecScript([("-c", Array((sql + end).utf8))])
        let report = try await fleet.tenancy.exec(script, in: tenants, options) { _, _ in }
        #expect(report.failures.count == failures)
        let place = (report.failures.first?.failure as? TenancyProblem).flatMap {
          if case .execFailed(let failure) = $0 { failure.server.sqlState } else { nil }
        }
        #expect(place == (failures == 0 ? nil : "22012"))
        let left = try await fleet.exec(
          """
          SELECT coalesce(current_setting('my.value', true), ''), current_setting('work_mem'), current_user,
            current_setting('client_encoding'), (SELECT count(*) FROM pg_prepared_statements),
            to_regclass('pg_temp.scratch'), (SELECT count(*) FROM pg_cursors WHERE name = 'c'),
            (SELECT count(*) FROM pg_listening_channels()),
            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
          """, in: ["acme"])
        #expect(left == [["acme", "", "4MB", "postgres", "UTF8", "0", nil, "0", "0", "0"]])
      }
    }
  }

  /// One tenant's connection breaks, the next one's cannot be made, and that is enough of it.
  @Test func stopsWhereNoConnectionIsToBeHad() async throws {
    try await Fleet.with(connections: 1) { fleet in
      for name in ["acme", "reef", "rock"] { try await fleet.create(name) }
      let script = try ExecScript([("-c", Array("SELECT pg_terminate_backend(pg_backend_pid())".utf8))])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      try await fleet.psql("UPDATE pg_database SET datallowconn = false WHERE datname = current_database()")
      let report = try await fleet.tenancy.exec(script, in: tenants) { _, _ in }
      let failures = report.failures.map { $0.failure as? TenancyProblem }
      guard case .connectionLost = failures.first, case .cannotConnect = failures.last else {
        Issue.record("\(failures)")
        return
      }
      #expect(failures.count == 2 && report.tenants.count == 3)
    }
  }

  @Test func stopsAfterAsManyFailuresAsAllowed() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef", "rock"] { try await fleet.create(name) }
      let script = try ExecScript([("-c", Array("SELECT nonsense".utf8))])
      var run = FleetRun<ExecResult>()
      run.maxFailures = 2
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      let report = try await fleet.tenancy.exec(script, in: tenants, ExecOptions(), run) { _, _ in }
      #expect(report.failures.map(\.label) == ["acme", "reef"])
      #expect(!report.wasInterrupted)
    }
  }
}

extension Fleet {
  /// Each row, the tenant's name first.
  func exec(
    _ sql: String, in names: [TenantName]? = nil, statementTimeout: Duration? = nil
  ) async throws -> [[String?]] {
    let rows = Mutex<[[String?]]>([])
    var options = ExecOptions()
    options.statementTimeout = statementTimeout
    let tenants = try await tenancy.tenants(in: FleetSelection(names: names))
    let script = try ExecScript([("-c", Array(sql.utf8))])
    _ = try await tenancy.exec(script, in: tenants, options) { tenant, table in
      rows.withLock { rows in
        rows += (0..<table.count).map { [tenant.name.rawValue] + table[$0] }
      }
    }
    return rows.withLock { $0 }
  }
}
