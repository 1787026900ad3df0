internal import Arguments
internal import Tenancy

/// A command over the fleet: the parts that differ. Jobs, progress, interruption, reports for CI, rows and the summary are
/// the same for all.
struct FleetCommand<Value: Sendable>: Sendable {
  typealias Work = @Sendable (FleetRun<Value>, FleetProgress) async throws -> FleetReport<Value>

  /// Its name in the reports for CI.
  let name: String
  /// The statuses of tenants that are done, in the order of the summary.
  let statuses: [String]
  /// The status of a tenant that is done.
  let status: @Sendable (Value?) -> String
  /// The keys of a tenant's row in addition to name, schema, status, duration and error.
  let details: @Sendable (FleetOutcome<Value>) -> any Encodable & Sendable
  /// Whether NDJSON has a line for each tenant, printed when it is done.
  var streamsRows = true
  /// Where a signal goes instead of ending the run, once it drains.
  var passingOn: (@Sendable (Int32) -> Void)?

  /// Runs it for so many tenants.
  func run(
    _ count: Int, of database: TenantDatabase, _ input: Input, _ session: Session, _ work: @escaping Work
  ) async throws -> FleetEnd<Value> {
    let path = input[RunOptions.report]?.path
    // A path that cannot be written is an error before the run, not after it.
    if let path { try Files.write(path, "") }
    let jobs = try await RunOptions.jobs(input, database, for: count)
    let progress = FleetProgress(total: count, session)
    defer { progress.finish() }
    let run = self.run(input, session, progress, jobs: jobs)
    let report = try await guarding(session.interruption, progress) { try await work(run, progress) }
    progress.finish()
    if session.isOnGitHub { GitHubAnnotations(report).lines.forEach { session.terminal.note($0) } }
    var end = FleetEnd(report, self, outputFailure: progress.outputFailure)
    if let path {
      do {
        try Files.write(path, JUnitReport(report, of: name).text)
      } catch {
        // The run is done anyway.
        end.reportFailure = error
      }
    }
    return end
  }

  private func run(
    _ input: Input, _ session: Session, _ progress: FleetProgress, jobs: Int
  ) -> FleetRun<Value> {
    var run = FleetRun<Value>()
    run.jobs = jobs
    RunOptions.read(input, into: &run)
    let streams = streamsRows && session.format == .ndjson
    run.onOutcome = { outcome in
      if streams { progress.print(JSON.text(row(outcome)) + "\n") }
      progress.note(
        outcome.label.onOneLine, failure: outcome.failure, isSkipped: outcome.isDone && outcome.value == nil)
    }
    run.onPostponed = { outcome in
      if let error = outcome.failure { progress.notePostponed(outcome.label.onOneLine, error) }
    }
    let interruption = session.interruption
    // A run that only prints stops when its output is closed.
    run.shouldStop = { [streamsRows] in
      interruption.isRequested || !streamsRows && progress.outputFailure != nil
    }
    return run
  }

  private func guarding<T: Sendable>(
    _ interruption: Interruption, _ progress: FleetProgress, _ work: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    if let passingOn {
      return try await interruption.guarding(passingOn: passingOn, known: progress.known, work)
    }
    return try await interruption.guarding(drainingWith: progress.tell, known: progress.known, work)
  }

  /// A tenant in JSON.
  func row(_ outcome: FleetOutcome<Value>) -> FleetRow {
    let word =
      switch outcome.status {
      case .done: status(outcome.value)
      case .failed: "failed"
      case .notRun: "not_run"
      }
    return FleetRow(
      name: outcome.label, schema: outcome.schema, status: word,
      durationMs: outcome.duration.inMilliseconds,
      error: outcome.failure.map { ErrorReport($0).document(of: outcome.tenant?.name) },
      details: details(outcome))
  }
}

/// The outcome for one tenant, in JSON.
struct FleetRow: Encodable, Sendable {
  let name: String
  let schema: SchemaName
  let status: String
  let durationMs: Int
  let error: ErrorReport.Document?
  /// More keys.
  let details: any Encodable & Sendable

  private enum CodingKeys: CodingKey { case name, schema, status, durationMs, error }

  func encode(to encoder: any Encoder) throws {
    try details.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(schema, forKey: .schema)
    try container.encode(status, forKey: .status)
    try container.encode(durationMs, forKey: .durationMs)
    try container.encode(error, forKey: .error)
  }
}

/// The number of tenants by status.
struct FleetCounts: Encodable, Sendable {
  let total, failed, notRun: Int
  let duration: Duration
  /// By the command's own statuses, and its other counts.
  var others: [String: Int] = [:]

  subscript(word: String) -> Int { others[word] ?? 0 }

  func encode(to encoder: any Encoder) throws {
    try others.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(total, forKey: .total)
    try container.encode(failed, forKey: .failed)
    try container.encode(notRun, forKey: .notRun)
    try container.encode(duration.inMilliseconds, forKey: .durationMs)
  }

  private enum CodingKeys: CodingKey { case total, failed, notRun, durationMs }

  /// The summary of these parts, with the tenants that failed or were not run.
  func sentence(_ parts: String..., style: Style = Style(isColored: false), isTimed: Bool = true) -> String {
    var parts = parts
    if failed > 0 { parts.append(style.red("\(failed) failed")) }
    if notRun > 0 { parts.append(style.yellow("\(notRun) not run")) }
    return parts.joined(separator: ", ") + (isTimed ? " in \(durationText(duration))" : "")
  }
}

/// The tenants of a run, and how many ended how.
struct FleetDocument: Encodable, Sendable {
  let tenants: [FleetRow]
  let summary: FleetCounts
}

/// A finished run and its output.
struct FleetEnd<Value: Sendable>: Sendable {
  let report: FleetReport<Value>
  var counts: FleetCounts
  /// Why not all rows could be written; `nil` if they were.
  let outputFailure: OutputClosed?
  fileprivate var reportFailure: FileProblem?
  private let command: FleetCommand<Value>

  /// Also for the forecast of a dry run.
  init(_ report: FleetReport<Value>, _ command: FleetCommand<Value>, outputFailure: OutputClosed? = nil) {
    self.report = report
    self.command = command
    self.outputFailure = outputFailure
    var counts = Dictionary(uniqueKeysWithValues: command.statuses.map { ($0, 0) })
    for case let outcome in report.tenants where outcome.isDone {
      counts[command.status(outcome.value), default: 0] += 1
    }
    self.counts = FleetCounts(
      total: report.tenants.count, failed: report.failures.count,
      notRun: report.tenants.count { !$0.isDone && $0.failure == nil }, duration: report.duration,
      others: counts)
  }

  /// What JSON has of most commands.
  var document: FleetDocument { FleetDocument(tenants: rows, summary: counts) }
  /// The tenants in JSON.
  var rows: [FleetRow] { report.tenants.map(command.row) }
  /// Those that failed.
  var failures: [FleetRow] { report.failures.map(command.row) }
  /// The shared schema in JSON.
  var shared: FleetRow? { report.shared.map(command.row) }

  /// An error is told with --quiet too: for commands that print no names of those that failed.
  func tellQuietly(_ session: Session) {
    guard session.isQuiet, session.format != .json else { return }
    causes(session.errorStyle).forEach { session.terminal.note($0) }
  }

  /// The failures grouped by their cause.
  func causes(_ style: Style) -> [String] {
    failureCauses(
      report.failures.compactMap { outcome in outcome.failure.map { (outcome.label.onOneLine, $0) } }, style)
  }

  /// The result as a command returns it.
  func result(
    _ document: any Encodable & Sendable, _ session: Session, text: @escaping @Sendable (Style) -> [String]
  ) -> CommandResult {
    var result = CommandResult(document, text: text)
    if command.streamsRows { result.streamed = [.ndjson] }
    if report.tenants.isEmpty { result.notes = [Words.nobodySelected] }
    result.status = report.wasInterrupted ? .interrupted : report.failures.isEmpty ? .done : .partial
    if let outputFailure { result.add(outputFailure, session) }
    if let reportFailure { result.add(reportFailure, session, "the report was not written") }
    return result
  }
}

extension Duration {
  var inMilliseconds: Int { Int((self / .milliseconds(1)).rounded()) }
}
