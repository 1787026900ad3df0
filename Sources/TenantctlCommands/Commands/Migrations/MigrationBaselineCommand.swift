internal import Arguments
internal import Tenancy

enum MigrationBaselineCommand {
  static let command = Command<Action>(
    "baseline", summary: "Record migrations as applied without running them.",
    discussion: """
      Records every migration up to VERSION as applied, also in existing ledgers, and an unfinished one as finished: for \
      changes that were made by hand. The tables are not inspected; use 'tenantctl adopt' for tenants that an app created. \
      If a tenant has a newer migration, nothing is changed. With --shared the migrations of the shared schema are recorded.

      The exit status is 5 if a tenant failed; the others are done.
      """,
    parameters: [version] + Selection.parameters + [shared, Shared.migrations, RunOptions.retries]
      + RunOptions.common
      + [Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example(
        "tenantctl migration baseline 20261123101500 --all",
        "Record all migrations up to this one everywhere."),
      Example("tenantctl migration baseline 20261123101500 acme --dry-run", "Show the SQL for one tenant."),
    ]
  ) { input, session in
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    if input[shared], Selection.isGiven(input) {
      throw input.refusal(
        "--shared and a selection of tenants cannot be used together",
        hint: "omit the selection: the shared schema has one ledger")
    }
    if input[shared] { return try await recordShared(input, session) }
    let selection = try await Selection.read(input, session)
    let database = try session.database(connections: RunOptions.connections(input))
    let plan = try await database.planBaseline(at: input[version], selection, try session.migrations())
    return try await AdoptCommand.run(plan, .baseline(input[version]), database, input, session)
  }

  private static func recordShared(_ input: Input, _ session: Session) async throws -> CommandResult {
    let plan = try await session.database().planSharedBaseline(at: input[version], try session.migrations())
    return try await session.make(plan, dryRun: input[Shared.dryRun]) { done in
      let versions = done.recorded.joined(separator: ", ")
      return CommandResult(
        SharedDocument(recorded: done.recorded, head: done.head), names: done.recorded,
        versions.isEmpty ? "the shared schema already has it" : "recorded \(versions) in the shared schema")
    }
  }

  private struct SharedDocument: Encodable, Sendable {
    let recorded: [String]
    let head: MigrationVersion?
  }

  private static let shared = Flag(
    "shared", summary: "Record the migrations of the shared schema instead of the tenants'.")
  private static let version = Argument(
    "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The last version to record.")
}
