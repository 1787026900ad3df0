internal import Arguments
internal import Tenancy

enum StatusCommand {
  static let command = Command<Action>(
    "status", summary: "Tell who is where: how many tenants have which version, and who is behind.",
    discussion: """
      One query tells it for the whole fleet: each ledger's comment repeats its head. 'tenantctl migrate' goes by the \
      comments, too; what changes a ledger by other means can leave one that is not true. With --verify the ledgers \
      themselves are read.

      Below the table come the tenants of which there is more to say than that migrations are pending, then those behind, \
      ten of each; --pending lists all that are behind, --quiet their names.
      """,
    parameters: Selection.parameters + [check, pending, verify, Shared.migrations],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl status --all", "Where is the fleet?"),
      Example("tenantctl status --all --check", "End with status 6 if a tenant is behind."),
      Example("tenantctl status --all --pending --quiet", "Print the names of those that are."),
    ],
    section: Section.migrations
  ) { input, session in
    let selection = try Selection.read(input, session)
    let found = try await session.database().survey(
      selection, input[check] ? session.migrations() : session.migrationsIfAny(), verify: input[verify])
    let summary = StatusSummary(found, onlyBehind: input[pending], session)
    var result = summary.result
    // What migrate would refuse comes before what it would do.
    if input[check] {
      result.status = summary.hasChanged ? .refused : summary.behind.isEmpty ? .done : .pending
    }
    return result
  }

  private static let check = Flag(
    "check", summary: "End with status 6 if a tenant is behind, 4 if an applied file was edited.")
  private static let pending = Flag("pending", summary: "Only those that are behind.")
  private static let verify = Flag(
    "verify", summary: "Read every ledger, and tell where the comment on it is not true.")
}
