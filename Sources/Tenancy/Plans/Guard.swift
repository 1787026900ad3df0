internal import TenancyPostgres

/// Conditions that a transaction depends on. SQL has no assertion outside of PL/pgSQL, so a condition that does not hold makes
/// an expression fail, and the SQLSTATE identifies the kind of condition. Every name and operator is qualified, because some
/// of these are parsed with a tenant's search path.
enum Guard {
  /// The number, or a division by zero: something has changed since planning.
  static func number(_ number: SQL = "1", if condition: SQL) -> SQL {
    "\(number) OPERATOR(pg_catalog./) CASE WHEN \(condition) THEN 1 ELSE 0 END"
  }

  /// 0, or the logarithm of zero: a ledger is not the table that was trusted.
  static func ledger(if condition: SQL) -> SQL {
    "pg_catalog.ln(CASE WHEN \(condition) THEN 1.0 ELSE 0.0 END)"
  }

  /// The errors of a transaction that runs no code of a tenant, if another session was faster: a guard has failed, or a row,
  /// table or column now exists.
  static let lostRace = failures.union([.uniqueViolation, .duplicateTable, .duplicateColumn])

  /// The errors of a guard that has failed.
  static let failures: Set<SQLState> = [.divisionByZero, .invalidLogarithm]
}

extension SQLState {
  /// 2201E: what ``Guard/ledger(if:)`` fails with.
  static let invalidLogarithm: SQLState = "2201E"
}
