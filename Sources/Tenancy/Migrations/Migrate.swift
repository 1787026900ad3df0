internal import Postgres
internal import Synchronization

extension TenantDatabase {
  /// Does what is planned. One tenant's failure leaves the others untouched and is in the report; the same run again
  /// does what is left.
  ///
  /// Throws ``TenancyError`` if the shared schema's migrations fail: no tenant is migrated then.
  public func migrate(_ plan: MigrationPlan, _ run: MigrationRun = MigrationRun()) async throws
    -> MigrationReport
  {
    let start = ContinuousClock.now
    var shared: MigrationOutcome?
    if let survey = plan.shared {
      let canary = FleetMigration(self, plan, [survey], run)
      shared = await canary.run(0..<1)[0]
      if case .failed(let error) = shared?.status { throw error }
    }
    let fleet = FleetMigration(self, plan, plan.tenants, run)
    let canaries = min(run.canaries, plan.tenants.count)
    var outcomes = await fleet.run(0..<canaries)
    if outcomes.contains(where: { $0?.isFailure ?? true }) { fleet.stop() }
    outcomes += await fleet.run(canaries..<plan.tenants.count)
    return MigrationReport(
      direction: plan.direction, shared: shared,
      tenants: zip(plan.tenants, outcomes).map { $1 ?? MigrationOutcome($0, .notRun) },
      duration: .now - start, wasInterrupted: run.shouldStop())
  }
}

/// A run over a fleet: its failures are counted, and a tenant that has to wait for a lock gets another turn.
private final class FleetMigration: Sendable {
  private struct State {
    var failures = 0
    var isStopped = false
    var attempts: [Int: Attempt] = [:]
  }

  /// What the turns of one tenant have come to so far.
  private struct Attempt {
    var count = 0
    var versions: [MigrationVersion] = []
    var duration = Duration.zero
  }

  private let database: TenantDatabase
  private let plan: MigrationPlan
  private let surveys: [Survey]
  private let settings: MigrationRun
  private let state = Mutex(State())

  init(_ database: TenantDatabase, _ plan: MigrationPlan, _ surveys: [Survey], _ settings: MigrationRun) {
    self.database = database
    self.plan = plan
    self.surveys = surveys
    self.settings = settings
  }

  /// Begins with no other tenant.
  func stop() {
    state.withLock { $0.isStopped = true }
  }

  func run(_ range: Range<Int>) async -> [MigrationOutcome?] {
    let queue = FleetQueue<MigrationOutcome>(count: range.count)
    return await queue.run(jobs: min(settings.jobs, range.count), shouldStop: shouldStop) { offset in
      await self.turn(of: range.lowerBound + offset)
    }
  }

  private func shouldStop() -> Bool {
    let (isStopped, failures) = state.withLock { ($0.isStopped, $0.failures) }
    return isStopped || failures >= settings.maxFailures ?? .max || settings.shouldStop()
  }

  private func turn(of index: Int) async -> FleetQueue<MigrationOutcome>.Turn {
    let survey = surveys[index]
    let start = ContinuousClock.now
    var attempt = state.withLock { $0.attempts[index] } ?? Attempt()
    let status = await status(of: survey, &attempt.versions)
    attempt.count += 1
    attempt.duration += .now - start
    if case .failed(let error) = status, error.isWorthAnotherTurn, attempt.count <= settings.retries {
      state.withLock { $0.attempts[index] = attempt }
      return .again(after: Self.pause(afterAttempt: attempt.count))
    }
    let outcome = MigrationOutcome(
      survey, await naming(status, survey.schema), attempt.versions, took: attempt.duration)
    if outcome.isFailure { state.withLock { $0.failures += 1 } }
    settings.onOutcome(outcome)
    return .done(outcome)
  }

  /// Twice as long each time, up to eight seconds; by chance up to half of it less, so that runners do not meet again.
  private static func pause(afterAttempt count: Int) -> Duration {
    .milliseconds(min(8000, 250 << min(count, 8))) * Double.random(in: 0.5...1)
  }

  /// A failure for a lock, with those who hold it; if they cannot be had, without.
  private func naming(_ status: MigrationOutcome.Status, _ schema: SchemaName) async
    -> MigrationOutcome.Status
  {
    guard case .failed(.migrationFailed(var failure)) = status, failure.reason == .locked else {
      return status
    }
    failure.lockHolders =
      (try? await database.connected { try await LockHolder.find(in: schema, over: $0) }) ?? []
    return .failed(.migrationFailed(failure))
  }

  private func status(of survey: Survey, _ versions: inout [MigrationVersion]) async
    -> MigrationOutcome.Status
  {
    if let problem = survey.problem { return .failed(problem) }
    let done = versions
    let files = plan.pending(survey).filter { !done.contains($0.version) }
    if files.isEmpty { return versions.isEmpty ? .upToDate : .migrated }
    do {
      try await database.connected { connection in
        let schema = SchemaMigration(database: self.database, plan: self.plan, connection: connection)
        try await schema.run(files, survey, done) { versions.append($0.version) }
      }
      return versions.isEmpty ? .upToDate : .migrated
    } catch let error as TenancyError {
      return .failed(error)
    } catch let error as MigrationStatementError {
      return .failed(.migrationFailed(error.source.failure(error.error)))
    } catch {
      return .notRun
    }
  }
}

extension TenancyError {
  /// Whether the cause is likely to go away by itself: a lock, or a deadlock or conflict that another transaction won.
  fileprivate var isWorthAnotherTurn: Bool {
    guard case .migrationFailed(let failure) = self else { return false }
    let states: [SQLState] = [.lockNotAvailable, .deadlockDetected, .serializationFailure]
    return states.contains { $0.rawValue == failure.server.sqlState }
  }
}

/// One schema's migrations over one connection.
private struct SchemaMigration {
  let database: TenantDatabase
  let plan: MigrationPlan
  let connection: Connection

  func run(
    _ files: [MigrationFile], _ first: Survey, _ done: [MigrationVersion], onDone: (MigrationFile) -> Void
  ) async throws {
    // After another turn the first look at the ledger is too old.
    var survey = done.isEmpty ? first : try await look(at: first)
    var progress = SchemaProgress(survey)
    var queue = done.isEmpty ? files[...] : try rest(of: files, survey)[...]
    while let file = queue.first {
      do {
        let steps = progress.steps(for: file, plan.direction, guards: plan.guards)
        try await Step.check(steps, over: connection)
        for step in steps { try await step.run(over: connection) }
        progress.note(file, plan.direction)
        queue.removeFirst()
        onDone(file)
      } catch let error as MigrationStatementError where error.source.isOutdated(error.error) {
        // Another runner was faster, or the comment was wrong: the ledger itself decides.
        let current = try await look(at: survey)
        guard
          current.history != survey.history || current.rows != survey.rows
            || current.hasLedger != survey.hasLedger
        else { throw error }
        // Begun since we looked: another runner is at it right now, and two must not run the same statements.
        if current.begun[file.version] != nil, survey.begun[file.version] == nil {
          throw TenancyError.changedMeanwhile
        }
        (survey, progress, queue) = (current, SchemaProgress(current), try rest(of: files, current)[...])
        if queue.isEmpty { await mendComment(of: current) }
      }
    }
  }

  /// Without this, a comment that another tool's migration left behind would be wrong until the next of ours. If it
  /// cannot be written, it stays what it is: a hint.
  private func mendComment(of survey: Survey) async {
    guard survey.hasLedger, survey.problem == nil, survey.begun.isEmpty else { return }
    let opening = [plan.guards, TenantDatabase.setSearchPath(survey.schema)]
    _ = try? await connection.transaction(opening + survey.ledger.rewriteComment(survey.history))
  }

  /// What is left to do, by the ledger as it is now. Of what is there, no more is undone than was planned, and nothing
  /// from below a migration that came since.
  private func rest(of planned: [MigrationFile], _ survey: Survey) throws -> [MigrationFile] {
    if plan.direction == .up { return plan.pending(survey) }
    let rest = planned.filter { survey.history.contains($0.version) }
    guard survey.applied.suffix(rest.count) == rest.reversed().map(\.version)[...] else {
      throw TenancyError.changedMeanwhile
    }
    return rest
  }

  private func look(at survey: Survey) async throws -> Survey {
    let exists = try await connection.query(survey.ledger.exists)[0].decode(Bool.self)
    let state = SchemaState(exists: true, hasLedger: exists, head: nil)
    let files = survey.tenant == nil ? plan.files.shared : plan.files.tenant
    return try await Surveyor(files: files, ledger: database.settings.ledger)
      .read([(tenant: survey.tenant, schema: survey.schema, state)], over: connection)[0]
  }
}
