internal import Arguments
internal import Tenancy

enum RollbackCommand {
  static let command = Command<Action>(
    "rollback", summary: "Undo the last migrations of tenants with their down sections.",
    discussion: """
      Undoes the newest migration first, each in one transaction that also removes it from the tenant's ledger. If one of \
      the migrations has no down section, nothing runs. The shared schema is not changed. A rollback outside of a transaction \
      that was interrupted is finished first.

      If the last migrations of the tenants are not the same, a number of steps is refused: --to VERSION says which \
      version all of them are to have. After a failure, the same command with --to does only what is left.

      The exit status is 5 if a tenant failed, 4 if a migration cannot be undone.
      """,
    parameters: Selection.parameters + [steps, target] + RunOptions.parameters
      + [Shared.migrations, Shared.yes, Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl rollback acme --yes", "Undo the last migration of acme."),
      Example(
        "tenantctl rollback --all --to 20261123101500 --yes", "Undo everything newer, in every tenant."),
    ],
    section: Section.migrations
  ) { input, session in
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    let selection = try await Selection.read(input, session)
    if input[target] != nil && input[steps] != nil {
      throw input.refusal("--steps and --to cannot be used together")
    }
    let extent = input[target].map { RollbackExtent.to($0) } ?? .steps(input[steps]?.value ?? 1)
    let database = try session.database(connections: RunOptions.connectionsWithFlush(input))
    let plan = try await database.planRollback(
      selection, try session.migrations(), extent, statementTimeout: input[RunOptions.statementTimeout])
    if !input[Shared.dryRun] && !plan.isEmpty {
      let undone = plan.tenants.filter { !plan.pending($0).isEmpty }
      try await session.confirm(
        "rollback",
        ["This undoes migrations of \(counted(undone.count, "tenant")). Data may be lost."], in: database,
        showing: list(undone, plan), unless: input[Shared.yes])
    }
    return try await MigrateCommand.run(plan, database, input, session)
  }

  /// Each migration once, the newest first.
  private static func list(_ undone: [Survey], _ plan: MigrationPlan) -> [String] {
    let owners = undone.flatMap { survey in
      plan.pending(survey).map { (file: $0, owner: survey.label.onOneLine) }
    }
    let files = Dictionary(grouping: owners, by: \.file.version).sorted { $0.key > $1.key }
    return firstFew(files, "more migrations") { version, owners in
      let whom = owners.count == 1 ? owners[0].owner : counted(owners.count, "tenant")
      return ["\(version) \(owners[0].file.name), of \(whom)"]
    }
  }

  private static let steps = Option(
    "steps", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "Undo the last N migrations of each tenant. Default: 1.")
  private static let target = Option(
    "to", placeholder: "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "Undo the migrations that are newer than this version; 0 undoes all.")
}
