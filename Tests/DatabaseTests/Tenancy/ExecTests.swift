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
      #expect(rows == [["acme", "\"acme\", public", "2s", "3s"], ["reef", "\"reef\", public", "2s", "3s"]])
      #expect(try await fleet.exec("SHOW search_path", in: ["acme"]) == [["acme", "\"acme\", public"]])
      #expect(try await fleet.exec("SHOW statement_timeout", in: ["acme"]) == [["acme", "0"]])
    }
  }

  @Test func aFailureTakesAllOfTheTenantsStatementsBack() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] { try await fleet.create(name) }
      try await fleet.psql("CREATE TABLE reef.t ()")
      let script = try ExecScript(name: "s.sql", Array("CREATE TABLE u ();\nCREATE TABLE t ();\n".utf8))
      var options = ExecOptions()
      options.mayWrite = true
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      let report = try await fleet.tenancy.exec(script, in: tenants, options) { _, _ in }
      #expect(report.tenants.map { $0.value?.rows } == [1, nil])
      guard case .execFailed(let failure) = report.failures.first?.failure as? TenancyError else {
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
      let script = try ExecScript(name: "-c", Array("TABLE t".utf8))
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      await #expect(
        throws: TenancyError.columnsDiffer([
          ColumnSet(columns: ["a"], tenants: ["acme", "rock"]), ColumnSet(columns: ["b"], tenants: ["reef"]),
        ])
      ) {
        _ = try await fleet.tenancy.exec(script, in: tenants) { tenant, _ in
          received.withLock { $0.append(tenant.name) }
        }
      }
      #expect(received.withLock { $0 } == ["acme", "rock"])
    }
  }

  @Test func stopsAfterAsManyFailuresAsAllowed() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef", "rock"] { try await fleet.create(name) }
      let script = try ExecScript(name: "-c", Array("SELECT nonsense".utf8))
      var run = FleetRun<ExecResult>()
      run.maxFailures = 2
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: nil))
      let report = try await fleet.tenancy.exec(script, in: tenants, ExecOptions(), run) { _, _ in }
      #expect(report.failures.map(\.tenant.name) == ["acme", "reef"])
      #expect(!report.wasInterrupted)
    }
  }
}

extension Fleet {
  /// Each row, the tenant's name first.
  fileprivate func exec(
    _ sql: String, in names: [TenantName]? = nil, statementTimeout: Duration? = nil
  ) async throws -> [[String?]] {
    let rows = Mutex<[[String?]]>([])
    var options = ExecOptions()
    options.statementTimeout = statementTimeout
    let tenants = try await tenancy.tenants(in: FleetSelection(names: names))
    let script = try ExecScript(name: "-c", Array(sql.utf8))
    _ = try await tenancy.exec(script, in: tenants, options) { tenant, table in
      rows.withLock { rows in
        rows += (0..<table.count).map { [tenant.name.rawValue] + table[$0] }
      }
    }
    return rows.withLock { $0 }
  }
}
