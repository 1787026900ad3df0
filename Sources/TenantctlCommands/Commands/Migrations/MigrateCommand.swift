internal import Arguments
internal import Tenancy

enum MigrateCommand {
  static let command = Command<Action>(
    "migrate", summary: "Apply pending migrations to tenants.",
    discussion: """
      Every file is parsed and every checksum compared before the first statement runs. Each file is one transaction in \
      each tenant, recorded in the tenant's own ledger. A failure does not affect other tenants, and the same command, run \
      again, does what is left. Migrations of the shared schema run first.

      A statement waits for a lock at most lock_timeout (2 s, see tenantctl.toml(5)), so that it does not block a tenant's \
      traffic; then the tenant is rolled back, and tried again later. --statement-timeout limits how long a statement may \
      run; a file's own lock_timeout and statement_timeout take precedence. The first Ctrl-C lets the running tenants \
      finish, the second cancels them on the server.

      A file with transaction:false, as for CREATE INDEX CONCURRENTLY, waits until the files before it have been run in every tenant, and runs in \
      two tenants at a time. Each finished statement is recorded, and the next run resumes at the first unfinished one. An \
      invalid index that a failed build leaves is dropped. After an interruption the next run drops it and builds it \
      again, or names it if that is not safe. CONCURRENTLY waits for other transactions as long as necessary, without \
      blocking them. A DETACH PARTITION CONCURRENTLY that was interrupted is finalized. Statements whose effect ends with \
      their transaction, such as SET LOCAL and LOCK TABLE, are refused there, as each statement has its own; SET lasts until \
      the section ends.

      The comment on a tenant's ledger says which version the tenant has, and each transaction checks it. A tenant with a \
      stale comment may be treated as up to date: 'tenantctl status --verify' and 'tenantctl doctor' read the ledgers and \
      find it. Migrations never leave a stale comment.

      A file that is older than a tenant's newest migration is applied with a warning, or refused with --strict. A \
      version that a tenant has and no file has, as in an old checkout, is a warning, or refused with --strict and --check. \
      A file without a statement is refused, unless a comment in it says -- tenantctl:allow empty.

      The exit status is 5 if a tenant failed, 4 if a file was edited after it was applied or a version has no file, 6 \
      with --check if migrations are pending, 130 after an interruption.
      """,
    parameters: Selection.parameters + [target, check, strict] + RunOptions.parameters
      + [Shared.migrations, Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl migrate --all", "Apply pending migrations to every tenant."),
      Example("tenantctl migrate acme globex --to 20261123101500", "Migrate two tenants up to a version."),
      Example("tenantctl migrate --all --canary 5", "Start with five tenants; go on only if they succeed."),
      Example(
        "tenantctl migrate --all --check", "Exit with status 6 if migrations are pending; change nothing."),
    ],
    section: Section.migrations
  ) { input, session in
    try RunOptions.refuseReport(input, with: [check, Shared.dryRun])
    let selection = try await Selection.read(input, session)
    let database = try session.database(connections: RunOptions.connectionsWithFlush(input))
    let plan = try await database.planMigration(
      selection, try session.migrations(), to: input[target], strict: input[strict],
      statementTimeout: input[RunOptions.statementTimeout])
    if input[check] { return checked(plan, session) }
    return try await run(plan, database, input, session)
  }

  /// Both directions: what differs is the plan.
  static func run(
    _ plan: MigrationPlan, _ database: TenantDatabase, _ input: Input, _ session: Session
  ) async throws -> CommandResult {
    if plan.direction == .up {
      for late in plan.outOfOrder { session.warn(late.lateness) }
      for sentence in plan.unknown.sentences { session.warn(sentence) }
    }
    if input[Shared.dryRun] {
      let problems = plan.surveys.compactMap { survey in
        survey.problem.map { TenantFailure(survey.label, survey.schema, $0) }
      }
      return .dryRun(plan.script, failing: problems, session.errorStyle)
    }
    let summary = MigrationSummary(plan)
    let end = try await summary.command.run(
      plan.isEmpty ? 0 : plan.tenants.count, of: database, input, session
    ) {
      run, _ in
      var run = run
      run.retries = input[RunOptions.retries]
      return await database.migrate(plan, run)
    }
    if let shared = end.report.shared, let failure = shared.failure {
      throw SharedMigrationFailed(error: failure, applied: shared.value ?? [])
    }
    return summary.result(end, session)
  }

  private static func checked(_ plan: MigrationPlan, _ session: Session) -> CommandResult {
    let problems = plan.surveys.compactMap { survey in
      survey.problem.map { TenantFailure(survey.label, survey.schema, $0) }
    }
    // What a ledger that cannot be read lacks is not known.
    let behind = plan.surveys.filter { $0.problem == nil && !plan.pending($0).isEmpty }
    let entries = behind.map { PendingEntry(name: $0.label, pending: plan.pending($0).map(\.version)) }
    let document = Checked(
      pending: entries, unknown: plan.unknown, failures: FleetFailure.all(problems))
    // For other commands, which take tenants.
    let names = behind.compactMap { $0.tenant?.name.description }
    var result = CommandResult(document, names: names) { _ in
      entries.isEmpty
        ? ["nothing to apply to \(counted(plan.tenants.count, "tenant"))"]
        : firstFew(entries, "more; 'tenantctl status --all --pending' lists them all") {
          ["\($0.name.onOneLine): \($0.pending.map(\.rawValue).joined(separator: ", "))"]
        }
    }
    result.elements = { entries }
    // What makes the check fail is told with --quiet, too.
    result.failures = failureCauses(problems, session.errorStyle) + plan.unknown.notes
    result.formatsWithFailures = [.json]
    result.status =
      !problems.isEmpty ? .partial : !plan.unknown.isEmpty ? .refused : behind.isEmpty ? .done : .pending
    return result
  }

  private struct Checked: Encodable {
    let pending: [PendingEntry]
    let unknown: [UnknownVersion]
    let failures: [FleetFailure]
  }

  private struct PendingEntry: Encodable {
    let name: String
    let pending: [MigrationVersion]
  }

  private static let target = Option(
    "to", placeholder: "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The last version to apply, also to the shared schema. Default: the newest.")
  private static let strict = Flag(
    "strict",
    summary: "Refuse a file that is older than a tenant's newest migration, and versions that no file has.")
  static let check = Flag("check", summary: "Only check whether migrations are pending.")
}
