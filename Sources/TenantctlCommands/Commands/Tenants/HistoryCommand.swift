internal import Arguments
internal import Tenancy

enum HistoryCommand {
  static let command = Command<Action>(
    "history", summary: "List the migrations that a tenant's ledger records.",
    discussion: """
      Lists the rows of the ledger by version: when and by whom each migration was applied, how long it took, and by which \
      version of tenantctl. A ledger that dbmate made has only the versions until 'tenantctl adopt' adds the columns.

      A ledger that is not trusted is not read: see 'tenantctl doctor'.
      """,
    parameters: [Shared.tenant],
    formats: OutputFormat.list,
    examples: [
      Example("tenantctl history acme", "List the migrations of acme."),
      Example("tenantctl history acme --format csv > acme.csv", "Write them to a file."),
    ],
    section: Section.migrations
  ) { input, session in
    let entries = try await session.database().history(of: input[Shared.tenant])
    return CommandResult(
      list: entries, names: entries.map(\.version), table: table(entries, isText: session.format == .text),
      whenEmpty: "no migrations recorded")
  }

  /// In CSV times and durations are as in JSON, and the columns are always the same; in text the statements are only shown where
  /// some are missing.
  private static func table(_ entries: [LedgerEntry], isText: Bool) -> Table {
    let showsStatements = !isText || entries.contains(where: \.isUnfinished)
    let headings =
      isText
      ? ["VERSION", "NAME", "APPLIED AT", "BY", "DURATION", "TOOL"]
      : ["VERSION", "NAME", "APPLIED AT", "APPLIED BY", "DURATION MS", "TOOL VERSION"]
    return Table(
      columns: headings + (showsStatements ? ["STATEMENTS"] : []),
      rows: entries.map { entry in
        [
          Table.Cell(entry.version), .optional(entry.name),
          .optional(isText ? entry.appliedAt.map { timeText($0) } : entry.appliedAt),
          .optional(entry.appliedBy),
          .optional(entry.durationMs.map { isText ? durationText(.milliseconds($0)) : "\($0)" }),
          .optional(entry.toolVersion),
        ] + (showsStatements ? [statements(entry)] : [])
      }, numeric: ["DURATION", "DURATION MS"])
  }

  private static func statements(_ entry: LedgerEntry) -> Table.Cell {
    guard entry.isUnfinished, let done = entry.statementsDone, let total = entry.statementsTotal else {
      return .optional(entry.statementsTotal.map { "\($0)" })
    }
    return Table.Cell(done < 0 ? "partly undone" : "\(done) of \(total)", .bad)
  }
}
