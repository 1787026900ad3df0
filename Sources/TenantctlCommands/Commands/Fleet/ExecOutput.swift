internal import Synchronization
internal import Tenancy

/// Puts the results of tenants together: printed as they come where the format allows it, otherwise kept, and no more of
/// them than is printed in the end.
final class ExecOutput: Sendable {
  private struct State {
    var columns: [ResultColumn] = []
    var cells: [TenantName: [[Table.Cell]]] = [:]
    var json: [TenantName: [JSON]] = [:]
  }

  private let session: Session
  private let progress: FleetProgress
  private let state = Mutex(State())

  init(_ session: Session, _ progress: FleetProgress) {
    self.session = session
    self.progress = progress
  }

  /// Whether standard output takes nothing any more.
  var isClosed: Bool { progress.outputFailure != nil }

  func receive(_ tenant: Tenant, _ table: ResultTable) {
    state.withLock { state in
      let isFirst = state.columns.isEmpty
      state.columns = table.columns
      switch session.format {
      case .text: state.cells[tenant.name] = Table.rows(of: tenant, table)
      case .json: state.json[tenant.name] = JSON.rows(of: tenant, table).map { .literal(JSON.text($0)) }
      case .csv: write((isFirst ? [csvHeading(table)] : []) + csv(tenant, table))
      case .ndjson: write(JSON.rows(of: tenant, table).map { JSON.text($0) })
      }
    }
  }

  private func write(_ lines: [String]) {
    if !lines.isEmpty { progress.print(lines.joined(separator: "\n") + "\n") }
  }

  /// What there is to say in the end. Throws if standard output did not take all.
  func result(_ report: FleetReport<ExecResult>) throws -> CommandResult {
    if let failure = progress.outputFailure { throw failure }
    let state = state.withLock { $0 }
    let names = report.tenants.map(\.tenant.name)
    let summary = Summary(report)
    let failures = report.failures.map { FleetFailure($0.tenant, $0.failure) }
    let document = Document(
      rows: names.flatMap { state.json[$0] ?? [] }, failures: failures, summary: summary)
    var result = CommandResult(document) { style in
      state.columns.isEmpty ? [] : Table(state.columns, names.flatMap { state.cells[$0] ?? [] }).lines(style)
    }
    // The table is data, which stays when the user wants quiet.
    if session.format == .text && session.isQuiet { result.names = result.text(session.style) }
    result.streamed = [.csv, .ndjson]
    result.notes = report.causes(session.errorStyle) + [summary.sentence(report.duration)]
    result.status = report.status
    return result
  }
}

extension ExecOutput {
  private func csvHeading(_ table: ResultTable) -> String {
    (["tenant"] + table.columns.map(\.name)).map(Table.quoted).joined(separator: ",")
  }

  /// NULL is nothing, an empty text two quotes: PostgreSQL's own COPY tells them apart this way.
  private func csv(_ tenant: Tenant, _ table: ResultTable) -> [String] {
    (0..<table.count).map { row in
      ([tenant.name.rawValue] + table[row]).map { value in
        value.map { $0.isEmpty ? "\"\"" : Table.quoted($0) } ?? ""
      }.joined(separator: ",")
    }
  }

  private struct Document: Encodable, Sendable {
    let rows: [JSON]
    let failures: [FleetFailure]
    let summary: Summary
  }

  private struct Summary: Encodable, Sendable {
    let total, done, failed, notRun, rows: Int
    let durationMs: Int

    init(_ report: FleetReport<ExecResult>) {
      let results = report.tenants.compactMap(\.value)
      total = report.tenants.count
      done = results.count
      failed = report.failures.count
      notRun = total - done - failed
      rows = results.reduce(0) { $0 + $1.rows }
      durationMs = report.duration.inMilliseconds
    }

    func sentence(_ duration: Duration) -> String {
      var parts = ["\(counted(rows, "row")) from \(counted(done, "tenant"))"]
      if failed > 0 { parts.append("\(failed) failed") }
      if notRun > 0 { parts.append("\(notRun) not run") }
      return "\(parts.joined(separator: ", ")) in \(durationText(duration))"
    }
  }
}

extension Table {
  fileprivate init(_ columns: [ResultColumn], _ rows: [[Cell]]) {
    // The name `tenant` is taken; two columns of one name stand side by side.
    self.columns = ["TENANT"] + columns.map(\.name)
    self.rows = rows
    numeric = columns.filter { $0.kind == .number }.map(\.name)
  }

  fileprivate static func rows(of tenant: Tenant, _ table: ResultTable) -> [[Cell]] {
    (0..<table.count).map { row in
      [Cell(tenant.name.rawValue)] + table[row].map { .optional($0) }
    }
  }
}
