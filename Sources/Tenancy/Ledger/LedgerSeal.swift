internal import SQLText
internal import TenancyPostgres

/// Notices a file that changes the records of other migrations. How many there are is checked after every file; what they
/// say, after those whose text has the ledger's name.
struct LedgerSeal {
  private let ledger: Ledger
  private let version: MigrationVersion

  /// `nil` if no statement of the file has the name of the ledger's table.
  init?(_ file: MigrationFile, _ direction: MigrationDirection, _ ledger: Ledger) {
    guard file.statements(direction).contains(where: { $0.mentions(ledger.table) }) else { return nil }
    self.ledger = ledger
    version = file.version
  }

  /// Remembers the records until the transaction ends.
  var seal: [SQL] {
    ledger.readyToRead + ["SELECT set_config('tenantctl.ledger', \(records), true)"]
  }

  /// Fails if the records have changed since ``seal``.
  var check: SQL { "SELECT \(Guard.number(if: "\(records) = current_setting('tenantctl.ledger')"))" }

  /// Without the times, whose text depends on the settings of the session.
  private var records: SQL {
    let columns = ["version", "checksum", "statements_done", "statements_total"].filter(
      ledger.columns.contains)
    return """
      coalesce((
        SELECT md5(string_agg(concat_ws('|', \(SQL.joined(columns.map { "\(Identifier($0))" }))), ' ' ORDER BY version))
        FROM ONLY \(ledger.name) WHERE version <> \(version.rawValue)), '')
      """
  }
}
