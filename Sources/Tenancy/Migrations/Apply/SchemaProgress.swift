internal import TenancyPostgres

/// How far one schema has come while migrations are applied to it or undone, and what the next one sends.
struct SchemaProgress: Sendable {
  private(set) var history: LedgerHistory
  private(set) var hasLedger: Bool
  private var state: LedgerState
  private let ledger: Ledger

  init(_ survey: Survey) {
    history = survey.history
    hasLedger = survey.hasLedger
    state = survey.state
    ledger = survey.ledger
  }

  /// What takes the file in that direction. With a transaction that is one, and one round trip.
  func steps(for file: MigrationFile, _ direction: MigrationDirection, _ frame: Frame) -> [Step] {
    guard file.runsInTransaction(direction) else {
      let count = state.begun[file.version].flatMap { direction == .up ? max($0, 0) : $0 < 0 ? -1 - $0 : nil }
      return creating(frame, file) + statementwise(file, direction, frame).all(from: count)
    }
    return [transaction(file, direction, frame)]
  }

  /// What a file sends that runs outside of a transaction, once there is a ledger.
  func statementwise(_ file: MigrationFile, _ direction: MigrationDirection, _ frame: Frame)
    -> StatementSteps
  {
    StatementSteps(file, direction, ledger, frame, history: history, state: state)
  }

  /// Creates the ledger, if it does not exist.
  func creating(_ frame: Frame, _ file: MigrationFile) -> [Step] {
    let create = ledger.creation.map {
      PlannedStatement($0, source: MigrationSource(file: file, place: .ledger))
    }
    return hasLedger ? [] : [.transaction(ledger.opening(frame.limits, exists: false) + create)]
  }

  mutating func note(_ file: MigrationFile, _ direction: MigrationDirection) {
    let before = history.count
    history = direction == .up ? history.adding(file) : history.removing(file.version)
    state.rows += history.count - before
    state.begun[file.version] = nil
    hasLedger = true
  }

  private func transaction(_ file: MigrationFile, _ direction: MigrationDirection, _ frame: Frame) -> Step {
    let after = direction == .up ? history.adding(file) : history.removing(file.version)
    return FileTransaction(
      file: file, direction: direction, ledger: ledger, frame: frame, count: state.finished,
      history: state.isFinished(besides: file.version) ? after : nil, createsLedger: !hasLedger
    ).step
  }
}

/// How many migrations of a ledger are finished.
struct LedgerState: Sendable {
  /// How many rows it has, including those of other tools.
  var rows: Int
  /// Those that were begun and not finished.
  var begun: [MigrationVersion: Int]

  var finished: Int { rows - begun.count }

  /// How many are finished when that one is not.
  func finishedBesides(_ version: MigrationVersion) -> Int {
    begun[version] == nil ? finished - 1 : finished
  }

  /// Whether all others are finished.
  func isFinished(besides version: MigrationVersion) -> Bool { begun.keys.allSatisfy { $0 == version } }
}

extension MigrationFile {
  /// Whether all of a direction is one transaction. What has no statement needs no other.
  func runsInTransaction(_ direction: MigrationDirection) -> Bool {
    options(direction).transaction || statements(direction).isEmpty
  }
}

extension Survey {
  /// How far a file has come.
  ///
  /// Throws ``TenancyProblem`` if it is half undone and was to be applied.
  func progress(of file: MigrationFile, _ direction: MigrationDirection) throws -> StatementwiseRun.Progress {
    let isRecorded = history.contains(file.version)
    switch (direction, begun[file.version]) {
    case (.up, let count?) where count < 0: throw TenancyProblem.migrationFailed(.before(file, .halfUndone))
    case (.up, let count?): return .begun(count)
    case (.up, nil): return isRecorded ? .done : .notBegun
    // One whose up section was interrupted is undone from the start of its down section.
    case (.down, let count?) where count < 0: return .begun(-1 - count)
    case (.down, _): return isRecorded ? .notBegun : .done
    }
  }
}
