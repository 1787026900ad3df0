/// What a run did to one tenant.
package struct MigrationOutcome: Sendable {
  /// How it ended.
  package enum Status: Sendable {
    /// There was nothing to do.
    case upToDate
    /// All that was to be done is done.
    case migrated
    /// A migration failed; those before it are done.
    case failed(TenancyProblem)
    /// The run ended before its turn, or before it was through.
    case notRun
  }

  /// The tenant; `nil` is the shared schema.
  package let tenant: Tenant?
  /// The schema.
  package let schema: SchemaName
  /// How it ended.
  package let status: Status
  /// What was applied, or undone, in order. All of it is committed.
  package let versions: [MigrationVersion]
  /// How long it took, without the time in which it waited for another turn.
  package let duration: Duration

  init(
    _ survey: Survey, _ status: Status, _ versions: [MigrationVersion] = [], took duration: Duration = .zero
  ) {
    tenant = survey.tenant
    schema = survey.schema
    self.status = status
    self.versions = versions
    self.duration = duration
  }

  /// Whether all that was to be done is done.
  package var isSuccess: Bool {
    switch status {
    case .upToDate, .migrated: true
    case .failed, .notRun: false
    }
  }
  /// Whether it failed.
  package var isFailure: Bool { if case .failed = status { true } else { false } }
  /// The tenant's name, or `public`.
  package var label: String { tenant?.name.rawValue ?? schema.rawValue }
}

/// What a run did.
package struct MigrationReport: Sendable {
  /// Whether migrations were applied or undone.
  package let direction: MigrationDirection
  /// The shared schema; `nil` if there were no files for it.
  package let shared: MigrationOutcome?
  /// The tenants, by name.
  package let tenants: [MigrationOutcome]
  /// How long it took.
  package let duration: Duration
  /// Whether it was asked to stop before it was through.
  package let wasInterrupted: Bool
}

extension MigrationPlan {
  /// What there is to report when the shared schema's migrations have failed, and so no tenant had its turn; `nil` if
  /// there are none.
  package func report(sharedFailure error: TenancyProblem) -> MigrationReport? {
    guard let shared else { return nil }
    return MigrationReport(
      direction: direction, shared: MigrationOutcome(shared, .failed(error)),
      tenants: tenants.map { MigrationOutcome($0, .notRun) }, duration: .zero, wasInterrupted: false)
  }
}

/// How a run goes about its work.
package struct MigrationRun: Sendable {
  /// How many tenants at a time.
  package var jobs = 1
  /// How often a tenant gets another turn when somebody else holds a lock, or a deadlock was broken at its cost.
  package var retries = 8
  /// The run begins with no other tenant after so many have failed; `nil`: however many fail.
  package var maxFailures: Int?
  /// The first so many tenants must succeed before any other is begun with.
  package var canaries = 0
  /// Is told of each tenant as it is done, in the order in which they are.
  package var onOutcome: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Is told of a tenant that has to wait for another turn, the first time that it has to: how it failed, and in whose way
  /// it was.
  package var onPostponed: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Asked before each tenant: whether to begin with no other.
  package var shouldStop: @Sendable () -> Bool = { false }

  /// One at a time, silently, to the end.
  package init() {}
}
