internal import Arguments
internal import Tenancy

enum MigrationRepairCommand {
  static let command = Command<Action>(
    "repair", summary: "Accept a migration file that was edited after it was applied.",
    discussion: """
      Only the ledgers change: they record the checksum of the file as it is now. Nothing of the file runs, so the edit \
      must have no effect, such as one of a comment. Without a selection: every tenant, and the shared schema.

      The status is 5 if a ledger could not be read; the others are done.
      """,
    parameters: [version] + Selection.parameters + [Shared.migrations, Shared.dryRun],
    examples: [
      Example("tenantctl migration repair 20261123101500", "Accept it for all tenants."),
      Example("tenantctl migration repair 20261123101500 acme --dry-run", "Show the SQL for one tenant."),
    ]
  ) { input, session in
    let selection = try await Selection.read(input, session, whenNone: FleetSelection(names: nil))
    let change = try await session.database().planRepair(
      input[version], selection, try session.migrations())
    let problems = change.result.problems.map { TenantFailure($0.name, nil, $0.error) }
    if input[Shared.dryRun] { return .dryRun(change.script, failing: problems, session.errorStyle) }
    return try await session.make(change, dryRun: false) { repaired in
      let count = repaired.file.tenants.count
      let document = Document(
        version: repaired.file.version, path: repaired.file.path, tenants: repaired.file.tenants,
        failures: FleetFailure.all(problems))
      var result = CommandResult(
        document, names: repaired.file.tenants,
        count == 0
          ? "nothing to repair: no \(problems.isEmpty ? "" : "other ")ledger has another checksum for \(repaired.file.version)"
          : "accepted \(repaired.paths.joined(separator: " and ")) in \(counted(count, "ledger"))")
      result.failures = failureCauses(problems, session.errorStyle)
      if !problems.isEmpty { result.status = .partial }
      return result
    }
  }

  private struct Document: Encodable {
    let version: MigrationVersion
    let path: String
    let tenants: [String]
    let failures: [FleetFailure]
  }

  private static let version = Argument(
    "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The version of the file.")
}
