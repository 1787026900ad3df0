internal import Arguments
internal import Tenancy

enum DeactivateCommand {
  static let command = Command<Action>(
    "deactivate", summary: "Deactivate tenants: the app no longer serves them; their data stays.",
    discussion: """
      Deactivated tenants keep their data and are still migrated. A deactivated tenant stays deactivated. If one of the \
      names does not exist, nothing is changed.
      """,
    parameters: Selection.parameters + [Shared.migrations, Shared.dryRun],
    examples: [Example("tenantctl deactivate acme globex", "Deactivate acme and globex.")],
    section: Section.tenants
  ) { input, session in
    try await ActivateCommand.setActive(false, input, session)
  }
}
