internal import Arguments
internal import Tenancy

enum DoctorCommand {
  static let command = Command<Action>(
    "doctor", summary: "Find what is inconsistent in the database, and mend it with --fix.",
    discussion: """
      Looks for tenants without a schema, schemas without a tenant, domains that are nobody's or not as they must be, \
      names that an app which does not quote would miss, creates, drops and migrations that stopped half-way, ledgers \
      whose comment is not true or whose name another tool's table has, indexes that are not valid, extensions in a \
      tenant's schema or out of its reach, relations of one schema with different owners, roles that could run code as \
      whoever migrates, and at the role and the connection. A few queries, however many tenants there are.

      --fix mends what needs nobody's decision and loses nothing: it writes names and comments anew, makes the only \
      domain primary, builds indexes anew without blocking writes, and moves extensions to public. It shows the SQL \
      first, and asks; without a terminal it wants --yes. For everything else the command to run is named. Nothing is \
      dropped but what a failed REINDEX has left behind.

      The status is 1 if there is an error or a warning that is not fixed, 0 if there is nothing, or only something to \
      know.
      """,
    parameters: [fix, Shared.yes, Shared.dryRun],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl doctor", "Look at the whole database; change nothing."),
      Example("tenantctl doctor --fix", "Show what would be mended, ask, and mend it."),
      Example("tenantctl doctor --fix --dry-run", "Only print the SQL."),
    ],
    section: Section.fleet
  ) { input, session in
    if input[Shared.yes], !input[fix] {
      throw input.refusal("--yes answers a question that only --fix asks", hint: "give --fix, too")
    }
    // A second connection tells how a pooler shares sessions; over four of them ledgers are read faster.
    let database = try session.database(connections: 4)
    let diagnosis = try await database.diagnose()
    if input[Shared.dryRun] { return DiagnosisSummary(diagnosis).dryRun }
    let count = diagnosis.entries.count(where: \.canBeFixed)
    guard input[fix], count > 0 else { return DiagnosisSummary(diagnosis).result }
    try session.confirm(
      "fix", ["This changes the database, to mend \(counted(count, "finding"))."],
      showing: DiagnosisSummary(diagnosis).script, unless: input[Shared.yes])
    let interruption = session.interruption
    let outcomes = try await interruption.guarding(drainingWith: { session.terminal.note($0) }) {
      await database.fix(diagnosis) { interruption.isRequested }
    }
    return DiagnosisSummary(diagnosis, outcomes).result
  }

  private static let fix = Flag("fix", summary: "Mend what can be mended without a decision of yours.")
}
