internal import Tenancy

/// The result of `status`: how many tenants have which version, then the tenants that need attention.
struct StatusSummary {
  /// All that was asked for; ``shown`` is what is listed of it.
  private let found: FleetSurvey
  private let shown: FleetSurvey
  private let isOnlyBehind: Bool
  /// Whether there is a file that a tenant could lack.
  private let hasFiles: Bool
  /// The length of the longest bar, in characters; 0 for no bars.
  private let barWidth: Int

  init(
    _ found: FleetSurvey, _ files: MigrationSet, onlyBehind: Bool, _ session: Session
  ) {
    hasFiles = !files.tenant.isEmpty
    self.found = found
    shown = onlyBehind ? found.filter(\.isBehind) : found
    isOnlyBehind = onlyBehind
    barWidth = session.terminal.stdoutIsTerminal ? max(0, min(40, session.terminal.width - 50)) : 0
  }

  private var tenants: [Survey] { shown.tenants }
  private var all: [Survey] { shown.all }
  /// The schemas that lack a migration or cannot be read.
  var behind: [Survey] { all.filter(\.isBehind) }
  /// Whether one of them has a migration whose file was edited after it was applied.
  var hasChanged: Bool { found.all.contains { !$0.changed.isEmpty } }

  /// Whether the ledger of one of them cannot be read.
  var hasProblems: Bool { found.all.contains { $0.problem != nil } }

  /// Versions that no file has.
  var unknown: [UnknownVersion] { UnknownVersion.gather(found.all) }

  var result: CommandResult {
    var result = CommandResult(
      Document(shared: shown.shared.map(Entry.init), tenants: tenants.map(Entry.init))
    ) {
      histogram($0) + remarks
    }
    result.elements = { tenants.map(Entry.init) }
    result.names = behind.compactMap { $0.tenant?.name.description }
    return result
  }

  /// How many tenants have which version, the newest first.
  private func histogram(_ style: Style) -> [String] {
    let groups = Dictionary(grouping: tenants) {
      $0.problem == nil ? $0.finishedHead?.rawValue ?? "none" : "unknown"
    }
    let longest = groups.values.map(\.count).max() ?? 0
    let rows = groups.sorted {
      ($0.value.first?.finishedHead, $0.key) > ($1.value.first?.finishedHead, $1.key)
    }.map {
      head, members in
      let length = (members.count * barWidth + longest - 1) / max(longest, 1)
      let bar = barWidth > 0 ? [Table.Cell(String(repeating: "#", count: length))] : []
      return [Table.Cell(head), .count(members.count), state(members)] + bar
    }
    if rows.isEmpty { return ["no tenants"] }
    let columns = ["VERSION", "TENANTS", "STATE"] + (barWidth > 0 ? [""] : [])
    return Table(columns: columns, rows: rows, numeric: ["TENANTS"]).lines(style)
  }

  private func state(_ members: [Survey]) -> Table.Cell {
    if members.contains(where: { $0.problem != nil }) { return Table.Cell("not readable", .bad) }
    let pending = Set(members.map(\.pending.count)).sorted()
    guard let most = pending.last, most > 0 else {
      let odd = members.count { !$0.unknown.isEmpty }
      if odd > 0 {
        let which = odd < members.count ? "\(odd) of them with " : ""
        return Table.Cell("\(which)versions without a file", .bad)
      }
      return hasFiles ? Table.Cell("up to date", .good) : Table.Cell("no migration files", .bad)
    }
    if let least = pending.first, least > 0 {
      return Table.Cell(least == most ? "\(most) pending" : "\(least) to \(most) pending", .bad)
    }
    // Below the head, a migration can be out of order or unfinished.
    return Table.Cell("\(members.count(where: \.isBehind)) of them behind", .bad)
  }

  /// After a new migration the whole fleet is behind, and a long list of names would hide the few tenants that need
  /// attention: these come first.
  private var remarks: [String] {
    let told = all.map { (survey: $0, lines: $0.remarks) }.filter { !$0.lines.isEmpty }
    if isOnlyBehind { return told.flatMap(\.lines) }
    let odd =
      told.filter { $0.survey.problem != nil } + told.filter { $0.survey.problem == nil && $0.survey.isOdd }
    return unknown.sentences + firstFew(odd, "more; --format json has them all") { $0.lines }
      + firstFew(told.filter { !$0.survey.isOdd }, "more behind; --pending lists them all") { $0.lines }
  }
}

extension Survey {
  /// Whether it has more than pending migrations.
  fileprivate var isOdd: Bool {
    problem != nil || wrongHead != nil
      || !(outOfOrder.isEmpty && changed.isEmpty && begun.isEmpty)
  }

  /// Its messages, in lines.
  fileprivate var remarks: [String] {
    var lines: [String] = []
    func add(_ what: String, _ versions: [String]) {
      if !versions.isEmpty { lines.append("\(label.onOneLine): \(what) \(versions.joined(separator: ", "))") }
    }
    if let problem { return ["\(label.onOneLine): \(ErrorReport(inFleet: problem).message)"] }
    add("pending", pending.map(\.version.rawValue))
    add("pending and older than its head:", outOfOrder.map(\.version.rawValue))
    add("edited after they were applied:", changed.map(\.version.rawValue))
    add("started but not finished:", begun.keys.sorted().map(\.rawValue))
    add("the comment on its ledger is stale; it says", wrongHead.map { [$0.sentence] } ?? [])
    return lines
  }
}

extension StatusSummary {
  private struct Document: Encodable {
    let shared: Entry?
    let tenants: [Entry]
  }

  private struct Entry: Encodable {
    let name: String
    let schema: SchemaName
    let head: MigrationVersion?
    /// `nil` where the ledger cannot be read: then it is not known, and so are those below.
    let applied: Int?
    let pending, outOfOrder, changed, unfinished: [MigrationVersion]?
    let unknown: [String]?
    let wrongHead: LedgerHead?
    let error: ErrorReport.Document?

    init(_ survey: Survey) {
      name = survey.label
      schema = survey.schema
      let known = survey.problem == nil ? survey : nil
      head = known?.finishedHead
      applied = known?.finishedCount
      pending = known?.pending.map(\.version)
      outOfOrder = known?.outOfOrder.map(\.version)
      changed = known?.changed.map(\.version)
      unfinished = known?.begun.keys.sorted()
      unknown = known?.unknown
      wrongHead = survey.wrongHead
      error = survey.problem.map { ErrorReport($0).document(of: survey.tenant?.name) }
    }
  }
}

extension LedgerHead {
  var sentence: String { "\(counted(count, "migration"))\(version.map { " to \($0)" } ?? "")" }
}

private func > (left: (MigrationVersion?, String), right: (MigrationVersion?, String)) -> Bool {
  switch (left.0, right.0) {
  case (let left?, let right?): left > right
  case (nil, nil): left.1 > right.1
  case (let version, nil): version != nil
  case (nil, _): false
  }
}
