/// What a run did to one tenant.
public struct MigrationOutcome: Sendable {
  /// How it ended.
  public enum Status: Sendable {
    /// There was nothing to do.
    case upToDate
    /// All that was to be done is done.
    case migrated
    /// A migration failed; those before it are done.
    case failed(TenancyError)
    /// The run ended before its turn, or before it was through.
    case notRun
  }

  /// The tenant; `nil` is the shared schema.
  public let tenant: Tenant?
  /// The schema.
  public let schema: SchemaName
  /// How it ended.
  public let status: Status
  /// What was applied, or undone, in order. All of it is committed.
  public let versions: [MigrationVersion]
  /// How long it took, without the time in which it waited for another turn.
  public let duration: Duration

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
  public var isSuccess: Bool {
    switch status {
    case .upToDate, .migrated: true
    case .failed, .notRun: false
    }
  }
  /// Whether it failed.
  public var isFailure: Bool { if case .failed = status { true } else { false } }
  /// The tenant's name, or `public`.
  public var label: String { tenant?.name.rawValue ?? schema.rawValue }
}

/// What a run did.
public struct MigrationReport: Sendable {
  /// Whether migrations were applied or undone.
  public let direction: MigrationDirection
  /// The shared schema; `nil` if there were no files for it.
  public let shared: MigrationOutcome?
  /// The tenants, by name.
  public let tenants: [MigrationOutcome]
  /// How long it took.
  public let duration: Duration
  /// Whether it was asked to stop before it was through.
  public let wasInterrupted: Bool
}

extension MigrationPlan {
  /// What there is to report when the shared schema's migrations have failed, and so no tenant had its turn; `nil` if
  /// there are none.
  public func report(sharedFailure error: TenancyError) -> MigrationReport? {
    guard let shared else { return nil }
    return MigrationReport(
      direction: direction, shared: MigrationOutcome(shared, .failed(error)),
      tenants: tenants.map { MigrationOutcome($0, .notRun) }, duration: .zero, wasInterrupted: false)
  }
}

/// How a run goes about its work.
public struct MigrationRun: Sendable {
  /// How many tenants at a time.
  public var jobs = 1
  /// How often a tenant gets another turn when somebody else holds a lock, or a deadlock was broken at its cost.
  public var retries = 8
  /// The run begins with no other tenant after so many have failed; `nil`: however many fail.
  public var maxFailures: Int?
  /// The first so many tenants must succeed before any other is begun with.
  public var canaries = 0
  /// Is told of each tenant as it is done, in the order in which they are.
  public var onOutcome: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Is told of a tenant that has to wait for another turn, the first time that it has to: how it failed, and in whose way
  /// it was.
  public var onPostponed: @Sendable (MigrationOutcome) -> Void = { _ in }
  /// Asked before each tenant: whether to begin with no other.
  public var shouldStop: @Sendable () -> Bool = { false }

  /// One at a time, silently, to the end.
  public init() {}
}
