internal import Arguments
internal import Tenancy

enum MigrationBaselineCommand {
  static let command = Command<Action>(
    "baseline", summary: "Record migrations as applied without running them.",
    discussion: """
      For tenants whose tables an app or another tool made: every migration up to VERSION is recorded in their ledgers, \
      which are created where there are none. The tables themselves are not looked at. A tenant that has a newer \
      migration is refused, and then nothing is changed.
      """,
    parameters: [version] + Selection.parameters + [Shared.migrations, Shared.dryRun],
    examples: [
      Example("tenantctl migration baseline 20261123101500 --all", "All tenants have it all, up to there."),
      Example("tenantctl migration baseline 20261123101500 acme --dry-run", "Show the SQL for one."),
    ]
  ) { input, session in
    let selection = try Selection.read(input, session)
    let version = input[version]
    let change = try await session.database().planBaseline(at: version, selection, try session.migrations())
    return try await session.make(change, dryRun: input[Shared.dryRun]) { tenants in
      let changed = tenants.filter { !$0.recorded.isEmpty }
      let rest = tenants.count - changed.count
      var result = CommandResult(
        tenants,
        "recorded \(version) as the version of \(counted(changed.count, "tenant")), \(rest) had it already")
      result.elements = { tenants }
      result.names = changed.map(\.name.rawValue)
      return result
    }
  }

  private static let version = Argument(
    "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The last version to record.")
}
