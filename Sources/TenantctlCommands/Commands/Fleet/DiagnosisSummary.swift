internal import Tenancy

/// The result of `doctor`.
struct DiagnosisSummary: Sendable {
  private let diagnosis: Diagnosis
  private let items: [Item]
  private let wasFixed: Bool

  /// - Parameter outcomes: the outcome of each finding's fix; `nil` without `--fix`.
  init(_ diagnosis: Diagnosis, _ outcomes: [FixOutcome]? = nil) {
    self.diagnosis = diagnosis
    wasFixed = outcomes != nil
    items = diagnosis.entries.indices.map { Item(diagnosis.entries[$0], outcomes?[$0]) }
  }

  var result: CommandResult {
    var result = CommandResult(Document(tenantCount: diagnosis.tenants, findings: entries)) { lines($0) }
    result.elements = { entries }
    result.names = open.map(\.report.subject)
    result.status = open.contains { $0.severity > .info } ? .failed : .done
    return result
  }

  /// The fixes that failed, for where the findings are not printed.
  var failures: [String] {
    items.compactMap { item in
      item.error.map { "not fixed: \(item.report.subject): \(ErrorReport($0).message)" }
    }
  }

  /// The SQL that fixes what can be fixed, with a comment above each finding's.
  var script: [String] {
    zip(diagnosis.entries, items).filter(\.0.canBeFixed).flatMap { entry, item in
      entry.script(under: "\(item.report.code): \(item.report.subject)")
    }
  }

  var dryRun: CommandResult {
    var result = CommandResult.dryRun(script)
    result.status = self.result.status
    result.notes = []
    return result
  }
}

extension DiagnosisSummary {
  /// A finding and the outcome of its fix.
  private struct Item {
    let report: FindingReport
    let severity: Finding.Severity
    let canBeFixed: Bool
    let outcome: FixOutcome?

    init(_ entry: Diagnosis.Entry, _ outcome: FixOutcome?) {
      report = FindingReport(entry.finding)
      severity = entry.finding.severity
      canBeFixed = entry.canBeFixed
      self.outcome = outcome
    }

    var isFixed: Bool { if case .fixed? = outcome { true } else { false } }
    var error: TenancyProblem? { if case .failed(let error)? = outcome { error } else { nil } }

    /// Equal for findings that differ only in their subjects.
    var group: [String] {
      [
        report.code, "\(severity)", report.cause, report.commonAdvice,
        isFixed ? "fixed" : canBeFixed ? "open" : "",
        error.map { ErrorReport($0).message } ?? "",
      ]
    }
  }

  /// The findings that are not fixed.
  private var open: [Item] { items.filter { !$0.isFixed } }

  private func lines(_ style: Style) -> [String] {
    // 500 tenants with one cause are one message.
    let groups = Dictionary(grouping: items.enumerated()) { $0.element.group }.values.sorted {
      ($0.first?.offset ?? 0) < ($1.first?.offset ?? 0)
    }
    return groups.flatMap { lines($0.map(\.element), style) } + [summary(style)]
  }

  private func lines(_ group: [Item], _ style: Style) -> [String] {
    guard let first = group.first else { return [] }
    let count = group.count > 1 ? " (\(group.count))" : ""
    var lines = ["\(first.severity.word(style)) \(first.report.cause)\(count)"]
    lines += group.prefix(5).map { "  \($0.report.subject)" }
    if group.count > 5 { lines.append("  and \(group.count - 5) more") }
    let advice = group.count > 1 ? first.report.commonAdvice : first.report.advice
    lines.append(
      "    "
        + (first.isFixed ? style.green("fixed: \(advice)") : first.canBeFixed ? "--fix: \(advice)" : advice))
    if let error = first.error {
      let message = ErrorReport(error).message.replacing("\n", with: "\n    ")
      lines.append("    \(style.red("not fixed:")) \(message)")
    }
    return lines
  }

  private func summary(_ style: Style) -> String {
    let counts = Finding.Severity.allCases.reversed().compactMap { severity -> String? in
      let count = open.count { $0.severity == severity }
      return count == 0 ? nil : severity == .info ? "\(count) info" : counted(count, "\(severity)")
    }
    let fixed = items.count(where: \.isFixed)
    let found =
      (counts.isEmpty ? ["no problems found"] : counts) + (fixed > 0 ? ["\(fixed) fixed"] : [])
    let fixable = open.count(where: \.canBeFixed)
    let hint =
      fixable > 0 && !wasFixed ? "; 'tenantctl doctor --fix' fixes \(fixable) of them" : ""
    let sentence = "\(counted(diagnosis.tenants, "tenant")): \(found.joined(separator: ", "))\(hint)"
    return open.contains { $0.severity > .info } ? style.red(sentence) : style.green(sentence)
  }
}

extension Finding.Severity {
  fileprivate func word(_ style: Style) -> String {
    switch self {
    case .error: style.red("error:")
    case .warning: style.yellow("warning:")
    case .info: style.bold("info:")
    }
  }
}

extension DiagnosisSummary {
  private var entries: [Entry] {
    zip(diagnosis.entries, items).map { Entry($0, $1) }
  }

  private struct Document: Encodable, Sendable {
    let tenantCount: Int
    let findings: [Entry]
  }

  private struct Entry: Encodable, Sendable {
    let code, severity, subject, cause, advice: String
    let tenant: TenantName?
    let fix: [String]
    let fixed: Bool?
    let error: ErrorReport.Document?

    init(_ entry: Diagnosis.Entry, _ item: Item) {
      code = item.report.code
      severity = "\(item.severity)"
      subject = item.report.subject
      tenant = entry.finding.tenant
      cause = item.report.cause
      advice = item.report.advice
      fix = entry.script
      fixed = item.outcome.map { _ in item.isFixed }
      error = item.error.map { ErrorReport($0).document(of: entry.finding.tenant) }
    }
  }
}
