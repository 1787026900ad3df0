internal import Tenancy

/// What `migrate` and `rollback` say in the end.
struct MigrationSummary {
  private let report: MigrationReport
  private let isRepeatable: Bool
  private var isUp: Bool { report.direction == .up }

  /// - Parameter isRepeatable: whether the same command again would do what is left and nothing else.
  init(_ report: MigrationReport, isRepeatable: Bool) {
    self.report = report
    self.isRepeatable = isRepeatable
  }

  var result: CommandResult {
    var result = CommandResult(Document(report)) { lines($0) }
    result.streamed = [.ndjson]
    result.names = failures.map(\.label)
    result.status = report.wasInterrupted ? .interrupted : failures.isEmpty ? .done : .partial
    if report.tenants.isEmpty { result.notes = ["note: the selection has no tenants"] }
    if report.tenants.contains(where: { !$0.isSuccess }) { result.notes = ["hint: \(wayOn)"] }
    return result
  }

  /// What to do about the tenants that are left.
  private var wayOn: String {
    let first = failures.isEmpty ? "" : "mend the cause and "
    guard !isRepeatable else { return "\(first)run the same command again: it does only what is left" }
    return """
      \(first)name the tenants that are left, or give --to VERSION: the same command again would undo one more \
      migration of each that is done
      """
  }

  private var failures: [MigrationOutcome] { report.tenants.filter(\.isFailure) }

  private func lines(_ style: Style) -> [String] {
    let summary = Summary(report)
    var parts = [
      style.green("\(isUp ? "migrated" : "rolled back") \(counted(summary.migrated, "tenant"))"),
      "\(summary.upToDate) \(isUp ? "up to date" : "unchanged")",
    ]
    if summary.failed > 0 { parts.append(style.red("\(summary.failed) failed")) }
    if summary.notRun > 0 { parts.append(style.yellow("\(summary.notRun) not run")) }
    let shared = report.shared.map { $0.versions.isEmpty ? [] : ["public: \(versions($0.versions))"] } ?? []
    let tenants =
      report.tenants.count > 20
      ? []
      : report.tenants.filter { !$0.versions.isEmpty }.map {
        "\($0.label.onOneLine): \(versions($0.versions)) (\(durationText($0.duration)))"
      }
    let causes = failureCauses(
      failures.compactMap { outcome in
        if case .failed(let error) = outcome.status { (outcome.label.onOneLine, error) } else { nil }
      }, style)
    return shared + tenants + causes + [
      "\(parts.joined(separator: ", ")) in \(durationText(report.duration))"
    ]
  }

  private func versions(_ versions: [MigrationVersion]) -> String {
    (isUp ? "applied " : "undid ") + versions.map(\.rawValue).joined(separator: ", ")
  }
}

extension MigrationSummary {
  private struct Document: Encodable, Sendable {
    let direction: String
    let shared: Entry?
    let tenants: [Entry]
    let summary: Summary

    init(_ report: MigrationReport) {
      direction = report.direction == .up ? "up" : "down"
      shared = report.shared.map(Entry.init)
      tenants = report.tenants.map(Entry.init)
      summary = Summary(report)
    }
  }

  private struct Summary: Encodable, Sendable {
    let total, migrated, upToDate, failed, notRun: Int
    let durationMs: Int

    init(_ report: MigrationReport) {
      let words = report.tenants.map(\.status.word)
      func count(_ word: String) -> Int { words.count { $0 == word } }
      total = words.count
      migrated = count("migrated")
      upToDate = count("up_to_date")
      failed = count("failed")
      notRun = count("not_run")
      durationMs = report.duration.inMilliseconds
    }
  }

  struct Entry: Encodable, Sendable {
    let name: String
    let schema: SchemaName
    let status: String
    let versions: [MigrationVersion]
    let durationMs: Int
    let error: ErrorReport.Document?

    init(_ outcome: MigrationOutcome) {
      name = outcome.label
      schema = outcome.schema
      status = outcome.status.word
      versions = outcome.versions
      durationMs = outcome.duration.inMilliseconds
      error =
        if case .failed(let error) = outcome.status {
          ErrorReport(error).document(of: outcome.tenant?.name)
        } else { nil }
    }
  }
}

extension MigrationOutcome.Status {
  /// In JSON.
  fileprivate var word: String {
    switch self {
    case .upToDate: "up_to_date"
    case .migrated: "migrated"
    case .failed: "failed"
    case .notRun: "not_run"
    }
  }
}

extension Duration {
  var inMilliseconds: Int { Int((self / .milliseconds(1)).rounded()) }
}
