internal import Arguments
internal import Tenancy

enum AdoptCommand {
  static let command = Command<Action>(
    "adopt", summary: "Create the ledgers of tenants that an app or another tool created.",
    discussion: """
      Such a tenant has tables but no ledger, so migrate would create its tables again. --version records every migration \
      up to that one as applied; nothing is run. --like records what the ledger of the named tenant says in each tenant \
      with equal tables, and reports how the others differ. Tables, columns, constraints, indexes, views, sequences, types, \
      routines, triggers and policies are compared; data, owners, privileges and the order of columns are not.

      A tenant that already has a ledger is not changed. A table of dbmate's is used as the ledger, and the columns that \
      it lacks are added, after they are shown. A tenant is refused if its schema has no tables, or if another tool's table \
      has the ledger's name. The tables of Alembic, Django, Flyway and other tools are reported, and left unchanged.

      If no migration exists yet, 'tenantctl migration new initial --from TENANT' makes the first one of a tenant's tables; \
      create a tenant from it with 'tenantctl create', and compare with that one.

      'tenantctl migration baseline' also records migrations as applied, but it does not inspect the tables, and it \
      changes existing ledgers.

      Each tenant is one transaction; a tenant that has to wait for a lock is tried again. The exit status is 5 if a tenant \
      was refused or failed, also with --dry-run; the others are done.
      """,
    parameters: Selection.parameters + [version, like, Shared.migrations, RunOptions.retries]
      + RunOptions.common
      + [Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl adopt acme --version 20261123101500", "Record that acme has this version."),
      Example("tenantctl adopt --all --like acme", "Record the same for all tenants with equal tables."),
      Example(
        "tenantctl adopt --all --like acme --dry-run", "Report which tenants differ, and show the SQL."),
    ],
    section: Section.tenants
  ) { input, session in
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    let selection = try await Selection.read(input, session)
    let basis = try basis(input)
    let database = try session.database(connections: RunOptions.connections(input))
    let files = try session.migrationsIfAny(remarks: input[like] == nil)
    let plan = try await database.planAdoption(basis, selection, files)
    return try await run(plan, .adopt, database, input, session)
  }

  /// Both ways to record migrations that are not run.
  static func run(
    _ plan: BaselinePlan, _ verb: BaselineSummary.Verb, _ database: TenantDatabase, _ input: Input,
    _ session: Session
  ) async throws -> CommandResult {
    let summary = BaselineSummary(verb)
    if input[Shared.dryRun] {
      return summary.dryRun(plan.script, FleetEnd(plan.forecast, summary.command), session.errorStyle)
    }
    let forecast = plan.forecast.tenants
    let incomplete = forecast.filter { $0.value?.completion != nil }
    if let sql = incomplete.first?.value?.completion {
      session.remark("adding the columns that the ledger of \(named(incomplete.map(\.label))) lacks: \(sql)")
    }
    let end = try await summary.command.run(forecast.count, of: database, input, session) {
      run, _ in
      var run = run
      run.retries = input[RunOptions.retries]
      return await database.run(plan, run)
    }
    return summary.result(end, session)
  }

  private static func basis(_ input: Input) throws -> AdoptionBasis {
    switch (input[version], input[like]) {
    case (let version?, nil): return .version(version)
    case (nil, let model?): return .like(model)
    case (nil, nil):
      throw input.refusal(
        "--version or --like is required",
        hint:
          "use --version VERSION, the last migration that the tenants have, or --like NAME, an equal tenant")
    case (_?, _?): throw input.refusal("--version and --like cannot be used together")
    }
  }

  private static let version = Option(
    "version", placeholder: "VERSION", completion: .dynamic("version"),
    parse: MigrationVersion.init(parsing:),
    summary: "The last migration that the tenants have.")
  private static let like = Option(
    "like", placeholder: "NAME", completion: .dynamic("tenant"), parse: TenantName.init(word:),
    summary: "The tenant to compare with: tenants with equal tables get a copy of its ledger.")
}
