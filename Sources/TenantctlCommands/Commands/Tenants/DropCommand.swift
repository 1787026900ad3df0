internal import Arguments
internal import Tenancy

enum DropCommand {
  static let command = Command<Action>(
    "drop", summary: "Remove a tenant: its rows, its schema and all that is in it.",
    discussion: """
      Asks for the tenant's name typed back, and refuses without --yes when there is no terminal. The rows go first, so \
      the app never serves a tenant that is half gone; a schema of any size is dropped, in batches if it is large. \
      After an interruption the same command finishes the work.

      Objects outside of the schema that depend on it, such as a view over all tenants, a foreign key or a column of one \
      of its types, would be dropped with it: drop then changes nothing and names them.
      """,
    parameters: [Shared.tenant, Shared.yes, Shared.dryRun],
    examples: [
      Example("tenantctl drop acme", "Ask, then remove the tenant acme."),
      Example("tenantctl drop acme --yes", "Remove it without asking, as a script must."),
    ],
    section: Section.tenants
  ) { input, session in
    let change = try await session.database().planDrop(input[Shared.tenant])
    if !input[Shared.dryRun] {
      try session.confirm("\(change.result.name)", warning(change.result), unless: input[Shared.yes])
    }
    return try await session.make(change, dryRun: input[Shared.dryRun]) { dropped in
      CommandResult(dropped, sentence(dropped))
    }
  }

  private static func warning(_ tenant: DroppedTenant) -> [String] {
    let domains =
      tenant.domains.isEmpty ? "" : ", domains \(tenant.domains.map(\.description).joined(separator: ", "))"
    return [
      "This removes the tenant \(tenant.name): \(counted(tenant.tables, "table"))\(domains). It cannot be undone."
    ]
  }

  private static func sentence(_ tenant: DroppedTenant) -> String {
    let schema = tenant.hadSchema ? counted(tenant.tables, "table") : "its schema was not there"
    return "dropped tenant \(tenant.name) (\(schema), \(counted(tenant.domains.count, "domain")))"
  }
}
