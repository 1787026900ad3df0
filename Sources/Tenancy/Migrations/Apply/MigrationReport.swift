/// What a run did to one tenant.
package struct MigrationOutcome: Sendable {
  /// How it ended.
  package enum Status: Sendable {
    /// Nothing was pending.
    case upToDate
    /// All planned migrations are done.
    case migrated
    /// A migration failed; those before it are done.
    case failed(TenancyProblem)
    /// The run ended before the tenant was started or finished.
    case notRun
  }

  /// The tenant; `nil` is the shared schema.
  package let tenant: Tenant?
  /// The schema.
  package let schema: SchemaName
  /// How it ended.
  package let status: Status
  /// The versions that were applied or undone, in order. All of them are committed.
  package let versions: [MigrationVersion]
  /// How long its attempts took, without the waits between them.
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

  /// Whether nothing is left to do.
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
  /// Whether it was asked to stop before it was finished.
  package let wasInterrupted: Bool
}

extension MigrationPlan {
  /// The report of a run whose shared migrations failed, so that no tenant was started; `nil` if the plan has no shared
  /// migrations.
  package func report(sharedFailure error: TenancyProblem) -> MigrationReport? {
    guard let shared else { return nil }
    return MigrationReport(
      direction: direction, shared: MigrationOutcome(shared, .failed(error)),
      tenants: tenants.map { MigrationOutcome($0, .notRun) }, duration: .zero, wasInterrupted: false)
  }
}

/// The settings of a run.
package struct MigrationRun: Sendable {
  /// How many tenants at a time.
  package var jobs = 1
  /// How often a tenant is tried again after a lock timeout, or when it was the victim of a deadlock.
  package var retries = 8
  /// The run starts no other tenant after so many failures; `nil`: no limit.
  package var maxFailures: Int?
  /// The first so many tenants must succeed before any other is started.
  package var canaries = 0
  /// Called for each tenant as it finishes.
  package var onOutcome: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Called when a tenant's first attempt failed and it waits for another: with the failure and the lock's holders.
  package var onPostponed: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Asked before each tenant: whether to start no other.
  package var shouldStop: @Sendable () -> Bool = { false }

  /// One tenant at a time, without callbacks or a limit on failures.
  package init() {}
}
