internal import Arguments
internal import Tenancy

enum ActivateCommand {
  static let command = Command<Action>(
    "activate", summary: "Activate tenants: the app serves them again.",
    discussion: """
      An active tenant stays active. All are activated in one transaction: if one of the names does not exist, nothing is \
      changed.
      """,
    parameters: Selection.parameters + [Shared.migrations, Shared.dryRun],
    examples: [Example("tenantctl activate acme", "Activate acme.")],
    section: Section.tenants
  ) { input, session in
    try await setActive(true, input, session)
  }

  /// Both directions.
  static func setActive(_ isActive: Bool, _ input: Input, _ session: Session) async throws -> CommandResult {
    let database = try session.database()
    let names = try await database.names(in: Selection.read(input, session))
    let change = try await database.planSetActive(names, isActive)
    let word = isActive ? "activated" : "deactivated"
    return try await session.make(change, dryRun: input[Shared.dryRun]) { changes in
      var result = CommandResult(changes) { _ in
        changes.map {
          $0.changed
            ? "\(word) tenant \($0.name)" : "tenant \($0.name) is already \(isActive ? "active" : word)"
        }
      }
      if changes.isEmpty { result.notes = [Words.nobodySelected] }
      return result
    }
  }
}
