internal import Arguments
internal import Tenancy

enum StatusCommand {
  static let command = Command<Action>(
    "status", summary: "Tell who is where: how many tenants have which version, and who is behind.",
    parameters: Selection.parameters + [check, Shared.migrations],
    examples: [
      Example("tenantctl status --all", "Where is the fleet?"),
      Example("tenantctl status --all --check", "End with status 6 if a tenant is behind."),
    ],
    section: Section.migrations
  ) { input, session in
    let selection = try Selection.read(input, session)
    let (shared, tenants) = try await session.database().survey(selection, try session.migrations())
    let all = [shared].compactMap { $0 } + tenants
    let behind = all.filter { !$0.pending.isEmpty || $0.problem != nil }
    var result = CommandResult(Document(shared: shared.map(Entry.init), tenants: tenants.map(Entry.init))) {
      histogram(tenants, $0) + all.flatMap { remarks($0) }
    }
    result.elements = { tenants.map(Entry.init) }
    result.names = behind.map(\.label)
    result.status = input[check] && !behind.isEmpty ? .pending : .done
    return result
  }

  /// How many tenants have which version, the newest first.
  private static func histogram(_ tenants: [Survey], _ style: Style) -> [String] {
    let groups = Dictionary(grouping: tenants) { $0.problem == nil ? $0.head?.rawValue ?? "none" : "unknown" }
    let rows = groups.sorted { ($0.value.first?.head, $0.key) > ($1.value.first?.head, $1.key) }.map {
      head, members in
      [Table.Cell(head), .count(members.count), state(members)]
    }
    return rows.isEmpty
      ? ["no tenants"]
      : Table(columns: ["VERSION", "TENANTS", "STATE"], rows: rows, numeric: ["TENANTS"]).lines(style)
  }

  private static func state(_ members: [Survey]) -> Table.Cell {
    if members.contains(where: { $0.problem != nil }) { return Table.Cell("not readable", .bad) }
    let pending = members.map(\.pending.count).max() ?? 0
    return pending == 0 ? Table.Cell("up to date", .good) : Table.Cell("\(pending) pending", .bad)
  }

  private static func remarks(_ survey: Survey) -> [String] {
    var lines: [String] = []
    func say(_ what: String, _ versions: [String]) {
      if !versions.isEmpty { lines.append("\(survey.label): \(what) \(versions.joined(separator: ", "))") }
    }
    if let problem = survey.problem { return ["\(survey.label): \(ErrorReport(problem).message)"] }
    say("pending", survey.pending.map(\.version.rawValue))
    say("older than its head, and not applied:", survey.outOfOrder.map(\.version.rawValue))
    say("edited since they were applied:", survey.changed.map(\.version.rawValue))
    say("applied, but there is no such file:", survey.unknown)
    say("begun and not finished:", survey.begun.keys.sorted().map(\.rawValue))
    return lines
  }

  private struct Document: Encodable {
    @OrNull var shared: Entry?
    let tenants: [Entry]
  }

  private struct Entry: Encodable {
    let name: String
    let schema: SchemaName
    @OrNull var head: MigrationVersion?
    let applied: Int
    let pending, outOfOrder, changed, begun: [MigrationVersion]
    let unknown: [String]
    @OrNull var error: ErrorReport.Document?

    init(_ survey: Survey) {
      name = survey.label
      schema = survey.schema
      head = survey.head
      applied = survey.applied.count
      pending = survey.pending.map(\.version)
      outOfOrder = survey.outOfOrder.map(\.version)
      changed = survey.changed.map(\.version)
      begun = survey.begun.keys.sorted()
      unknown = survey.unknown
      error = survey.problem.map { ErrorReport($0).document }
    }
  }

  private static let check = Flag("check", summary: "End with status 6 if a tenant is behind.")
}

private func > (left: (MigrationVersion?, String), right: (MigrationVersion?, String)) -> Bool {
  switch (left.0, right.0) {
  case (let left?, let right?): left > right
  case (nil, nil): left.1 > right.1
  case (let version, nil): version != nil
  case (nil, _): false
  }
}
