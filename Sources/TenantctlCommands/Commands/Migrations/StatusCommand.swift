internal import Arguments
internal import Tenancy

enum StatusCommand {
  static let command = Command<Action>(
    "status", summary: "Tell who is where: how many tenants have which version, and who is behind.",
    discussion: """
      One query tells it for the whole fleet: each ledger's comment repeats its head. With --verify the ledgers \
      themselves are read.
      """,
    parameters: Selection.parameters + [check, pending, verify, Shared.migrations],
    examples: [
      Example("tenantctl status --all", "Where is the fleet?"),
      Example("tenantctl status --all --check", "End with status 6 if a tenant is behind."),
      Example("tenantctl status --all --pending --quiet", "Print the names of those that are."),
    ],
    section: Section.migrations
  ) { input, session in
    let selection = try Selection.read(input, session)
    let found = try await session.database().survey(
      selection, try session.migrations(), verify: input[verify])
    let isShown = { (survey: Survey) in !input[pending] || survey.isBehind }
    let (shared, tenants) = (found.shared.flatMap { isShown($0) ? $0 : nil }, found.tenants.filter(isShown))
    let all = [shared].compactMap { $0 } + tenants
    let behind = all.filter(\.isBehind)
    let bars = session.terminal.stdoutIsTerminal ? max(0, min(40, session.terminal.width - 50)) : 0
    var result = CommandResult(Document(shared: shared.map(Entry.init), tenants: tenants.map(Entry.init))) {
      histogram(tenants, $0, bars: bars) + all.flatMap { remarks($0) }
    }
    result.elements = { tenants.map(Entry.init) }
    result.names = behind.map(\.label)
    // What migrate would refuse comes before what it would do.
    if input[check] {
      result.status = all.contains { !$0.changed.isEmpty } ? .refused : behind.isEmpty ? .done : .pending
    }
    return result
  }

  /// How many tenants have which version, the newest first.
  /// - Parameter width: of the longest bar, in characters; 0 for none.
  private static func histogram(_ tenants: [Survey], _ style: Style, bars width: Int) -> [String] {
    let groups = Dictionary(grouping: tenants) { $0.problem == nil ? $0.head?.rawValue ?? "none" : "unknown" }
    let longest = groups.values.map(\.count).max() ?? 0
    let rows = groups.sorted { ($0.value.first?.head, $0.key) > ($1.value.first?.head, $1.key) }.map {
      head, members in
      let length = (members.count * width + longest - 1) / max(longest, 1)
      let bar = width > 0 ? [Table.Cell(String(repeating: "#", count: length))] : []
      return [Table.Cell(head), .count(members.count), state(members)] + bar
    }
    if rows.isEmpty { return ["no tenants"] }
    let columns = ["VERSION", "TENANTS", "STATE"] + (width > 0 ? [""] : [])
    return Table(columns: columns, rows: rows, numeric: ["TENANTS"]).lines(style)
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
    say("the comment on its ledger is not true; it says", survey.wrongHead.map { [$0.sentence] } ?? [])
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
    @OrNull var wrongHead: LedgerHead?
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
      wrongHead = survey.wrongHead
      error = survey.problem.map { ErrorReport($0).document }
    }
  }

  private static let check = Flag(
    "check", summary: "End with status 6 if a tenant is behind, 4 if an applied file was edited.")
  private static let pending = Flag("pending", summary: "Only those that are behind.")
  private static let verify = Flag(
    "verify", summary: "Read every ledger, and tell where the comment on it is not true.")
}

extension LedgerHead {
  var sentence: String { "\(counted(count, "migration")) to \(version?.rawValue ?? "none")" }
}

private func > (left: (MigrationVersion?, String), right: (MigrationVersion?, String)) -> Bool {
  switch (left.0, right.0) {
  case (let left?, let right?): left > right
  case (nil, nil): left.1 > right.1
  case (let version, nil): version != nil
  case (nil, _): false
  }
}
