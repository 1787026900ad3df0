internal import Synchronization
internal import Tenancy

/// Collects the tenants' results: prints them as they arrive where the format allows it, otherwise keeps what is printed
/// at the end.
final class ExecOutput: Sendable {
  private struct State {
    var columns: [ResultColumn] = []
    var cells: [Tenant: [[Table.Cell]]] = [:]
    var json: [Tenant: [JSON]] = [:]
  }

  private let session: Session
  private let mayWrite: Bool
  private let state = Mutex(State())

  init(_ session: Session, mayWrite: Bool) {
    self.session = session
    self.mayWrite = mayWrite
  }

  var command: FleetCommand<ExecResult> {
    FleetCommand(
      name: "exec", statuses: ["done"], status: { _ in "done" },
      details: { ["rows": $0.value?.rows ?? 0, "changed": $0.value?.changed ?? 0] },
      streamsRows: false, onlyReads: !mayWrite)
  }

  func receive(_ tenant: Tenant, _ table: ResultTable, _ progress: FleetProgress) {
    state.withLock { state in
      let isFirst = state.columns.isEmpty
      state.columns = table.columns
      func write(_ lines: [String]) {
        if !lines.isEmpty { progress.print(lines.joined(separator: "\n") + "\n") }
      }
      switch session.format {
      case .text: state.cells[tenant] = Table.rows(of: tenant, table)
      case .json: state.json[tenant] = JSON.rows(of: tenant, table).map { .literal(JSON.text($0)) }
      case .csv: write((isFirst ? [csvHeading(table)] : []) + csv(tenant, table))
      case .ndjson: write(JSON.rows(of: tenant, table).map { JSON.text($0) })
      case .sarif, .github: break  // exec has no such format.
      }
    }
  }

  /// What there is to say in the end. Throws if standard output did not take all, and that ended the run.
  func result(_ end: FleetEnd<ExecResult>) throws -> CommandResult {
    if let failure = end.outputFailure, !mayWrite {
      throw OutputClosed(reason: failure.reason, endedRead: true)
    }
    let state = state.withLock { $0 }
    // Two rows of the registry may have one name.
    let tenants = end.report.tenants.compactMap(\.tenant)
    var counts = end.counts
    counts.others["rows"] = end.report.tenants.reduce(0) { $0 + ($1.value?.rows ?? 0) }
    counts.others["changed"] = end.report.tenants.reduce(0) { $0 + ($1.value?.changed ?? 0) }
    let document = Document(
      rows: tenants.flatMap { state.json[$0] ?? [] }, failures: end.failures, summary: counts)
    var result = end.result(document, session) { style in
      state.columns.isEmpty
        ? [] : Table(state.columns, tenants.flatMap { state.cells[$0] ?? [] }).lines(style)
    }
    // The table is data, which --quiet keeps.
    if session.format == .text && session.isQuiet { result.names = result.text(Style(isColored: false)) }
    result.streamed = [.csv, .ndjson]
    result.formatsWithFailures = [.json]
    let done = counted(counts["done"], "tenant")
    let changed = "\(counted(counts["changed"], "row")) changed in \(done)"
    let returned = "\(counted(counts["rows"], "row")) from \(done)"
    // A change that hits no row returns none either.
    let isChange = counts["changed"] > 0 || end.report.tenants.contains { $0.value?.isQuery == false }
    result.notes += [counts.sentence(isChange ? changed : returned)]
    if end.report.tenants.contains(where: { $0.value?.hasOtherRows == true }) {
      result.notes.append("note: only the result of the last statement is shown")
    }
    return result
  }
}

extension ExecOutput {
  private func csvHeading(_ table: ResultTable) -> String {
    (["tenant"] + table.columns.map(\.name)).map(Table.quoted).joined(separator: ",")
  }

  /// NULL is empty, an empty text is two quotes, as in PostgreSQL's COPY.
  private func csv(_ tenant: Tenant, _ table: ResultTable) -> [String] {
    (0..<table.count).map { row in
      ([tenant.name.rawValue] + table[row]).map { value in
        value.map { $0.isEmpty ? "\"\"" : Table.quoted($0) } ?? ""
      }.joined(separator: ",")
    }
  }

  private struct Document: Encodable, Sendable {
    let rows: [JSON]
    let failures: [FleetRow]
    let summary: FleetCounts
  }
}

extension Table {
  fileprivate init(_ columns: [ResultColumn], _ rows: [[Cell]]) {
    // A result may have a column `tenant` too, so columns are not keyed by name.
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
