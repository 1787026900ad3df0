internal import TenancyPostgres

/// The settings of a run that applies migrations, or undoes them.
package typealias MigrationRun = FleetRun<[MigrationVersion]>
/// The outcome for one schema: what was applied, or undone, in order. All of it is committed.
package typealias MigrationOutcome = FleetOutcome<[MigrationVersion]>
/// The outcome of such a run.
package typealias MigrationReport = FleetReport<[MigrationVersion]>

extension TenantDatabase {
  /// Does what is planned. One tenant's failure leaves the others untouched and is in the report; the same run again
  /// does what is left.
  package func migrate(_ plan: MigrationPlan, _ run: MigrationRun = MigrationRun()) async -> MigrationReport {
    let surveys = plan.surveys
    var work = FleetWork<[MigrationVersion]>(surveys.map { FleetSubject($0.tenant, $0.schema) }) {
      index, phase, versions in
      try await self.migrate(surveys[index], plan, MigrationPart(phase), &versions)
    }
    work.isOpen = {
      surveys[$0].problem != nil || plan.obstacle(surveys[$0]) != nil || !plan.pending(surveys[$0]).isEmpty
    }
    // Each build of an index waits for all transactions that are older than it, and reads its whole table.
    work.phases = [.max, 2]
    work.retries = FleetRetry.usual
    work.announcements = plan.frame.defersCommits ? Announcements(self, since: plan.frame.serverRun) : nil
    work.detailed = { await self.namingLockHolders($1, surveys[$0]) }
    return await work.run(run)
  }

  /// One attempt. Returns whether that was all, or whether the rest has to wait until the others have come as far.
  private func migrate(
    _ survey: Survey, _ plan: MigrationPlan, _ part: MigrationPart, _ versions: inout [MigrationVersion]?
  ) async throws -> Bool {
    if let problem = survey.problem ?? plan.obstacle(survey) { throw problem }
    let done = versions ?? []
    let files = plan.pending(survey).filter { !done.contains($0.version) }
    if files.isEmpty { return true }
    if part.files(files, plan.direction).isEmpty { return false }
    do {
      return try await connected { connection in
        let schema = SchemaMigration(database: self, plan: plan, part: part, connection: connection)
        return try await connection.onItsThread {
          try await schema.run(files, survey, done) { versions = (versions ?? []) + [$0.version] }
        }
      }
    } catch let error as MigrationStatementError {
      if let tenant = survey.tenant, error.source.isLedger, error.error.state == .invalidSchemaName {
        throw TenancyProblem.schemaMissing(tenant.name, tenant.schema)
      }
      var failure = error.source.failure(error.error)
      failure.hasHistory = !survey.applied.isEmpty || versions != nil
      failure.isOfShared = survey.tenant == nil
      throw TenancyProblem.migrationFailed(failure)
    }
  }

  /// A failure for a lock, with those who hold it; if they cannot be had, without.
  private func namingLockHolders(_ error: any Error, _ survey: Survey) async -> any Error {
    guard case TenancyProblem.migrationFailed(var failure) = error,
      [.locked, .inProgress].contains(failure.reason)
    else { return error }
    let isLocked = failure.reason == .locked
    failure.lockHolders =
      (try? await connected { connection in
        try await isLocked
          ? LockHolder.find(in: survey.schema, over: connection)
          : LockHolder.find(applying: survey.ledger, over: connection)
      }) ?? []
    return TenancyProblem.migrationFailed(failure)
  }
}

/// What is done of each tenant in a phase. What runs outside of a transaction waits until everybody has what comes before
/// it: it takes long, waits for other transactions, and is the one thing that can be left half-done.
private enum MigrationPart {
  /// Up to the first file that runs outside of a transaction.
  case transactions
  case all

  init(_ phase: Int) { self = phase == 0 ? .transactions : .all }

  func files(_ pending: [MigrationFile], _ direction: MigrationDirection) -> ArraySlice<MigrationFile> {
    pending.prefix { self == .all || $0.runsInTransaction(direction) }
  }
}

/// One schema's migrations over one connection.
private struct SchemaMigration {
  let database: TenantDatabase
  let plan: MigrationPlan
  let part: MigrationPart
  let connection: Connection

  /// Returns whether nothing is left for the other part.
  func run(
    _ files: [MigrationFile], _ first: Survey, _ done: [MigrationVersion], onDone: (MigrationFile) -> Void
  ) async throws -> Bool {
    // After another attempt what was read of the ledger first is too old.
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
          ) {
            let current = try await inspect(survey)
            // Throws if another runner has applied a newer one meanwhile.
            _ = try rest(of: files, current)
            return current
          }
          if isNew { onDone(file) }
          try start(from: try await inspect(survey))
        }
      } catch let error as MigrationStatementError
        where !error.error.isTransient && (file.runsInTransaction(plan.direction) || error.source.isLedger)
      {
        // Another runner may have applied it, or the comment was stale: the ledger itself decides.
        let current = try await inspect(survey)
        guard
          current.history != survey.history || current.rows != survey.rows || current.begun != survey.begun
            || current.hasLedger != survey.hasLedger || current.ledger.columns != survey.ledger.columns
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
    _ = try? await connection.transaction(
      opening + survey.ledger.rewriteComment(survey.history, survey.state))
  }

  /// What is left to do, by the ledger as it is now. A rollback undoes no more than was planned, and nothing that is older
  /// than a migration applied since.
  private func rest(of planned: [MigrationFile], _ survey: Survey) throws -> [MigrationFile] {
    if plan.direction == .up { return plan.pending(survey) }
    let rest = planned.filter { survey.history.contains($0.version) }
    guard survey.undoable.prefix(rest.count) == rest.map(\.version)[...] else {
      throw TenancyProblem.changedMeanwhile
    }
    return rest
  }

  /// What the ledger says now. Throws ``TenancyProblem`` if nothing can be applied to that, be it because another runner has
  /// applied another file of a version meanwhile.
  private func inspect(_ survey: Survey) async throws -> Survey {
    let files = survey.tenant == nil ? plan.files.shared : plan.files.tenant
    let current = try await database.surveyor(files).inspect(
      (survey.tenant, survey.schema), over: connection)
    if let problem = current.problem ?? plan.obstacle(current) { throw problem }
    try await database.refuseChanged([current], over: connection)
    return current
  }
}
