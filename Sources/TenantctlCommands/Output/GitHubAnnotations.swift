internal import SQLText
internal import Tenancy

/// The failures of a run as annotations of the code: "Workflow commands for GitHub Actions", one for each cause, since
/// GitHub shows at most ten of a step.
struct GitHubAnnotations {
  let lines: [String]

  init<Value>(_ report: FleetReport<Value>) {
    lines = TenantFailure.grouped(report.all.compactMap { TenantFailure($0) }).compactMap { cause, failures in
      failures.first.map { Self.line(cause, $0.error, failures.map(\.name)) }
    }
  }

  /// Of the findings in migration files, one each.
  init(_ findings: [HazardFinding]) {
    lines = findings.map { finding in
      let place = [("line", "\(finding.location.line)"), ("col", "\(finding.location.column)")]
      return Self.line(
        finding.hazard.severity.rawValue,
        [("file", finding.path)] + place + [("title", finding.hazard.rawValue)],
        "\(finding.hazard.reason); \(finding.hazard.rewrite)")
    }
  }

  /// Of migration files that cannot be read, one for each problem.
  init(_ problems: [MigrationFileError]) {
    lines = problems.map { problem in
      let place = [("line", problem.line), ("col", problem.column)].compactMap { key, value in
        value.map { (key, "\($0)") }
      }
      return Self.line("error", [("file", problem.file)] + place, "\(problem.message); \(problem.hint)")
    }
  }

  private static func line(_ cause: String, _ error: any Error, _ names: [String]) -> String {
    var properties: [(String, String)] = []
    if let failure = (error as? TenancyProblem)?.migrationFailure {
      properties.append(("file", failure.path))
      if let line = failure.line { properties.append(("line", "\(line)")) }
      if let column = failure.column { properties.append(("col", "\(column)")) }
    }
    let others = names.count > 1 ? " and \(counted(names.count - 1, "other"))" : ""
    properties.append(("title", "\(names.first ?? "")\(others) failed"))
    // The log shows the message without the title.
    return line("error", properties, "\(named(names, upTo: 50)): \(cause)")
  }

  /// - Parameter level: `error` or `warning`.
  private static func line(_ level: String, _ properties: [(String, String)], _ message: String) -> String {
    let list = properties.map {
      "\($0)=\(escaped($1).replacingText(":", with: "%3A").replacingText(",", with: "%2C"))"
    }
    return "::\(level) \(list.joined(separator: ","))::\(escaped(message))"
  }

  private static func escaped(_ text: String) -> String {
    text.replacingScalars { ["%": "%25", "\r": "%0D", "\n": "%0A"][$0] }
  }
}
