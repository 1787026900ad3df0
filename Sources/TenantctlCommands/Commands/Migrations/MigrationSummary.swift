internal import Tenancy

/// What `migrate` and `rollback` say in the end.
struct MigrationSummary: Sendable {
  private let plan: MigrationPlan
  private var isUp: Bool { plan.direction == .up }

  init(_ plan: MigrationPlan) {
    self.plan = plan
  }

  var command: FleetCommand<[MigrationVersion]> {
    FleetCommand(
      name: isUp ? "migrate" : "rollback", statuses: ["migrated", "up_to_date"],
      status: { $0 == nil ? "up_to_date" : "migrated" }, details: { ["versions": $0.value ?? []] })
  }

  func result(_ end: FleetEnd<[MigrationVersion]>, _ session: Session) -> CommandResult {
    var result = end.result(Document(direction: isUp ? "up" : "down", end), session) { lines(end, $0) }
    result.names = end.report.failures.map(\.label)
    if end.report.tenants.contains(where: { !$0.isDone }) { result.notes = ["hint: \(advice(end))"] }
    return result
  }

  /// What to do about the tenants that are left.
  private func advice(_ end: FleetEnd<[MigrationVersion]>) -> String {
    let first = end.report.failures.isEmpty ? "" : "fix the cause and "
    guard !plan.isRepeatable else { return "\(first)run the same command again: it does only what is left" }
    return """
      \(first)name the tenants that are left, or use --to VERSION: the same command again would undo one more \
      migration of each tenant that is done
      """
  }

  private func lines(_ end: FleetEnd<[MigrationVersion]>, _ style: Style) -> [String] {
    let report = end.report
    let shared = [report.shared].compactMap { $0 }.filter { $0.value != nil }.map {
      "public: \(versions($0))"
    }
    let tenants =
      report.tenants.count > 20
      ? []
      : report.tenants.filter { $0.value != nil }.map {
        "\($0.label.onOneLine): \(versions($0)) (\(durationText($0.duration)))"
      }
    let done = "\(isUp ? "migrated" : "rolled back") \(counted(end.counts["migrated"], "tenant"))"
    return shared + tenants + [
      end.counts.sentence(
        style.green(done), "\(end.counts["up_to_date"]) \(isUp ? "up to date" : "unchanged")", style: style)
    ]
  }

  private func versions(_ outcome: MigrationOutcome) -> String {
    (isUp ? "applied " : "undid ") + (outcome.value ?? []).map(\.rawValue).joined(separator: ", ")
  }

  private struct Document: Encodable, Sendable {
    let direction: String
    let shared: FleetRow?
    let tenants: [FleetRow]
    let summary: FleetCounts

    init(direction: String, _ end: FleetEnd<[MigrationVersion]>) {
      self.direction = direction
      shared = end.shared
      tenants = end.rows
      summary = end.counts
    }
  }
}
