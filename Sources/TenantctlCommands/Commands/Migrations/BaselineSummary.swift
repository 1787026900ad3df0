internal import Tenancy

/// The result of `adopt` and `migration baseline`.
struct BaselineSummary: Sendable {
  /// Which of the two commands was run.
  enum Verb: Sendable {
    case adopt
    case baseline(MigrationVersion)
  }

  private let verb: Verb

  init(_ verb: Verb) {
    self.verb = verb
  }

  var command: FleetCommand<BaselinedTenant> {
    let name = if case .adopt = verb { "adopt" } else { "migration baseline" }
    return FleetCommand(
      name: name, statuses: ["recorded", "unchanged", "columns_added"],
      status: { value in
        value?.recorded.isEmpty == false
          ? "recorded" : value?.addedColumns.isEmpty == false ? "columns_added" : "unchanged"
      }, details: { Details($0) })
  }

  func result(_ end: FleetEnd<BaselinedTenant>, _ session: Session) -> CommandResult {
    var result = end.result(end.document, session) { lines(end, $0) }
    result.names = end.report.tenants.filter { $0.value?.recorded.isEmpty == false }.map(\.label)
    if !end.report.tenants.isEmpty { result.notes = histories(end) }
    return result
  }

  /// The SQL of a run that does not happen, and what it would come to.
  func dryRun(_ sql: [String], _ end: FleetEnd<BaselinedTenant>, _ style: Style) -> CommandResult {
    var result = CommandResult.dryRun(sql)
    result.json = DryDocument(sql: sql, tenants: end.rows, summary: end.counts)
    result.failures = end.causes(style)
    result.notes = lines(end, style, isForecast: true)
    result.status = end.report.failures.isEmpty ? .done : .partial
    return result
  }

  /// - Parameter isForecast: whether it is what a run would do.
  private func lines(
    _ end: FleetEnd<BaselinedTenant>, _ style: Style, isForecast: Bool = false
  ) -> [String] {
    let tenants =
      end.report.tenants.count > 20
      ? [] : end.report.tenants.compactMap { sentence($0, isForecast) }
    let rest = end.counts["unchanged"] + end.counts["columns_added"]
    let recorded = counted(end.counts["recorded"], "tenant")
    let (adopted, stored, had) =
      isForecast ? ("would adopt", "would record", "have") : ("adopted", "recorded", "had")
    let (done, others) =
      switch verb {
      case .adopt: ("\(adopted) \(recorded)", "\(rest) already \(had) a ledger")
      case .baseline(let version):
        ("\(stored) \(version) as the version of \(recorded)", "\(rest) already \(had) it")
      }
    return tenants + [end.counts.sentence(style.green(done), others, style: style, isTimed: false)]
  }

  private func sentence(_ outcome: FleetOutcome<BaselinedTenant>, _ isForecast: Bool) -> String? {
    guard case .adopt = verb, let value = outcome.value else { return nil }
    let head = value.head?.rawValue
    if !value.recorded.isEmpty {
      let count = counted(value.recorded.count, "migration")
      return
        "\(outcome.label.onOneLine): \(isForecast ? "would record" : "recorded") \(count)\(head.map { ", up to \($0)" } ?? "")"
    }
    let added =
      value.addedColumns.isEmpty
      ? "" : "; \(isForecast ? "would add" : "added") columns \(value.addedColumns.joined(separator: ", "))"
    return
      "\(outcome.label.onOneLine): already has a ledger, \(head.map { "at \($0)" } ?? "which is empty")\(added)"
  }

  /// Other tools' records, each told of once.
  private func histories(_ end: FleetEnd<BaselinedTenant>) -> [String] {
    let found = end.report.tenants.flatMap { outcome in
      (outcome.value?.histories ?? []).map { (history: $0, name: outcome.label.onOneLine) }
    }
    return Dictionary(grouping: found, by: \.history).sorted { $0.key.table < $1.key.table }.map {
      history, of in
      """
      note: \(counted(of.count, "tenant")) (\(named(of.map(\.name)))) \(of.count == 1 ? "has" : "have") \
      \(history.tool.possessive) table \(history.table), which is left unchanged
      """
    }
  }
}

extension BaselineSummary {
  private struct DryDocument: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
    let tenants: [FleetRow]
    let summary: FleetCounts
  }

  private struct Details: Encodable, Sendable {
    let head: MigrationVersion?
    let recorded, addedColumns: [String]
    let histories: [MigrationHistory]
    let difference: SchemaDifference?

    init(_ outcome: FleetOutcome<BaselinedTenant>) {
      head = outcome.value?.head
      recorded = outcome.value?.recorded ?? []
      addedColumns = outcome.value?.addedColumns ?? []
      histories = outcome.value?.histories ?? []
      difference =
        if case .schemaDiffers(_, let found)? = outcome.failure as? TenancyProblem { found } else { nil }
    }
  }
}
