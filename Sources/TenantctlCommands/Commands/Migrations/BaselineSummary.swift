internal import Tenancy

/// What `adopt` and `migration baseline` say in the end.
struct BaselineSummary: Sendable {
  /// How each of the commands says it.
  enum Verb: Sendable {
    case adopt
    case baseline(MigrationVersion)
  }

  private let report: FleetReport<BaselinedTenant>
  private let verb: Verb

  init(_ report: FleetReport<BaselinedTenant>, _ verb: Verb) {
    self.report = report
    self.verb = verb
  }

  func result(_ style: Style) -> CommandResult {
    let entries = report.tenants.map { Entry($0) }
    var result = CommandResult(Document(tenants: entries, summary: Summary(report))) { lines($0) }
    result.elements = { entries }
    result.names = report.tenants.filter { $0.value?.recorded.isEmpty == false }.map(\.tenant.name.rawValue)
    result.notes = report.causes(style) + histories
    if report.tenants.isEmpty { result.notes = ["note: the selection has no tenants"] }
    result.status = report.status
    return result
  }

  /// The SQL of a run that does not happen, and what it would come to.
  func dryRun(_ sql: [String], _ style: Style) -> CommandResult {
    var result = CommandResult.dryRun(sql)
    result.json = DryDocument(sql: sql, tenants: report.tenants.map { Entry($0) }, summary: Summary(report))
    result.notes = report.causes(style)
    result.status = report.status
    return result
  }

  private func lines(_ style: Style) -> [String] {
    let summary = Summary(report)
    let tenants = report.tenants.count > 20 ? [] : report.tenants.compactMap { sentence($0) }
    var parts: [String] =
      switch verb {
      case .adopt:
        [
          style.green("adopted \(counted(summary.recorded, "tenant"))"),
          "\(summary.rest) had a ledger already",
        ]
      case .baseline(let version):
        [
          style.green("recorded \(version) as the version of \(counted(summary.recorded, "tenant"))"),
          "\(summary.rest) had it already",
        ]
      }
    if summary.failed > 0 { parts.append(style.red("\(summary.failed) failed")) }
    if summary.notRun > 0 { parts.append(style.yellow("\(summary.notRun) not run")) }
    return tenants + [parts.joined(separator: ", ")]
  }

  private func sentence(_ outcome: FleetOutcome<BaselinedTenant>) -> String? {
    guard case .adopt = verb, let value = outcome.value else { return nil }
    let head = value.head?.rawValue
    if !value.recorded.isEmpty {
      let count = counted(value.recorded.count, "migration")
      return "\(outcome.tenant.name): recorded \(count)\(head.map { ", up to \($0)" } ?? "")"
    }
    let added =
      value.addedColumns.isEmpty ? "" : "; it got the columns \(value.addedColumns.joined(separator: ", "))"
    return
      "\(outcome.tenant.name): has a ledger already, \(head.map { "at \($0)" } ?? "with nothing in it")\(added)"
  }

  /// Other tools' records, each told of once.
  private var histories: [String] {
    let found = report.tenants.flatMap { outcome in
      (outcome.value?.histories ?? []).map { (history: $0, name: outcome.tenant.name) }
    }
    return Dictionary(grouping: found, by: \.history).sorted { $0.key.table < $1.key.table }.map {
      history, of in
      """
      note: \(counted(of.count, "tenant")) (\(named(of.map(\.name)))) \(of.count == 1 ? "has" : "have") a record of \
      \(history.tool.possessive), \(history.table), which stays as it is
      """
    }
  }
}

extension BaselineSummary {
  private struct Document: Encodable, Sendable {
    let tenants: [Entry]
    let summary: Summary
  }

  private struct DryDocument: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
    let tenants: [Entry]
    let summary: Summary
  }

  private struct Summary: Encodable, Sendable {
    let total, recorded, unchanged, columnsAdded, failed, notRun: Int
    let durationMs: Int
    var rest: Int { unchanged + columnsAdded }

    init(_ report: FleetReport<BaselinedTenant>) {
      let words = report.tenants.map(\.status.word)
      func count(_ word: String) -> Int { words.count { $0 == word } }
      total = words.count
      recorded = count("recorded")
      unchanged = count("unchanged")
      columnsAdded = count("columns_added")
      failed = count("failed")
      notRun = count("not_run")
      durationMs = report.duration.inMilliseconds
    }
  }

  private struct Entry: Encodable, Sendable {
    let name: TenantName
    let schema: SchemaName
    let status: String
    let head: MigrationVersion?
    let recorded, addedColumns: [String]
    let histories: [MigrationHistory]
    let difference: SchemaDifference?
    let error: ErrorReport.Document?

    init(_ outcome: FleetOutcome<BaselinedTenant>) {
      name = outcome.tenant.name
      schema = outcome.tenant.schema
      status = outcome.status.word
      head = outcome.value?.head
      recorded = outcome.value?.recorded ?? []
      addedColumns = outcome.value?.addedColumns ?? []
      histories = outcome.value?.histories ?? []
      difference =
        if case .schemaDiffers(_, let found)? = outcome.failure as? TenancyProblem { found } else { nil }
      error = outcome.failure.map { ErrorReport($0).document(of: outcome.tenant.name) }
    }
  }
}

extension FleetOutcome<BaselinedTenant>.Status {
  /// In JSON.
  fileprivate var word: String {
    switch self {
    case .done(let value):
      !value.recorded.isEmpty ? "recorded" : value.addedColumns.isEmpty ? "unchanged" : "columns_added"
    case .failed: "failed"
    case .notRun: "not_run"
    }
  }
}
