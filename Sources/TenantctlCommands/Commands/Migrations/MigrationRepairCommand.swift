internal import Arguments
internal import Tenancy

enum MigrationRepairCommand {
  static let command = Command<Action>(
    "repair", summary: "Accept a migration file that was edited after it was applied.",
    discussion: """
      Only the ledgers change: they record the checksum of the file as it is now. Nothing of the file runs, so the edit \
      must have no effect, such as one of a comment. Without a selection: every tenant, and the shared schema.
      """,
    parameters: [version] + Selection.parameters + [Shared.migrations, Shared.dryRun],
    examples: [
      Example("tenantctl migration repair 20261123101500", "Accept it for all tenants."),
      Example("tenantctl migration repair 20261123101500 acme --dry-run", "Show the SQL for one tenant."),
    ]
  ) { input, session in
    let selection = try Selection.read(input, session, whenNone: FleetSelection(names: nil))
    let change = try await session.database().planRepair(
      input[version], selection, try session.migrations())
    return try await session.make(change, dryRun: input[Shared.dryRun]) { repaired in
      let count = repaired.tenants.count
      return CommandResult(
        repaired, names: repaired.tenants,
        count == 0
          ? "nothing to repair: no ledger has another checksum for \(repaired.version)"
          : "accepted \(repaired.path) in \(counted(count, "ledger"))")
    }
  }

  private static let version = Argument(
    "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The version of the file.")
}
