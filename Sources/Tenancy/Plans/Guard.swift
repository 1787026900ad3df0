internal import TenancyPostgres

/// Conditions that a transaction of ours depends on. SQL has no assertion outside of PL/pgSQL, so a condition that does not
/// hold makes an expression fail, and the SQLSTATE says which kind of condition it was. Each name and operator says where it
/// is from: some of these are parsed under a tenant's search path.
enum Guard {
  /// The number, or a division by zero: something is not as it was planned.
  static func number(_ number: SQL = "1", if condition: SQL) -> SQL {
    "\(number) OPERATOR(pg_catalog./) CASE WHEN \(condition) THEN 1 ELSE 0 END"
  }

  /// 0, or the logarithm of zero: a ledger is not the table that was trusted.
  static func ledger(if condition: SQL) -> SQL {
    "pg_catalog.ln(CASE WHEN \(condition) THEN 1.0 ELSE 0.0 END)"
  }

  /// What the server says of a transaction, in whose statements nothing of the tenant's can run, when another session was
  /// faster: a guard has failed, or a row, table or column exists by now.
  static let lostRace: Set<SQLState> = [
    .divisionByZero, .invalidLogarithm, .uniqueViolation, .duplicateTable, .duplicateColumn,
  ]
}

extension SQLState {
  /// 2201E: what ``Guard/ledger(if:)`` fails with.
  static let invalidLogarithm: SQLState = "2201E"
}
