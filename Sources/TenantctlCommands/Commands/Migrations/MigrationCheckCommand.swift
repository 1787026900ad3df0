internal import Arguments
internal import SQLText
internal import Tenancy

enum MigrationCheckCommand {
  static let command = Command<Action>(
    "check", summary: "Check the migration files for errors and hazards.",
    discussion: """
      Needs no database. Checks order, duplicates and syntax first: such an error stops all files from running. Then \
      reports hazards, each with the reason and a safe way to write it:

      \(Hazard.allCases.map { "\($0.rawValue): \($0.reason)." }.joined(separator: "\n\n"))

      A comment '-- tenantctl:allow HAZARD' above a statement allows it. The exit status is 1 if a hazard is found.
      """,
    parameters: [Shared.migrations],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl migration check", "Check the files, for example in CI.")
    ]
  ) { _, session in
    let files = try session.migrations()
    let findings = files.hazards()
    let count = files.tenant.count + files.shared.count
    var result = CommandResult(Document(fileCount: count, findings: findings.map(Entry.init))) { style in
      let summary = "checked \(counted(count, "file")): \(counted(findings.count, "finding"))"
      return findings.flatMap { lines($0, style) } + [
        findings.isEmpty ? style.green(summary) : style.red(summary)
      ]
    }
    result.elements = { findings.map(Entry.init) }
    result.names = findings.map(\.path).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    result.status = findings.isEmpty ? .done : .failed
    return result
  }

  private static func lines(_ finding: HazardFinding, _ style: Style) -> [String] {
    [
      style.bold("\(finding.path):\(finding.location.line):\(finding.location.column):")
        + " \(style.yellow(finding.hazard.rawValue)): \(finding.hazard.reason)",
      "    \(finding.excerpt[...].trimmingWhitespace())",
      "    \(finding.hazard.rewrite)",
    ].filter { !$0.allSatisfy(\.isWhitespace) }
  }

  private struct Document: Encodable {
    let fileCount: Int
    let findings: [Entry]
  }

  private struct Entry: Encodable {
    let hazard, path, statement, reason, rewrite: String
    let line, column: Int

    init(_ finding: HazardFinding) {
      hazard = finding.hazard.rawValue
      path = finding.path
      line = finding.location.line
      column = finding.location.column
      statement = finding.excerpt[...].trimmingWhitespace()
      reason = finding.hazard.reason
      rewrite = finding.hazard.rewrite
    }
  }
}
