internal import Arguments
internal import Tenancy

enum ActivateCommand {
  static let command = Command<Action>(
    "activate", summary: "Have the app serve tenants again.",
    discussion: "A tenant that is active stays so; if one of the names does not exist, nothing is changed.",
    parameters: [Shared.tenants, Shared.dryRun],
    examples: [Example("tenantctl activate acme", "Have the app serve acme again.")],
    section: Section.tenants
  ) { input, session in
    try await setActive(true, input, session)
  }

  /// Both directions: what differs is a word.
  static func setActive(_ isActive: Bool, _ input: Input, _ session: Session) async throws -> CommandResult {
    let change = try await session.database().planSetActive(input[Shared.tenants], isActive)
    let word = isActive ? "activated" : "deactivated"
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changes in
      CommandResult(changes) { _ in
        changes.map {
          $0.changed
            ? "\(word) tenant \($0.name)" : "tenant \($0.name) is \(isActive ? "active" : word) already"
        }
      }
    }
  }
}
