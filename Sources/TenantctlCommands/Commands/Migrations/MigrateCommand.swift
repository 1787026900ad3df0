internal import Arguments
internal import Tenancy

enum MigrateCommand {
  static let command = Command<Action>(
    "migrate", summary: "Apply pending migrations to tenants.",
    discussion: """
      Every file is parsed and every checksum compared before the first statement runs. Each tenant's migration is one \
      transaction, recorded in the tenant's own ledger: a failure leaves the other tenants untouched, and the same \
      command, run again, does what is left. Migrations for the shared schema come first.

      A statement waits for a lock no longer than lock_timeout (2 s, see tenantctl.toml(5)), so that it never stands in \
      front of a tenant's traffic; the tenant then goes to the back of the queue and gets another turn. How long it may \
      run in all is --statement-timeout's to say; a file's own lock_timeout and statement_timeout go before both. The \
      first Ctrl-C finishes the tenants that are under way, the second cancels them on the server.

      A file with transaction:false, as for CREATE INDEX CONCURRENTLY, comes when every tenant has what stands before it, \
      and two tenants at a time. Each statement is counted when it is done, and the next run resumes at the one that is \
      not. An index that a failed build leaves is dropped again; one that was cut off is dropped by the next run before \
      it builds it anew, or named where that is not safe. CONCURRENTLY waits for other transactions, which blocks \
      nobody, as long as it takes.

      What a tenant has is told by the comment on its ledger, which repeats the head, and made sure of in each \
      transaction. A tenant whose comment claims too much, which is no migration's doing, is taken for up to date: \
      'tenantctl status --verify' and 'tenantctl doctor' read the ledgers and find it.

      A file that is older than what a tenant has is applied with a warning, or refused with --strict.

      The status is 5 if a tenant failed, 4 if a file was edited after it had been applied, 6 with --check if something \
      is pending, 130 after an interruption.
      """,
    parameters: Selection.parameters + [target, check, strict] + RunOptions.parameters
      + [Shared.migrations, Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl migrate --all", "Apply what is pending to every tenant."),
      Example("tenantctl migrate acme globex --to 20261123101500", "Bring two tenants to a version."),
      Example("tenantctl migrate --all --canary 5", "Begin with five tenants; go on only if they succeed."),
      Example(
        "tenantctl migrate --all --check", "End with status 6 if something is pending; change nothing."),
    ],
    section: Section.migrations
  ) { input, session in
    let selection = try Selection.read(input, session)
    let database = try session.database(connections: RunOptions.connectionsWithFlush(input))
    let plan = try await database.planMigration(
      selection, try session.migrations(), to: input[target], strict: input[strict],
      statementTimeout: input[RunOptions.statementTimeout])
    if input[check] { return checked(plan) }
    return try await run(plan, database, input, session)
  }

  /// Both directions: what differs is the plan.
  static func run(
    _ plan: MigrationPlan, _ database: TenantDatabase, _ input: Input, _ session: Session
  ) async throws -> CommandResult {
    for late in plan.direction == .up ? plan.outOfOrder : [] { session.warn(late.lateness) }
    if input[Shared.dryRun] {
      let problems = plan.tenants.compactMap { survey in survey.problem.map { (survey.label, $0) } }
      if !session.isQuiet {
        failureCauses(problems, session.errorStyle).forEach { session.terminal.note($0) }
      }
      return .dryRun(plan.script)
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
    if let failure = end.report.shared?.failure { throw failure }
    return summary.result(end, session)
  }

  private static func checked(_ plan: MigrationPlan) -> CommandResult {
    let behind = ([plan.shared].compactMap { $0 } + plan.tenants).filter { !plan.pending($0).isEmpty }
    let entries = behind.map { PendingEntry(name: $0.label, pending: plan.pending($0).map(\.version)) }
    var result = CommandResult(["pending": entries], names: behind.map(\.label)) { _ in
      entries.isEmpty
        ? ["nothing to apply to \(counted(plan.tenants.count, "tenant"))"]
        : firstFew(entries, "more; 'tenantctl status --all --pending' lists them all") {
          ["\($0.name.onOneLine): \($0.pending.map(\.rawValue).joined(separator: ", "))"]
        }
    }
    result.elements = { entries }
    result.status = behind.isEmpty ? .done : .pending
    return result
  }

  private struct PendingEntry: Encodable {
    let name: String
    let pending: [MigrationVersion]
  }

  private static let target = Option(
    "to", placeholder: "VERSION", completion: .dynamic("version"), parse: MigrationVersion.init(parsing:),
    summary: "The last version to apply. Without it: the newest.")
  private static let strict = Flag("strict", summary: "Refuse a file that is older than what a tenant has.")
  private static let check = Flag("check", summary: "Only tell whether something is pending.")
}
