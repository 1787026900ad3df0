internal import Arguments
internal import Tenancy

enum MigrationBaselineCommand {
  static let command = Command<Action>(
    "baseline", summary: "Record migrations as applied without running them.",
    discussion: """
      Every migration up to VERSION counts as applied from now on, also in ledgers that are there, and one that stopped \
      half-way counts as finished: for changes that were made by hand. The tables themselves are not looked at; to \
      take over tenants that an app made, 'tenantctl adopt' is the careful way. A tenant that has a newer migration is \
      refused, and then nothing is changed.

      The status is 5 if a tenant failed; the others are done.
      """,
    parameters: [version] + Selection.parameters + [Shared.migrations, RunOptions.retries] + RunOptions.common
      + [Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl migration baseline 20261123101500 --all", "All tenants have it all, up to there."),
      Example("tenantctl migration baseline 20261123101500 acme --dry-run", "Show the SQL for one."),
    ]
  ) { input, session in
    let selection = try Selection.read(input, session)
    let database = try session.database(connections: RunOptions.connections(input))
    let plan = try await database.planBaseline(at: input[version], selection, try session.migrations())
    return try await AdoptCommand.run(plan, .baseline(input[version]), database, input, session)
  }

  private static let version = Argument(
    "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The last version to record.")
}
