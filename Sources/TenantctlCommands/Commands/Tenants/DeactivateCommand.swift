internal import Arguments
internal import Tenancy

enum DeactivateCommand {
  static let command = Command<Action>(
    "deactivate", summary: "Have the app serve tenants no longer; their data stays.",
    discussion: """
      Deactivated tenants keep their data and are still migrated. One that is deactivated stays so; if one of the names \
      does not exist, nothing is changed.
      """,
    parameters: [Shared.tenants, Shared.dryRun],
    examples: [Example("tenantctl deactivate acme globex", "Have the app serve acme and globex no longer.")],
    section: Section.tenants
  ) { input, session in
    try await ActivateCommand.setActive(false, input, session)
  }
}
