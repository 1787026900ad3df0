import TenancyPostgres
import Testing

@testable import Tenancy

/// On Citus a statement that reads or writes a tenant's table runs on a worker, and so does everything in it: what it says
/// of the session is not true there.
@Suite struct DistributedRuleTests {
  @Test(arguments: [MigrationDirection.up, .down], [nil, 4711])
  func noStatementMixesTheTableAndTheSession(direction: MigrationDirection, oid: Int?) throws {
    let sql = "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;"
    let file = try MigrationFile.parse(path: "1_x.sql", bytes: Array(sql.utf8))
    let trust = LedgerTrust(registry: RegistryMapping().tenants)
    let ledger = Ledger(
      schema: SchemaName(stored: "acme"), table: "schema_migrations", trust: trust, oid: oid)
    var frame = Frame(limits: TimeLimits(lock: .seconds(2), isDistributed: true))
    frame.sendsOneMessage = false
    let history = LedgerHistory()
    let steps =
      [
        FileTransaction(
          file: file, direction: direction, ledger: ledger, frame: frame, count: 0, history: history
        ).step
      ]
      + StatementSteps(
        file, direction, ledger, frame, history: history, state: LedgerState(rows: 0, begun: [:])
      ).all(from: nil)
    for statement in steps.flatMap(\.statements).map(\.sql.inlined) {
      let touches = ["FROM ONLY", "INTO \"acme\"", "UPDATE ONLY"].contains(where: statement.contains)
      let asks = ["current_setting", "set_config", "current_schema", "pg_backend_pid"].contains(
        where: statement.contains)
      #expect(!(touches && asks), "\(statement)")
    }
  }
}
