internal import SQLText
internal import TenancyPostgres

/// Runs a file outside of a transaction in one schema, and resumes where an earlier run stopped.
///
/// A session lock means that a run is in progress: it is released with the session, however that ends. So whoever gets it
/// knows that a statement which is not counted as done is not running any more.
struct StatementwiseRun {
  /// How far a file has come in a schema.
  enum Progress {
    case notBegun
    /// So many statements are done.
    case begun(Int)
    case done
  }

  private let steps: StatementSteps
  private let frame: Frame
  private let connection: Connection

  /// Throws ``TenancyProblem`` or `MigrationStatementError`.
  /// - Parameter read: reads the ledger, which must exist; called once no other session can run the file.
  /// - Returns: whether something was left to do.
  static func run(
    _ file: MigrationFile, _ direction: MigrationDirection, _ ledger: Ledger, _ frame: Frame,
    over connection: Connection, read: () async throws -> Survey
  ) async throws -> Bool {
    guard try await connection.isDirect() else { throw TenancyProblem.poolerInBetween }
    guard try await SessionLock.take(on: ledger, over: connection) else {
      throw TenancyProblem.migrationFailed(.before(file, .inProgress))
    }
    do {
      let survey = try await read()
      let run = StatementwiseRun(
        steps: SchemaProgress(survey).statementwise(file, direction, frame), frame: frame,
        connection: connection)
      let isNew = try await run.run(try survey.progress(of: file, direction))
      // Along with all else that the file has left in the session.
      await connection.clean()
      return isNew
    } catch {
      await connection.clean()
      throw error
    }
  }

  private func run(_ progress: Progress) async throws -> Bool {
    switch progress {
    case .done: return false
    case .notBegun:
      try await steps.begin.run(over: connection)
      try await runTheRest(from: 0, isResumed: false)
    case .begun(let count):
      // What comes next would find the tables of that name in the tenant's schema, or in `public`.
      if steps.needsTemporaries(from: count) {
        throw TenancyProblem.migrationFailed(.before(steps.file, .temporaryLost))
      }
      try await runTheRest(from: count, isResumed: true)
    }
    return true
  }

  /// Once it is recorded as begun, a cancellation leaves the file unfinished.
  private func runTheRest(from first: Int, isResumed: Bool) async throws {
    do {
      try await run(from: first, isResumed: isResumed)
    } catch is CancellationError {
      throw FleetUnfinished()
    }
  }

  private func run(from first: Int, isResumed: Bool) async throws {
    if first >= steps.statements.count { return try await steps.finish.run(over: connection) }
    for index in steps.statements.indices.dropFirst(first) {
      let own = steps.steps(index)
      let statement = steps.text(index)
      var isDone = false
      var step = own[0]
      if let built = ConcurrentIndex(statement) {
        isDone = try await prepare(built, index, at: step, isResumed: isResumed && index == first)
      } else if isResumed, index == first, let detach = ConcurrentDetach(statement) {
        let state = try await detach.state(for: steps, index, over: connection)
        isDone = state == .done
        if state == .pending { step = step.replacing(with: detach.finalization(in: steps.schema)) }
      }
      if !isDone {
        do {
          for step in steps.check(index) { try await step.run(over: connection) }
          try await SQLWords(statement).contains("CONCURRENTLY")
            ? build(step) : step.run(over: connection)
        } catch {
          if index == 0, leavesNothing(statement, error, isResumed) { await takeBack() }
          throw error
        }
      }
      for step in own.dropFirst() { try await step.run(over: connection) }
    }
  }

  /// Whether it is certain that a statement which has failed has changed nothing: the server has refused it, it neither commits
  /// in between nor has left an index, and no earlier run could have done it outside of a transaction.
  private func leavesNothing(_ statement: SQLStatement, _ error: any Error, _ isResumed: Bool) -> Bool {
    if isResumed, statement.mayWantNoTransaction { return false }
    // DETACH PARTITION CONCURRENTLY commits that it has begun.
    if SQLWords(statement).contains("DETACH") { return false }
    return switch error {
    case is MigrationStatementError: !statement.mayEndTransaction
    case TenancyProblem.migrationFailed(let failure): failure.leftIndexes.isEmpty
    default: false
    }
  }

  /// If that fails, the file remains begun, and the next run resumes at its first statement.
  private func takeBack() async {
    try? await steps.takingBack?.run(over: connection)
  }

  /// Takes away what an earlier attempt at this very statement has left. Whether that one has done it already.
  private func prepare(
    _ index: ConcurrentIndex, _ statement: Int, at step: Step, isResumed: Bool
  ) async throws -> Bool {
    guard let name = index.name else {
      let left = isResumed ? try await IndexState.invalid(in: steps.schema, over: connection) : []
      if !left.isEmpty { throw unsound(left, at: step) }
      return false
    }
    let state = try await IndexState.find(name, for: steps, statement, over: connection)
    switch (index.action, state) {
    case (.drop, nil): return isResumed
    case (.drop, _), (_, nil): return false
    // One that was there before is in the way: the statement says so again.
    case (_, let state?) where state.isValid: return isResumed && state.isNew
    case (_, let state?) where state.isBeingBuilt:
      throw TenancyProblem.migrationFailed(.before(steps.file, .inProgress))
    case (_, let state?) where isResumed && state.isNew:
      do {
        try await drop(name, at: step)
        return false
      } catch let error as MigrationStatementError {
        var failure = error.source.failure(error.error)
        failure.leftIndexes = [name]
        throw TenancyProblem.migrationFailed(failure)
      }
    // IF NOT EXISTS would skip the build, because an index that is not valid has the name.
    case (.createIfNotExists, _): throw unsound([name], at: step)
    default: return false
    }
  }

  /// Runs the statement. If it fails, drops the invalid index that it leaves: every write would update it, and no query
  /// would use it.
  private func build(_ step: Step) async throws {
    let before = Set(try await IndexState.invalid(in: steps.schema, over: connection))
    do {
      try await step.run(over: connection)
    } catch let error as MigrationStatementError {
      var failure = error.source.failure(error.error)
      let found = (try? await IndexState.invalid(in: steps.schema, over: connection)) ?? []
      for name in found where !before.contains(name) {
        do {
          try await drop(name, at: step)
          failure.droppedIndexes.append(name)
        } catch {
          failure.leftIndexes.append(name)
        }
      }
      throw TenancyProblem.migrationFailed(failure)
    }
  }

  /// A failure has the place of the file's statement.
  private func drop(_ name: String, at step: Step) async throws {
    let statement = PlannedStatement(
      IndexState.drop(name, in: steps.schema), source: step.statements[0].source)
    try await Step.alone(statement, SessionSettings(schema: steps.schema, frame: frame)).run(
      over: connection)
  }

  private func unsound(_ indexes: [String], at step: Step) -> TenancyProblem {
    let source = step.statements[0].source ?? MigrationSource(file: steps.file, place: .ledger)
    var failure = MigrationFailure(.invalidIndex, source, nil)
    failure.leftIndexes = indexes
    return .migrationFailed(failure)
  }
}

/// An advisory lock of the session's on one ledger (PostgreSQL manual, 13.3.5).
enum SessionLock {
  /// The upper half of the key: "tena".
  static let space = 0x7465_6E61

  /// Whether the lock could be taken: another session may have it. Never waits; held until the session is cleaned.
  ///
  /// Throws ``TenancyProblem/changedMeanwhile`` if there is no such ledger.
  static func take(on ledger: Ledger, over connection: Connection) async throws -> Bool {
    let row = try await connection.query(
      """
      SELECT key, pg_try_advisory_lock(key) FROM (
        SELECT (\(space)::bigint << 32) | to_regclass(\(ledger.name.quoted))::oid::bigint) AS k (key)
      """)[0]
    let (key, isTaken) = try row.decode(Int?.self, Bool?.self)
    if key == nil { throw TenancyProblem.changedMeanwhile }
    return isTaken == true
  }
}
