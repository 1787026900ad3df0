internal import Arguments
internal import Glibc
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
  /// Whether it changes nothing: then it ends when its output is closed. Others go on to the last tenant.
  var onlyReads = false
  /// Where a signal goes instead of ending the run, once it drains.
  var passingOn: (@Sendable (Int32) -> Void)?

  /// Runs it for so many tenants.
  func run(
    _ count: Int, of database: TenantDatabase, _ input: Input, _ session: Session, _ work: @escaping Work
  ) async throws -> FleetEnd<Value> {
    try Files.checkLimit()
    // A path that cannot be written is an error before the run, not after it.
    try session.report.begin()
    // A reader that closes the pipe must not end a run half-way.
    if !onlyReads { signal(SIGPIPE, SIG_IGN) }
    defer { signal(SIGPIPE, SIG_DFL) }
    let jobs = try await RunOptions.jobs(input, database, for: count)
    let progress = FleetProgress(total: count, session)
    defer { progress.finish() }
    let run = self.run(input, session, progress, jobs: jobs)
    let report = try await guarding(session.interruption, progress) { try await work(run, progress) }
    progress.finish()
    if session.isOnGitHub {
      GitHubAnnotations(report).lines.forEach { session.terminal.note($0, isMessage: false) }
    }
    var end = FleetEnd(report, self, outputFailure: progress.outputFailure, isAnnotated: session.isOnGitHub)
    do {
      try session.report.write(JUnitReport(report, of: name))
    } catch {
      // The run is done anyway.
      end.reportFailure = error
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
    run.onFewerJobs = { progress.tellFewerJobs(jobs, $0) }
    run.onPostponed = { outcome in
      if let error = outcome.failure { progress.notePostponed(outcome.label.onOneLine, error) }
    }
    let interruption = session.interruption
    run.shouldStop = { [onlyReads] in
      interruption.isRequested || onlyReads && progress.outputFailure != nil
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
      case .unfinished: "unfinished"
      case .notRun: "not_run"
      }
    return FleetRow(
      name: outcome.label, schema: outcome.schema, status: word,
      canary: outcome.isCanary, durationMs: outcome.duration.inMilliseconds,
      error: outcome.failure.map { ErrorReport($0).document(of: outcome.tenant?.name) },
      details: details(outcome))
  }
}

/// The outcome for one tenant, in JSON.
struct FleetRow: Encodable, Sendable {
  let name: String
  let schema: SchemaName
  let status: String
  let canary: Bool
  let durationMs: Int
  let error: ErrorReport.Document?
  /// More keys.
  let details: any Encodable & Sendable

  private enum CodingKeys: CodingKey { case name, schema, status, canary, durationMs, error }

  func encode(to encoder: any Encoder) throws {
    try details.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(schema, forKey: .schema)
    try container.encode(status, forKey: .status)
    try container.encode(canary, forKey: .canary)
    try container.encode(durationMs, forKey: .durationMs)
    try container.encode(error, forKey: .error)
  }
}

/// The number of tenants by status.
struct FleetCounts: Encodable, Sendable {
  let total, failed, unfinished, notRun: Int
  let duration: Duration
  /// By the command's own statuses, and its other counts.
  var others: [String: Int] = [:]

  subscript(word: String) -> Int { others[word] ?? 0 }

  func encode(to encoder: any Encoder) throws {
    try others.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(total, forKey: .total)
    try container.encode(failed, forKey: .failed)
    try container.encode(unfinished, forKey: .unfinished)
    try container.encode(notRun, forKey: .notRun)
    try container.encode(duration.inMilliseconds, forKey: .durationMs)
  }

  private enum CodingKeys: CodingKey { case total, failed, unfinished, notRun, durationMs }

  /// The summary of these parts, with the tenants that failed, were not finished or not run.
  func sentence(_ parts: String..., style: Style = Style(isColored: false), isTimed: Bool = true) -> String {
    var parts = parts
    if failed > 0 { parts.append(style.red("\(failed) failed")) }
    if unfinished > 0 { parts.append(style.yellow("\(unfinished) not finished")) }
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
  /// Whether annotations have told the failures.
  private let isAnnotated: Bool
  private let command: FleetCommand<Value>

  /// Also for the forecast of a dry run.
  init(
    _ report: FleetReport<Value>, _ command: FleetCommand<Value>, outputFailure: OutputClosed? = nil,
    isAnnotated: Bool = false
  ) {
    self.isAnnotated = isAnnotated
    self.report = report
    self.command = command
    self.outputFailure = outputFailure
    var counts = Dictionary(uniqueKeysWithValues: command.statuses.map { ($0, 0) })
    for case let outcome in report.tenants where outcome.isDone {
      counts[command.status(outcome.value), default: 0] += 1
    }
    self.counts = FleetCounts(
      total: report.tenants.count, failed: report.failures.count,
      unfinished: report.tenants.count(where: \.isUnfinished),
      notRun: report.tenants.count { !$0.isDone && !$0.isUnfinished && $0.failure == nil },
      duration: report.duration,
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

  /// The failures grouped by their cause, and what they stopped.
  func causes(_ style: Style) -> [String] {
    let failures = report.failures.compactMap { TenantFailure($0) }
    return (isAnnotated ? [] : failureCauses(failures, style)) + canaries + unfinished
  }

  private var unfinished: [String] {
    let names = report.tenants.filter(\.isUnfinished).map(\.label.onOneLine)
    return names.isEmpty ? [] : ["not finished, a part of it is done: \(named(names, upTo: 50))"]
  }

  private var canaries: [String] {
    let failed = report.failedCanaries.map(\.label.onOneLine)
    if failed.isEmpty { return [] }
    let which = failed.count == 1 ? "the canary \(failed[0])" : "\(failed.count) canaries (\(named(failed)))"
    return ["\(which) failed, so no other tenant was started"]
  }

  /// The result as a command returns it.
  func result(
    _ document: any Encodable & Sendable, _ session: Session, text: @escaping @Sendable (Style) -> [String]
  ) -> CommandResult {
    var result = CommandResult(document, text: text)
    if command.streamsRows { result.streamed = [.ndjson] }
    result.failures = causes(session.errorStyle)
    if report.tenants.isEmpty { result.notes = [Words.nobodySelected] }
    result.status = report.wasInterrupted ? .interrupted : report.failures.isEmpty ? .done : .partial
    if let outputFailure, !outputFailure.isPipe { result.add(outputFailure, session.errorStyle) }
    if let reportFailure { result.add(reportFailure, session.errorStyle, "the report was not written") }
    return result
  }
}

extension Duration {
  var inMilliseconds: Int { Int((self / .milliseconds(1)).rounded()) }
}
