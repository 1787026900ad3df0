internal import Postgres

/// How far one schema has come while migrations are applied to it or undone, and what the next one sends.
struct SchemaProgress: Sendable {
  private(set) var history: LedgerHistory
  private(set) var hasLedger: Bool
  private var rows: Int
  private let begun: [MigrationVersion: Int]
  private let ledger: Ledger

  init(_ survey: Survey) {
    history = survey.history
    hasLedger = survey.hasLedger
    rows = survey.rows
    begun = survey.begun
    ledger = survey.ledger
  }

  /// What takes the file in that direction. With a transaction that is one, and one round trip.
  func steps(for file: MigrationFile, _ direction: MigrationDirection, guards: SQL) -> [Step] {
    direction == .up ? applying(file, guards) : undoing(file, guards)
  }

  mutating func note(_ file: MigrationFile, _ direction: MigrationDirection) {
    let before = history.checksums.count
    history = direction == .up ? history.adding(file) : history.removing(file.version)
    rows += history.checksums.count - before
    hasLedger = true
  }

  /// The ledger's row goes first.
  private func applying(_ file: MigrationFile, _ guards: SQL) -> [Step] {
    let source = MigrationSource(file: file, place: .ledger)
    let opening =
      ledger.opening(guards) + (hasLedger ? [] : [PlannedStatement(ledger.create, source: source)])
    let comment = PlannedStatement(ledger.comment(history.adding(file)), source: source)
    if file.upOptions.transaction {
      return [.transaction(opening + ledger.run(file, after: rows) + [comment])]
    }
    let create: [Step] = hasLedger ? [] : [.transaction(opening)]
    return create + ledger.runAlone(file, begun: begun[file.version], guards: guards)
      + [.transaction([comment])]
  }

  /// Taking the row out goes first: it is the lock here, too.
  private func undoing(_ file: MigrationFile, _ guards: SQL) -> [Step] {
    let source = MigrationSource(file: file, place: .ledger)
    let comment = PlannedStatement(ledger.comment(history.removing(file.version)), source: source)
    let remove = PlannedStatement(ledger.remove(file.version), source: source)
    let body = ledger.statements(of: file, .down)
    if file.downOptions.transaction {
      let settings = file.downOptions.settings.map { PlannedStatement($0, source: source) }
      let check = PlannedStatement(
        ledger.closeUndone(count: history.count - 1), source: MigrationSource(file: file, place: .close)
      )
      return [.transaction(ledger.opening(guards) + settings + [remove] + body + [check, comment])]
    }
    return body.map { .alone($0, in: ledger.schema) } + [.transaction([remove, comment])]
  }
}
