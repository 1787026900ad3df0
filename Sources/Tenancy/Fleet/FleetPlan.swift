internal import TenancyPostgres

/// A plan for each of many schemas, or why a schema has no plan. The run and the script of a dry run come from the same plans.
package struct FleetPlan<Value: Sendable>: Sendable {
  /// One schema's part.
  struct Entry: Sendable {
    let subject: FleetSubject
    let work: Result<Plan<Value>, TenancyProblem>
  }

  let entries: [Entry]
  /// How many at a time at most.
  var mostJobs = Int.max

  /// The SQL that a run sends, with a comment above each schema's.
  package var script: [String] {
    entries.flatMap { entry -> [String] in
      guard let script = try? entry.work.get().script, !script.isEmpty else { return [] }
      return [Step.comment(entry.subject.label)] + script
    }
  }

  /// The outcome of a run if nothing changes until then.
  package var forecast: FleetReport<Value> {
    let outcomes = entries.map { entry -> FleetOutcome<Value> in
      switch entry.work {
      case .success(let plan): FleetOutcome(entry.subject, .done, plan.result)
      case .failure(let error): FleetOutcome(entry.subject, .failed(error))
      }
    }
    return FleetReport(
      shared: outcomes.first { $0.tenant == nil }, tenants: outcomes.filter { $0.tenant != nil },
      duration: .zero, wasInterrupted: false)
  }
}

extension TenantDatabase {
  /// Runs the plan. One tenant's failure is in the report and does not affect the others; the same plan, made again, does
  /// what is left.
  package func run<Value>(
    _ plan: FleetPlan<Value>, _ run: FleetRun<Value> = FleetRun()
  ) async -> FleetReport<Value> {
    var work = FleetWork<Value>(plan.entries.map(\.subject)) { index, _, value in
      value = try await plan.entries[index].work.get().apply()
      return true
    }
    work.phases = [plan.mostJobs]
    work.retries = FleetRetry.usual
    return await work.run(run)
  }

  /// The plan of steps that fail by a ``Guard`` if another session was faster.
  func plan<Value>(_ planned: (value: Value, steps: [Step])) -> Plan<Value> {
    Plan(
      result: planned.value, steps: planned.steps, database: self,
      explain: { Guard.lostRace.contains($0.state) ? .changedMeanwhile : nil })
  }

  /// A plan for each of the tenants. What cannot be planned for one of them is that tenant's failure.
  func planEach<Value>(
    _ tenants: [Tenant], _ plan: (Int) async throws -> Plan<Value>
  ) async throws -> FleetPlan<Value> {
    var entries: [FleetPlan<Value>.Entry] = []
    for (index, tenant) in tenants.enumerated() {
      let work: Result<Plan<Value>, TenancyProblem>
      do {
        work = .success(try await plan(index))
      } catch let problem as TenancyProblem where !problem.concernsAll {
        work = .failure(problem)
      }
      entries.append(.init(subject: FleetSubject(tenant), work: work))
    }
    return FleetPlan(entries: entries)
  }
}

extension TenancyProblem {
  /// Whether it is the server's or the registry's, so that it would be the same for every tenant.
  fileprivate var concernsAll: Bool {
    switch self {
    case .cannotConnect, .connectionLost, .malformedConnection, .registryMissing, .registryColumnMissing,
      .registryColumnType, .unclearRegistry, .unknownColumn, .reservedColumn, .noSchemaColumn, .noDomains,
      .emptyMigrations, .statementsWithoutEffect:
      true
    default: false
    }
  }
}
