internal import TenancyPostgres

/// What would be done in each schema of a fleet, or why it cannot be: planned, and not done. The run and the script of a dry
/// run come from the same steps.
package struct FleetPlan<Value: Sendable>: Sendable {
  /// One schema's part.
  struct Entry: Sendable {
    let subject: FleetSubject
    /// The result and the steps that lead there, or why there are none.
    let work: Result<(value: Value, steps: [Step]), TenancyProblem>
  }

  let entries: [Entry]

  /// The SQL that a run sends, with a comment above each schema's.
  package var script: [String] {
    entries.flatMap { entry -> [String] in
      guard let steps = try? entry.work.get().steps, !steps.isEmpty else { return [] }
      return [Step.comment(entry.subject.label)] + steps.flatMap(\.script)
    }
  }

  /// The outcome of a run if nothing changes until then.
  package var forecast: FleetReport<Value> {
    let outcomes = entries.map { entry -> FleetOutcome<Value> in
      switch entry.work {
      case .success(let work): FleetOutcome(entry.subject, .done, work.value)
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
      let (result, steps) = try plan.entries[index].work.get()
      try await self.connected { connection in
        do {
          for step in steps { try await step.run(over: connection) }
        } catch let failure as StatementError where Guard.lostRace.contains(failure.error.state) {
          throw TenancyProblem.changedMeanwhile
        }
      }
      value = result
      return true
    }
    work.retries = FleetRetry.usual
    return await work.run(run)
  }
}
