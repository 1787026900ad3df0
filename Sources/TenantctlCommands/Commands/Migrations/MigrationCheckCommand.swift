internal import Arguments
internal import SQLText
internal import Tenancy

enum MigrationCheckCommand {
  static let command = Command<Action>(
    "check", summary: "Check the migration files for errors and hazards.",
    discussion: """
      Needs no database. Checks order, duplicates and syntax first: such an error stops all files from running. Then \
      reports hazards, each with the reason and a safe way to write it.

      An error makes the migration fail for some tenant, or do something else than it says: \(names(.error)).

      A warning runs, but a running app feels it, or it may be meant: \(names(.warning)).

      tenantctl-migration-check(1) describes each of them. Tables that the same file creates are exempt from what concerns \
      a running app. Of a down section only what can break tenancy or fail is reported.

      A comment '-- tenantctl:allow HAZARD' in a statement or above it allows it there. The exit status is 1 if a hazard is found.
      """,
    parameters: [since, report, Shared.migrations],
    formats: [.text, .json, .ndjson, .sarif, .github],
    examples: [
      Example("tenantctl migration check", "Check the files, for example in CI."),
      Example(
        "tenantctl migration check --since 20261123101500 --format github",
        "Annotate what a branch adds after the last release."),
    ],
    manSections: [ManSection("RULES", Hazard.allCases.map(\.manual).joined(separator: "\n\n"))]
  ) { input, session in
    let files = try load(session)
    let since = input[since]
    let findings = files.hazards(ledger: try session.configuration().settings.ledger, since: since)
    let paths = (files.shared + files.tenant).filter { file in since.map { $0 < file.version } ?? true }.map(
      \.path)
    var result = result(findings, in: paths)
    do {
      try session.report.write(JUnitReport(findings, in: paths, of: "migration check"))
    } catch {
      result.add(error, session.errorStyle, "the report was not written")
    }
    return result
  }

  private static func result(_ findings: [HazardFinding], in paths: [String]) -> CommandResult {
    let entries = findings.map(Entry.init)
    var result = CommandResult(Document(fileCount: paths.count, findings: entries)) { style in
      let summary = "checked \(counted(paths.count, "file")): \(counted(findings.count, "finding"))"
      return findings.flatMap { lines($0, style) } + [
        findings.isEmpty ? style.green(summary) : style.red(summary)
      ]
    }
    result.elements = { entries }
    result.foreign = { $0 == .sarif ? [SARIFReport(findings).text] : GitHubAnnotations(findings).lines }
    result.names = findings.map(\.path).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    result.status = findings.isEmpty ? .done : .failed
    return result
  }

  /// The files. Where annotations are wanted, those of files that cannot be read are printed, too.
  private static func load(_ session: Session) throws -> MigrationSet {
    do {
      return try session.migrations()
    } catch MigrationFolderError.invalid(let invalid) where session.format == .github {
      try session.terminal.write(lines: GitHubAnnotations(invalid.problems).lines)
      throw MigrationFolderError.invalid(invalid)
    }
  }

  private static func lines(_ finding: HazardFinding, _ style: Style) -> [String] {
    let severity = finding.hazard.severity
    let name = "\(severity.rawValue): \(finding.hazard.rawValue):"
    return [
      style.bold("\(finding.path):\(finding.location.line):\(finding.location.column):")
        + " \(severity == .error ? style.red(name) : style.yellow(name)) \(finding.hazard.reason)",
      "    \(finding.excerpt[...].trimmingWhitespace())",
      "    \(finding.hazard.rewrite)",
    ].filter { !$0.allSatisfy(\.isWhitespace) }
  }

  private static func names(_ severity: Hazard.Severity) -> String {
    Hazard.allCases.filter { $0.severity == severity }.map(\.rawValue).joined(separator: ", ")
  }

  private static let since = Option(
    "since", placeholder: "VERSION", parse: MigrationVersion.init(parsing:),
    summary: "Report only files newer than VERSION, such as those of a branch.")
  private static let report = Option(
    "report", placeholder: "junit=FILE", parse: ReportTarget.init(parsing:),
    summary: "Write a JUnit XML report to FILE, with a test case for each file.")

  private struct Document: Encodable {
    let fileCount: Int
    let findings: [Entry]
  }

  private struct Entry: Encodable {
    let hazard, path, statement, reason, rewrite: String
    let severity: Hazard.Severity
    let line, column: Int

    init(_ finding: HazardFinding) {
      hazard = finding.hazard.rawValue
      severity = finding.hazard.severity
      path = finding.path
      line = finding.location.line
      column = finding.location.column
      statement = finding.excerpt[...].trimmingWhitespace()
      reason = finding.hazard.reason
      rewrite = finding.hazard.rewrite
    }
  }
}
