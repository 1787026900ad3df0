internal import Synchronization
internal import TenancyPostgres

/// The tenants of a run, by name, as the registry and the catalog had them when they were read.
package struct SelectedTenants: Sendable {
  let members: [FleetMember]

  /// The number of tenants.
  package var count: Int { members.count }
}

/// The outcome for one tenant.
package struct FleetOutcome<Value: Sendable>: Sendable {
  /// How it ended.
  package enum Status: Sendable {
    /// What the work returned.
    case done(Value)
    /// What the work threw.
    case failed(any Error)
    /// The run ended before the tenant was started or finished.
    case notRun
  }

  /// The tenant.
  package let tenant: Tenant
  /// How it ended.
  package let status: Status
  /// How long it took.
  package let duration: Duration

  /// What the work returned; `nil` if it did not return.
  package var value: Value? { if case .done(let value) = status { value } else { nil } }
  /// What the work threw; `nil` if it did not throw.
  package var failure: (any Error)? { if case .failed(let error) = status { error } else { nil } }
}

/// The outcome of a run.
package struct FleetReport<Value: Sendable>: Sendable {
  /// The tenants, by name.
  package let tenants: [FleetOutcome<Value>]
  /// How long it took.
  package let duration: Duration
  /// Whether it was asked to stop before it was finished.
  package let wasInterrupted: Bool

  /// The tenants that failed.
  package var failures: [FleetOutcome<Value>] { tenants.filter { $0.failure != nil } }
}

/// The settings of a run.
package struct FleetRun<Value: Sendable>: Sendable {
  /// How many tenants at a time.
  package var jobs = 1
  /// How often a tenant is tried again after a lock timeout, or when it was the victim of a deadlock.
  package var retries = 0
  /// The run starts no other tenant after so many failures; `nil`: no limit.
  package var maxFailures: Int?
  /// Called for each tenant as it finishes.
  package var onOutcome: @Sendable (FleetOutcome<Value>) -> Void = { _ in }
  /// Asked before each tenant: whether to start no other.
  package var shouldStop: @Sendable () -> Bool = { false }

  /// One tenant at a time, without callbacks or a limit on failures.
  package init() {}
}

extension TenantDatabase {
  /// Reads the tenants of a selection, in one query.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)`` or ``TenancyProblem/tenantsNotFound(_:)`` for names that do not exist.
  package func tenants(in selection: FleetSelection) async throws -> SelectedTenants {
    try await readingRegistry { connection, shape in
      SelectedTenants(members: try await self.members(of: selection, over: connection, shape))
    }
  }
}

extension SelectedTenants {
  /// Does the work for each tenant whose schema exists. What it throws is that tenant's failure and does not affect the
  /// others; a missing schema is ``TenancyProblem/schemaMissing(_:_:)``. After a failure to connect the run starts no other
  /// tenant.
  package func forEach<Value: Sendable>(
    _ run: FleetRun<Value>, _ work: @escaping @Sendable (Tenant) async throws -> Value
  ) async -> FleetReport<Value> {
    let start = ContinuousClock.now
    let failures = Atomic(0)
    let isCutOff = Atomic(false)
    let attempts = Mutex<[Int: Int]>([:])
    let queue = FleetQueue<FleetOutcome<Value>>(count: count)
    let outcomes = await queue.run(jobs: min(run.jobs, count)) {
      isCutOff.load(ordering: .relaxed) || failures.load(ordering: .relaxed) >= run.maxFailures ?? .max
        || run.shouldStop()
    } _: { index in
      let outcome = await members[index].outcome(of: work)
      if let error = outcome.failure as? TenancyProblem, error.isWorthRetrying {
        let count = attempts.withLock { attempts in
          attempts[index, default: 0] += 1
          return attempts[index, default: 0]
        }
        if count <= run.retries { return .again(after: FleetRetry.pause(afterAttempt: count)) }
      }
      if let failure = outcome.failure {
        failures.add(1, ordering: .relaxed)
        // The server is down or takes no more connections: the other tenants would all fail at once.
        if case TenancyProblem.cannotConnect = failure { isCutOff.store(true, ordering: .relaxed) }
      }
      run.onOutcome(outcome)
      return .done(outcome)
    }
    return FleetReport(
      tenants: zip(members, outcomes).map {
        $1 ?? FleetOutcome(tenant: $0.tenant, status: .notRun, duration: .zero)
      },
      duration: .now - start, wasInterrupted: run.shouldStop())
  }
}

extension FleetMember {
  fileprivate func outcome<Value: Sendable>(
    of work: (Tenant) async throws -> Value
  ) async -> FleetOutcome<Value> {
    let start = ContinuousClock.now
    let status: FleetOutcome<Value>.Status
    do {
      guard state.exists else { throw tenant.unreachable }
      status = .done(try await work(tenant))
    } catch is CancellationError {
      status = .notRun
    } catch {
      status = .failed(error)
    }
    return FleetOutcome(tenant: tenant, status: status, duration: .now - start)
  }
}
