internal import Arguments
internal import Tenancy

/// A change that `create` and `drop` make in each of several tenants, reported as a run over the fleet.
struct TenantChanges<Value: Sendable>: Sendable {
  let command: FleetCommand<Value>
  /// What happened to a tenant, as `created`.
  let verb: String
  /// What was done to one tenant, in a line.
  let sentence: @Sendable (FleetOutcome<Value>) -> String?

  func run(
    _ plan: FleetPlan<Value>, of database: TenantDatabase, _ input: Input, _ session: Session
  ) async throws -> CommandResult {
    if input[Shared.dryRun] {
      let failures = plan.forecast.failures.compactMap { TenantFailure($0) }
      return .dryRun(plan.script, failing: failures, session.errorStyle)
    }
    let end = try await command.run(plan.forecast.tenants.count, of: database, input, session) { run, _ in
      await database.run(plan, run)
    }
    var result = end.result(end.document, session) { lines(end, $0) }
    result.names = end.report.failures.map(\.label)
    return result
  }

  private func lines(_ end: FleetEnd<Value>, _ style: Style) -> [String] {
    let tenants = end.report.tenants
    let done = end.counts[command.statuses[0]]
    let others = command.statuses.dropFirst().filter { end.counts[$0] > 0 }.map { "\(end.counts[$0]) \($0)" }
    return (tenants.count > 20 ? [] : tenants.compactMap { $0.isDone ? sentence($0) : nil })
      + [
        end.counts.sentence(
          ([style.green("\(verb) \(counted(done, "tenant"))")] + others).joined(separator: ", "), style: style
        )
      ]
  }
}
