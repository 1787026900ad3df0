internal import Arguments
internal import Tenancy

enum StatusCommand {
  static let command = Command<Action>(
    "status", summary: "Show which version each tenant has, and which tenants are behind.",
    discussion: """
      One query reads the whole fleet: the comment on each ledger repeats its head. 'tenantctl migrate' trusts the \
      comments, too. A program that changes a ledger by other means can leave a stale comment: --verify reads the ledgers \
      themselves.

      The table is followed by the tenants that need attention, then by those that are behind, ten of each; --pending \
      lists all that are behind, --quiet their names.
      """,
    parameters: Selection.parameters + [check, pending, verify, Shared.migrations],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl status --all", "Show the state of the fleet."),
      Example("tenantctl status --all --check", "Exit with status 6 if a tenant is behind."),
      Example("tenantctl status --all --pending --quiet", "Print the names of the tenants that are behind."),
    ],
    section: Section.migrations
  ) { input, session in
    let selection = try await Selection.read(input, session)
    let files = try input[check] ? session.migrations() : session.migrationsIfAny()
    let found = try await session.database().survey(selection, files, verify: input[verify])
    let summary = StatusSummary(found, files, onlyBehind: input[pending], session)
    var result = summary.result
    // As migrate --check; an edited file, which migrate refuses, takes precedence.
    if input[check] {
      result.status =
        summary.hasChanged
        ? .refused
        : summary.hasProblems
          ? .partial : !summary.unknown.isEmpty ? .refused : summary.behind.isEmpty ? .done : .pending
      result.failures = summary.unknown.notes
    }
    return result
  }

  private static let check = Flag(
    "check",
    summary: """
      Exit with status 6 if a tenant is behind, 4 if an applied file was edited or does not exist, 5 if a ledger cannot be \
      read.
      """)
  private static let pending = Flag("pending", summary: "List only tenants that are behind.")
  private static let verify = Flag(
    "verify", summary: "Read every ledger, and report stale comments.")
}
