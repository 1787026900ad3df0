internal import Arguments
internal import Tenancy

enum AdoptCommand {
  static let command = Command<Action>(
    "adopt", summary: "Take over tenants that an app or another tool made: give each a ledger.",
    discussion: """
      Such a tenant has tables and no ledger, so migrate would make its tables again. With --version every migration up \
      to that one is recorded as applied; nothing is run. With --like a tenant whose tables equal those of the named \
      tenant gets what that one's ledger says, and a tenant that differs is named, with the difference: tables, \
      columns, constraints, indexes, views, sequences, types, routines, triggers and policies are compared; data, \
      owners, privileges and the order of columns are not.

      What is there decides, tenant by tenant. A ledger that is there stays as it is; a table of dbmate's is the ledger, \
      and gets the columns that it lacks, after they were shown. A table of another tool's in the ledger's place is \
      refused, and so is a schema without tables. The records of Alembic, Django, Flyway and others are reported, and \
      stay as they are.

      Where there is no migration yet, the first one is the dump of a tenant's schema (pg_dump --schema-only) without the \
      schema's name; a tenant that 'tenantctl create' makes from it is the one to compare with.

      It is the careful one of two: 'tenantctl migration baseline' records without a look at the tables, and in ledgers \
      that are there, too.

      One transaction for each tenant; one that has to wait for a lock gets another turn. The status is 5 if a tenant \
      was refused or failed; the others are done. With --dry-run too.
      """,
    parameters: Selection.parameters + [version, like, Shared.migrations, RunOptions.retries]
      + RunOptions.common
      + [Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl adopt acme --version 20261123101500", "Acme's tables are those of this version."),
      Example("tenantctl adopt --all --like acme", "So are those of every tenant whose tables equal acme's."),
      Example(
        "tenantctl adopt --all --like acme --dry-run", "Only tell which tenants differ, and show the SQL."),
    ],
    section: Section.tenants
  ) { input, session in
    let selection = try Selection.read(input, session)
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
    let completions = plan.completions
    if let first = completions.first {
      session.remark(
        "columns that the ledger of \(named(completions.map(\.tenant))) lacks are added: \(first.sql)")
    }
    let end = try await summary.command.run(plan.forecast.tenants.count, of: database, input, session) {
      run, _ in
      var run = run
      run.retries = input[RunOptions.retries]
      return await database.record(plan, run)
    }
    return summary.result(end, session)
  }

  private static func basis(_ input: Input) throws -> AdoptionBasis {
    switch (input[version], input[like]) {
    case (let version?, nil): return .version(version)
    case (nil, let model?): return .like(model)
    case (nil, nil):
      throw input.refusal(
        "what the tenants have is not said",
        hint:
          "give --version VERSION, the last migration that they have, or --like NAME, a tenant that is alike")
    case (_?, _?): throw input.refusal("--version and --like exclude each other")
    }
  }

  private static let version = Option(
    "version", placeholder: "VERSION", completion: .dynamic("version"),
    parse: MigrationVersion.init(parsing:),
    summary: "The last migration that the tenants have.")
  private static let like = Option(
    "like", placeholder: "NAME", completion: .dynamic("tenant"), parse: TenantName.init(parsing:),
    summary: "The tenant whose ledger says what those have whose tables equal its.")
}
