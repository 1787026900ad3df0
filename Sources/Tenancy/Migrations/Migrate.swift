internal import Postgres

/// What a run did to one tenant.
public struct MigrationOutcome: Sendable {
  /// How it ended.
  public enum Status: Sendable {
    /// There was nothing to apply.
    case upToDate
    /// All that was pending is applied.
    case migrated
    /// A migration failed; those before it are applied.
    case failed(TenancyError)
    /// The run ended before its turn.
    case notRun
  }

  /// The tenant; `nil` is the shared schema.
  public let tenant: Tenant?
  /// The schema.
  public let schema: SchemaName
  /// How it ended.
  public let status: Status
  /// What was applied, in order. All of it is committed.
  public let applied: [MigrationVersion]
  /// How long it took.
  public let duration: Duration

  static func notRun(_ survey: Survey) -> MigrationOutcome {
    MigrationOutcome(
      tenant: survey.tenant, schema: survey.schema, status: .notRun, applied: [], duration: .zero)
  }

  /// Whether it failed.
  public var isFailure: Bool { if case .failed = status { true } else { false } }
  /// The tenant's name, or `public`.
  public var label: String { tenant?.name.rawValue ?? schema.rawValue }
}

/// What a run did.
public struct MigrationReport: Sendable {
  /// The shared schema; `nil` if there were no files for it.
  public let shared: MigrationOutcome?
  /// The tenants, by name.
  public let tenants: [MigrationOutcome]
  /// How long it took.
  public let duration: Duration
  /// Whether it was asked to stop before it was through.
  public let wasInterrupted: Bool
}

/// How a run goes about its work.
public struct MigrationRun: Sendable {
  /// How many tenants at a time.
  public var jobs: Int
  /// Is told of each tenant as it is done, in the order in which they are.
  public var onOutcome: @Sendable (MigrationOutcome) -> Void
  /// Asked before each tenant: whether to begin with no other.
  public var shouldStop: @Sendable () -> Bool

  /// One at a time, silently, to the end.
  public init(
    jobs: Int = 1, onOutcome: @escaping @Sendable (MigrationOutcome) -> Void = { _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.jobs = max(1, jobs)
    self.onOutcome = onOutcome
    self.shouldStop = shouldStop
  }
}

extension TenantDatabase {
  /// Applies what is pending. One tenant's failure leaves the others untouched and is in the report; the same run again
  /// does what is left.
  ///
  /// Throws ``TenancyError`` if the shared schema's migrations fail: no tenant is migrated then.
  public func migrate(_ plan: MigrationPlan, _ run: MigrationRun = MigrationRun()) async throws
    -> MigrationReport
  {
    let clock = ContinuousClock()
    let start = clock.now
    var shared: MigrationOutcome?
    if let survey = plan.shared {
      let outcome = await apply(plan.pending(survey), to: survey, plan)
      if case .failed(let error) = outcome.status { throw error }
      shared = outcome
    }
    let queue = FleetQueue(count: plan.tenants.count)
    let outcomes = await queue.run(jobs: run.jobs, shouldStop: run.shouldStop) { index in
      let survey = plan.tenants[index]
      let outcome = await self.apply(plan.pending(survey), to: survey, plan)
      run.onOutcome(outcome)
      return outcome
    }
    return MigrationReport(
      shared: shared, tenants: zip(plan.tenants, outcomes).map { $1 ?? .notRun($0) },
      duration: clock.now - start,
      wasInterrupted: outcomes.contains { $0 == nil })
  }

  private func apply(_ files: [MigrationFile], to survey: Survey, _ plan: MigrationPlan) async
    -> MigrationOutcome
  {
    let clock = ContinuousClock()
    let start = clock.now
    var applied: [MigrationVersion] = []
    func outcome(_ status: MigrationOutcome.Status) -> MigrationOutcome {
      MigrationOutcome(
        tenant: survey.tenant, schema: survey.schema, status: status, applied: applied,
        duration: clock.now - start)
    }
    if let problem = survey.problem { return outcome(.failed(problem)) }
    if files.isEmpty { return outcome(.upToDate) }
    do {
      try await connected { connection in
        try await self.apply(files, survey, plan, over: connection) { applied.append($0.version) }
      }
      return outcome(applied.isEmpty ? .upToDate : .migrated)
    } catch let error as TenancyError {
      return outcome(.failed(error))
    } catch let error as MigrationStatementError {
      return outcome(.failed(.migrationFailed(error.source.failure(error.error))))
    } catch {
      return outcome(.notRun)
    }
  }

  private func apply(
    _ files: [MigrationFile], _ first: Survey, _ plan: MigrationPlan, over connection: Connection,
    onApplied: (MigrationFile) -> Void
  ) async throws {
    var survey = first
    var progress = Progress(first)
    var queue = files[...]
    while let file = queue.first {
      do {
        for step in progress.steps(for: file, guards: plan.guards) { try await step.run(over: connection) }
        progress.add(file)
        queue.removeFirst()
        onApplied(file)
      } catch let error as MigrationStatementError where error.source.isOutdated(error.error) {
        // Another runner was faster, or the comment was wrong: the ledger itself decides.
        let current = try await resurvey(survey, queue, over: connection)
        guard
          current.history != survey.history || current.rows != survey.rows
            || current.hasLedger != survey.hasLedger
        else { throw error }
        (survey, progress, queue) = (current, Progress(current), current.pending[...])
      }
    }
  }

  private func resurvey(
    _ survey: Survey, _ files: ArraySlice<MigrationFile>, over connection: Connection
  ) async throws -> Survey {
    let exists = try await connection.query(survey.ledger.exists)[0].decode(Bool.self)
    let state = SchemaState(exists: true, hasLedger: exists, head: nil)
    return try await Surveyor(files: Array(files), ledger: settings.ledger)
      .read([(tenant: survey.tenant, schema: survey.schema, state)], over: connection)[0]
  }
}
