internal import Synchronization
internal import TenancyPostgres

extension TenantDatabase {
  /// Runs the plan. One tenant's failure is in the report and does not affect the others; the same run again does what is
  /// left.
  ///
  /// Throws ``TenancyProblem`` if the shared schema's migrations fail: no tenant is migrated then.
  package func migrate(_ plan: MigrationPlan, _ run: MigrationRun = MigrationRun()) async throws
    -> MigrationReport
  {
    let start = ContinuousClock.now
    var shared: MigrationOutcome?
    if let survey = plan.shared {
      let alone = FleetMigration(self, plan, [survey], run)
      await alone.run([0])
      shared = alone.outcomes(of: [0])[0]
      if case .failed(let error) = shared?.status { throw error }
    }
    let fleet = FleetMigration(self, plan, plan.tenants, run)
    // A tenant that is up to date is no test of the migrations.
    let canaries = Array(fleet.behind.prefix(run.canaries))
    await fleet.run(canaries)
    if fleet.outcomes(of: canaries).contains(where: { !$0.isSuccess }) { fleet.stop() }
    await fleet.run(plan.tenants.indices.filter { !canaries.contains($0) })
    return MigrationReport(
      direction: plan.direction, shared: shared, tenants: fleet.outcomes(of: plan.tenants.indices),
      duration: .now - start,
      wasInterrupted: run.shouldStop())
  }
}

/// What is done for each tenant before the run goes on to the next part.
private enum Part {
  /// Up to the first file that runs outside of a transaction.
  case transactions
  case all

  func files(_ pending: [MigrationFile], _ direction: MigrationDirection) -> ArraySlice<MigrationFile> {
    pending.prefix { self == .all || $0.runsInTransaction(direction) }
  }
}

/// A run over a fleet: it counts failures, and tries a tenant that has to wait for a lock again.
private final class FleetMigration: Sendable {
  private struct State {
    var failures = 0
    var isStopped = false
    var attempts: [Int: Attempt] = [:]
    /// By the tenant's index; `nil` for tenants that are not finished.
    var outcomes: [MigrationOutcome?]
  }

  /// The attempts at one tenant so far.
  private struct Attempt {
    var count = 0
    var versions: [MigrationVersion] = []
    var duration = Duration.zero
  }

  private let database: TenantDatabase
  private let plan: MigrationPlan
  private let surveys: [Survey]
  private let settings: MigrationRun
  private let state: Mutex<State>
  private let announcements: Announcements

  init(_ database: TenantDatabase, _ plan: MigrationPlan, _ surveys: [Survey], _ settings: MigrationRun) {
    self.database = database
    self.plan = plan
    self.surveys = surveys
    self.settings = settings
    state = Mutex(State(outcomes: Array(repeating: nil, count: surveys.count)))
    announcements = Announcements(database)
  }

  /// Starts no other tenant.
  func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// A file that runs outside of a transaction waits until every tenant has the files before it: it takes long, waits for
  /// other transactions, and is the only kind that can stop half-way.
  func run(_ indices: [Int]) async {
    // Usually most tenants are up to date and need no worker.
    for index in indices where !isBehind(index) {
      finish(index, MigrationOutcome(surveys[index], .upToDate))
    }
    let open = { self.state.withLock { state in indices.filter { state.outcomes[$0] == nil } } }
    await serve(open(), .transactions, jobs: settings.jobs)
    await serve(open(), .all, jobs: min(settings.jobs, Self.jobsOutsideOfTransactions))
  }

  /// The indices of tenants that have something pending or a problem.
  var behind: some Sequence<Int> { surveys.indices.lazy.filter { self.isBehind($0) } }

  private func isBehind(_ index: Int) -> Bool {
    surveys[index].problem != nil || !plan.pending(surveys[index]).isEmpty
  }

  /// The outcome of each.
  func outcomes(of indices: some Sequence<Int>) -> [MigrationOutcome] {
    state.withLock { state in
      indices.map { index in
        state.outcomes[index]
          ?? MigrationOutcome(surveys[index], .notRun, state.attempts[index]?.versions ?? [])
      }
    }
  }

  /// Each build of an index waits for all transactions that are older than it, and reads its whole table.
  private static let jobsOutsideOfTransactions = 2

  private func serve(_ indices: [Int], _ part: Part, jobs: Int) async {
    let queue = FleetQueue<Void>(count: indices.count)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.announcements.serve() }
      _ = await queue.run(jobs: min(jobs, indices.count), shouldStop: shouldStop) { offset in
        await self.attempt(indices[offset], part)
      }
      group.cancelAll()
    }
    await announcements.announceAll()
  }

  private func shouldStop() -> Bool {
    let (isStopped, failures) = state.withLock { ($0.isStopped, $0.failures) }
    return isStopped || failures >= settings.maxFailures ?? .max || settings.shouldStop()
  }

  private func attempt(_ index: Int, _ part: Part) async -> FleetQueue<Void>.Attempt {
    let survey = surveys[index]
    let start = ContinuousClock.now
    var attempt = state.withLock { $0.attempts[index] } ?? Attempt()
    let status = await status(of: survey, part, &attempt.versions)
    attempt.count += 1
    attempt.duration += .now - start
    if case .failed(let error) = status,
      attempt.count <= min(settings.retries, error.worthwhileAttempts)
    {
      state.withLock { $0.attempts[index] = attempt }
      if attempt.count == 1 {
        settings.onPostponed(MigrationOutcome(survey, await naming(.failed(error), survey)))
      }
      return .again(after: FleetRetry.pause(afterAttempt: attempt.count))
    }
    guard let status else {
      attempt.count = 0
      state.withLock { $0.attempts[index] = attempt }
      return .done(())
    }
    finish(
      index,
      MigrationOutcome(survey, await naming(status, survey), attempt.versions, took: attempt.duration))
    return .done(())
  }

  private func finish(_ index: Int, _ outcome: MigrationOutcome) {
    note(index, outcome)
    guard plan.frame.defersCommits, !outcome.versions.isEmpty else { return settings.onOutcome(outcome) }
    announcements.add { error in
      guard let error else { return self.settings.onOutcome(outcome) }
      let lost = MigrationOutcome(self.surveys[index], .failed(error))
      self.note(index, lost)
      self.settings.onOutcome(lost)
    }
  }

  private func note(_ index: Int, _ outcome: MigrationOutcome) {
    state.withLock { state in
      if outcome.isFailure, state.outcomes[index]?.isFailure != true { state.failures += 1 }
      state.outcomes[index] = outcome
      // While the server restarts, the other tenants would all fail at once.
      if case .failed(.cannotConnect) = outcome.status { state.isStopped = true }
    }
  }

  /// Adds the lock's holders to a lock failure, if they can be found.
  private func naming(_ status: MigrationOutcome.Status, _ survey: Survey) async -> MigrationOutcome.Status {
    guard case .failed(.migrationFailed(var failure)) = status,
      [.locked, .inProgress].contains(failure.reason)
    else { return status }
    let isLocked = failure.reason == .locked
    failure.lockHolders =
      (try? await database.connected { connection in
        try await isLocked
          ? LockHolder.find(in: survey.schema, over: connection)
          : LockHolder.find(applying: survey.ledger, over: connection)
      }) ?? []
    return .failed(.migrationFailed(failure))
  }

  /// How an attempt ended; `nil` if the rest belongs to the next part.
  private func status(
    of survey: Survey, _ part: Part, _ versions: inout [MigrationVersion]
  ) async -> MigrationOutcome.Status? {
    if let problem = survey.problem { return .failed(problem) }
    let done = versions
    let files = plan.pending(survey).filter { !done.contains($0.version) }
    if files.isEmpty { return versions.isEmpty ? .upToDate : .migrated }
    if part.files(files, plan.direction).isEmpty { return nil }
    do {
      let isComplete = try await database.connected { connection in
        let schema = SchemaMigration(
          database: self.database, plan: self.plan, part: part, connection: connection)
        return try await connection.onItsThread {
          try await schema.run(files, survey, done) { versions.append($0.version) }
        }
      }
      return isComplete ? (versions.isEmpty ? .upToDate : .migrated) : nil
    } catch let error as TenancyProblem {
      return .failed(error)
    } catch let error as MigrationStatementError {
      if let tenant = survey.tenant, error.source.isLedger, error.error.state == .invalidSchemaName {
        return .failed(.schemaMissing(tenant.name, tenant.schema))
      }
      return .failed(.migrationFailed(error.source.failure(error.error)))
    } catch is CancellationError {
      return .notRun
    } catch {
      // Unexpected; but a tenant that failed must never be reported as one that was not run.
      return .failed(.from(ServerError(state: "XX000", message: "\(error)")))
    }
  }
}

/// One schema's migrations over one connection.
private struct SchemaMigration {
  let database: TenantDatabase
  let plan: MigrationPlan
  let part: Part
  let connection: Connection

  /// Returns whether nothing is left for the other part.
  func run(
    _ files: [MigrationFile], _ first: Survey, _ done: [MigrationVersion], onDone: (MigrationFile) -> Void
  ) async throws -> Bool {
    // After an earlier attempt the survey of the ledger is out of date.
    var survey = done.isEmpty ? first : try await inspect(first)
    var progress = SchemaProgress(survey)
    var pending = done.isEmpty ? files : try rest(of: files, survey)
    var queue = part.files(pending, plan.direction)
    func start(from current: Survey) throws {
      (survey, progress, pending) = (current, SchemaProgress(current), try rest(of: files, current))
      queue = part.files(pending, plan.direction)
    }
    while let file = queue.first {
      do {
        if file.runsInTransaction(plan.direction) {
          // A file that is half undone must not be applied.
          _ = try survey.progress(of: file, plan.direction)
          for step in progress.steps(for: file, plan.direction, plan.frame) {
            try await step.run(over: connection)
          }
          progress.note(file, plan.direction)
          queue.removeFirst()
          onDone(file)
        } else {
          for step in progress.creating(plan.frame, file) { try await step.run(over: connection) }
          let isNew = try await StatementwiseRun.run(
            file, plan.direction, survey.ledger, plan.frame, over: connection
          ) { try await inspect(survey) }
          if isNew { onDone(file) }
          try start(from: try await inspect(survey))
        }
      } catch let error as MigrationStatementError
        where !error.error.isTransient && (file.runsInTransaction(plan.direction) || error.source.isLedger)
      {
        // Another runner may have applied it, or the comment was stale: the ledger itself decides.
        let current = try await inspect(survey)
        if let problem = current.problem { throw problem }
        guard
          current.history != survey.history || current.rows != survey.rows
            || current.hasLedger != survey.hasLedger
        else { throw error }
        try start(from: current)
        if queue.isEmpty { await fixComment(of: current) }
      }
    }
    return pending.count == part.files(pending, plan.direction).count
  }

  /// Writes the comment again. Without this, a comment that another tool's migration left stale would stay so until
  /// the next migration. A failure to write it does no harm: the comment is only a hint.
  private func fixComment(of survey: Survey) async {
    guard survey.hasLedger, survey.problem == nil, survey.begun.isEmpty else { return }
    let opening = survey.ledger.opening(plan.frame.limits).map(\.sql)
    _ = try? await connection.transaction(opening + survey.ledger.rewriteComment(survey.history))
  }

  /// What is left to do, by the ledger as it is now. A rollback undoes no more than was planned, and nothing that is older
  /// than a migration applied since.
  private func rest(of planned: [MigrationFile], _ survey: Survey) throws -> [MigrationFile] {
    if plan.direction == .up { return plan.pending(survey) }
    let rest = planned.filter { survey.history.contains($0.version) }
    guard survey.applied.suffix(rest.count) == rest.reversed().map(\.version)[...] else {
      throw TenancyProblem.changedMeanwhile
    }
    return rest
  }

  private func inspect(_ survey: Survey) async throws -> Survey {
    let files = survey.tenant == nil ? plan.files.shared : plan.files.tenant
    return try await database.surveyor(files).inspect((survey.tenant, survey.schema), over: connection)
  }
}
