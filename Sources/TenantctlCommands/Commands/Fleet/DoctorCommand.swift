internal import Arguments
internal import Tenancy

enum DoctorCommand {
  static let command = Command<Action>(
    "doctor", summary: "Find inconsistencies in the database, and fix them with --fix.",
    discussion: """
      Checks for tenants without a schema, schemas without a tenant, domains without a tenant or with wrong values, names \
      that must be quoted, unfinished creates, drops and migrations, ledgers with a stale comment or with the name of \
      another tool's table, invalid indexes, references from one tenant's schema to another's, extensions in a tenant's \
      schema or outside of its search path, relations of one schema with different owners, roles that could run code with the privileges of the role that migrates, and \
      triggers of 'tenantctl init --notify' that are out of date. Also checks the current role and the connection. The \
      number of queries does not grow with the number of tenants.

      --fix fixes what needs no decision and loses no data: it writes names and comments again, makes an only domain \
      primary, builds invalid indexes again without blocking writes, moves extensions to public, and installs triggers \
      again. It drops nothing but the leftovers of a failed REINDEX. It shows the SQL first and asks for confirmation; \
      without a terminal --yes is required. For everything else the report names the command to run.

      The exit status is 1 if an error or a warning is left, otherwise 0.
      """,
    parameters: [fix, Shared.yes, Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl doctor", "Check the whole database; change nothing."),
      Example("tenantctl doctor --fix", "Show the fixes, ask for confirmation, and apply them."),
      Example("tenantctl doctor --fix --dry-run", "Only print the SQL."),
    ],
    section: Section.fleet
  ) { input, session in
    if input[Shared.yes], !input[fix] {
      throw input.refusal("--yes requires --fix", hint: "add --fix")
    }
    // A second connection shows how a pooler shares sessions; with four connections ledgers are read faster.
    let database = try session.database(connections: 4)
    // Files that cannot be read are no matter of the database's.
    let migratesShared = (try? session.migrations())?.shared.isEmpty == false
    let diagnosis = try await database.diagnose(migratesShared: migratesShared)
    if input[Shared.dryRun] { return DiagnosisSummary(diagnosis).dryRun }
    let count = diagnosis.entries.count(where: \.canBeFixed)
    guard input[fix], count > 0 else { return DiagnosisSummary(diagnosis).result }
    try await session.confirm(
      "fix", ["This changes the database to fix \(counted(count, "finding"))."], in: database,
      showing: DiagnosisSummary(diagnosis).script, unless: input[Shared.yes])
    let interruption = session.interruption
    let outcomes = try await interruption.guarding(drainingWith: { session.terminal.note($0) }) {
      await database.fix(diagnosis) { interruption.isRequested }
    }
    let summary = DiagnosisSummary(diagnosis, outcomes)
    var result = summary.result
    if session.isQuiet { result.failures = summary.failures }
    return result
  }

  static let fix = Flag("fix", summary: "Fix what can be fixed without a decision.")
}
