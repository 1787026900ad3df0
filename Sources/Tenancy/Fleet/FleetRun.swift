internal import TenancyPostgres

/// The outcome for one tenant, or for the shared schema.
package struct FleetOutcome<Value: Sendable>: Sendable {
  /// How it ended.
  package enum Status: Sendable {
    /// Nothing is left to do.
    case done
    /// What the last attempt threw.
    case failed(any Error)
    /// The run ended after a part of it was done, which stays.
    case unfinished
    /// The run ended before anything was done.
    case notRun
  }

  /// The tenant; `nil` is the shared schema.
  package let tenant: Tenant?
  /// The schema.
  package let schema: SchemaName
  /// How it ended.
  package let status: Status
  /// What was done, completely or in part; `nil` if nothing was.
  package let value: Value?
  /// How long it took, without the pauses between attempts.
  package let duration: Duration
  /// Whether it was one of the first, without which no other is started.
  package internal(set) var isCanary = false

  init(_ subject: FleetSubject, _ status: Status, _ value: Value? = nil, took duration: Duration = .zero) {
    tenant = subject.tenant
    schema = subject.schema
    self.status = status
    self.value = value
    self.duration = duration
  }

  /// The tenant's name, or `public`.
  package var label: String { tenant?.name.rawValue ?? schema.rawValue }
  /// Whether nothing is left to do.
  package var isDone: Bool { if case .done = status { true } else { false } }
  /// Whether a part of it is done, and the run ended before the rest was.
  package var isUnfinished: Bool { if case .unfinished = status { true } else { false } }
  /// Why it failed; `nil` if it did not.
  package var failure: (any Error)? { if case .failed(let error) = status { error } else { nil } }
}

/// The outcome of a run.
package struct FleetReport<Value: Sendable>: Sendable {
  /// The shared schema; `nil` if the run did not concern it. If it failed, no tenant was started.
  package let shared: FleetOutcome<Value>?
  /// The tenants, by name.
  package let tenants: [FleetOutcome<Value>]
  /// How long it took.
  package let duration: Duration
  /// Whether it was asked to stop before it was done.
  package let wasInterrupted: Bool

  /// The shared schema first, then the tenants.
  package var all: [FleetOutcome<Value>] { (shared.map { [$0] } ?? []) + tenants }
  /// The canaries that failed, so that no other tenant was started.
  package var failedCanaries: [FleetOutcome<Value>] { failures.filter(\.isCanary) }
  /// The tenants that failed.
  package var failures: [FleetOutcome<Value>] { tenants.filter { $0.failure != nil } }
}

/// The settings of a run.
package struct FleetRun<Value: Sendable>: Sendable {
  /// How many tenants at a time.
  package var jobs = 1
  /// How many of these are begun with at once; the others join while work is left.
  package var jobsAtOnce = Int.max
  /// How often a tenant is tried again after a lock timeout, or when it was the victim of a deadlock; `nil`: the default of
  /// the work.
  package var retries: Int?
  /// The run starts no other tenant after so many failures; `nil`: no limit.
  package var maxFailures: Int?
  /// The first so many tenants must succeed before any other is started.
  package var canaries = 0
  /// Called for each tenant as it finishes.
  package var onOutcome: @Sendable (FleetOutcome<Value>) -> Void = { _ in }
  /// Called with the failure when a tenant's first attempt failed and it waits for another.
  package var onPostponed: @Sendable (FleetOutcome<Value>) -> Void = { _ in }
  /// Called once, when the server has no connection for one more of the ``jobs``: the run goes on with those that have one.
  /// Not called for a server that is down.
  package var onFewerJobs: @Sendable (TenancyProblem) -> Void = { _ in }
  /// Asked before each tenant: whether to start no other.
  package var shouldStop: @Sendable () -> Bool = { false }

  /// One tenant at a time, without callbacks or a limit on failures.
  package init() {}
}

/// The tenants that a run is for, by name, as the registry and the catalog had them when they were read.
package struct SelectedTenants: Sendable {
  let members: [FleetMember]

  /// The number of tenants.
  package var count: Int { members.count }

  /// Those that no statement can name, each with why: what is done for the others is not done for them.
  package var unreadable: [(name: String, error: TenancyProblem)] {
    members.map(\.tenant).filter { !$0.isReadable }.map { ($0.name.rawValue, $0.unreachable) }
  }
  /// The names of the others.
  package var readableNames: [TenantName] { members.map(\.tenant).readable.map(\.name) }

  /// Throws ``TenancyProblem/schemaNotAlone(_:of:and:)`` if two of them have one schema: what runs for each tenant would run
  /// there twice.
  package func refuseSharedSchemas() throws(TenancyProblem) {
    var owners: [SchemaName: TenantName] = [:]
    for tenant in members.map(\.tenant) {
      if let other = owners.updateValue(tenant.name, forKey: tenant.schema) {
        throw .schemaNotAlone(tenant.schema, of: other, and: tenant.name)
      }
    }
  }

  /// Does the work for each tenant whose schema exists. What it throws is that tenant's failure and does not affect the
  /// others; a missing schema is ``TenancyProblem/schemaMissing(_:_:)``.
  package func forEach<Value: Sendable>(
    _ run: FleetRun<Value>, retries: Int = 0, _ work: @escaping @Sendable (Tenant) async throws -> Value
  ) async -> FleetReport<Value> {
    var all = FleetWork<Value>(members.map { FleetSubject($0.tenant) }) { index, _, value in
      let member = members[index]
      guard member.state.exists else { throw member.tenant.unreachable }
      value = try await work(member.tenant)
      return true
    }
    all.retries = retries
    return await all.run(run)
  }
}

extension TenantDatabase {
  /// Finds the tenants of a selection, in one query.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)`` or ``TenancyProblem/tenantsNotFound(_:)`` for names that do not exist.
  package func tenants(in selection: FleetSelection) async throws -> SelectedTenants {
    try await readingRegistry { connection, shape in
      SelectedTenants(members: try await self.members(of: selection, over: connection, shape))
    }
  }

  /// The names of the tenants in a selection, without those whose row is wrong, for a change that is made in all of them or in
  /// none. Names that are all of it are not looked up.
  ///
  /// Throws ``TenancyProblem/nameUnreadable(_:_:)`` if no statement can name one of them.
  package func names(in selection: FleetSelection) async throws -> [TenantName] {
    if let names = selection.onlyNames { return names.uniqued() }
    let found = try await tenants(in: selection)
    if let unreadable = found.unreadable.first { throw unreadable.error }
    return found.members.map(\.tenant).filter { !settings.isShared($0.schema) }.map(\.name)
  }
}
