package import SQLText

/// A statement whose effect ends with its transaction, in a section where each statement has a transaction of its own.
package struct StatementWithoutEffect: Sendable, Hashable {
  /// What it is.
  package let kind: TransactionBound
  /// The file.
  package let path: String
  /// Its version.
  package let version: MigrationVersion
  /// Where the statement is.
  package let location: ScriptLocation
}

extension [StatementWithoutEffect] {
  /// Throws ``TenancyProblem/statementsWithoutEffect(_:)``.
  func refuse() throws(TenancyProblem) {
    if !isEmpty { throw .statementsWithoutEffect(self) }
  }
}

extension MigrationFile {
  /// Whether each of its directions is.
  fileprivate var isOneTransaction: Bool { upOptions.transaction && downOptions.transaction }

  /// Those of a direction, but for what a comment allows.
  func statementsWithoutEffect(_ direction: MigrationDirection) -> [StatementWithoutEffect] {
    if options(direction).transaction { return [] }
    let statements = statements(direction)
    return statements.enumerated().compactMap { index, statement in
      guard let kind = statement.transactionBound, !allows(kind.hazard, in: statements, at: index) else {
        return nil
      }
      return StatementWithoutEffect(kind: kind, path: path, version: version, location: statement.location)
    }
  }
}

extension MigrationPlan {
  /// Refuses what would have no effect, in the files that are about to run, before the first of them does. What was started
  /// is finished as it is: after an edit, the count of its statements that are done would be another's.
  ///
  /// Throws ``TenancyProblem/statementsWithoutEffect(_:)``.
  func checkTransactions() throws(TenancyProblem) {
    let runnable = surveys.filter { $0.problem == nil }
    let begun = Set(
      runnable.flatMap { $0.begun.filter { direction == .up || $0.value < 0 }.map(\.key) })
    // Of most files there is nothing to find out, and of a large fleet many are pending.
    let files = Set(runnable.flatMap { pending($0).filter { !$0.isOneTransaction } })
      .filter { !begun.contains($0.version) }
    // A down section is read when the file is new, not when it is needed in a hurry.
    let directions: [MigrationDirection] = direction == .up ? [.up, .down] : [.down]
    try files.sorted { $0.version < $1.version }
      .flatMap { file in directions.flatMap(file.statementsWithoutEffect) }.refuse()
  }
}

extension TransactionBound {
  /// As what `migration check` reports it.
  var hazard: Hazard { self == .setTransaction ? .setTransaction : .needsTransaction }
}
