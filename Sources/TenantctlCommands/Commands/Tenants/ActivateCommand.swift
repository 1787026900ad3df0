internal import Arguments
internal import Tenancy

enum ActivateCommand {
  static let command = Command<Action>(
    "activate", summary: "Activate tenants: the app serves them again.",
    discussion: "An active tenant stays active. If one of the names does not exist, nothing is changed.",
    parameters: [Shared.tenants, Shared.dryRun],
    examples: [Example("tenantctl activate acme", "Activate acme.")],
    section: Section.tenants
  ) { input, session in
    try await setActive(true, input, session)
  }

  /// Both directions.
  static func setActive(_ isActive: Bool, _ input: Input, _ session: Session) async throws -> CommandResult {
    let change = try await session.database().planSetActive(input[Shared.tenants], isActive)
    let word = isActive ? "activated" : "deactivated"
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changes in
      CommandResult(changes) { _ in
        changes.map {
          $0.changed
            ? "\(word) tenant \($0.name)" : "tenant \($0.name) is already \(isActive ? "active" : word)"
        }
      }
    }
  }
}
