internal import Arguments
internal import Tenancy

enum DropCommand {
  static let command = Command<Action>(
    "drop", summary: "Remove a tenant: its rows, and its schema with everything in it.",
    discussion: """
      Asks for confirmation by the tenant's name; without a terminal --yes is required. The rows are deleted first, so that \
      the app never serves a partly dropped tenant. A large schema is dropped in batches. After an interruption the same \
      command finishes the drop.

      The drop is refused if objects outside of the schema depend on it, such as a view over all tenants, a foreign key or \
      a column of one of its types: they would be dropped with it. It is refused, too, if the tenant is protected: see \
      --protect of 'tenantctl create' and 'tenantctl set'.
      """,
    parameters: [Shared.tenant, Shared.yes, Shared.dryRun],
    examples: [
      Example("tenantctl drop acme", "Ask, then remove the tenant acme."),
      Example("tenantctl drop acme --yes", "Remove it without asking, for scripts."),
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
    let domains = tenant.domains.map(\.description).joined(separator: ", ")
    let andDomains = domains.isEmpty ? "" : ", domains \(domains)"
    return (tenant.isServed ? ["Tenant \(tenant.name) is active, so the app serves it."] : []) + [
      "This removes the tenant \(tenant.name): \(counted(tenant.tables, "table"))\(andDomains). It cannot be undone."
    ]
  }

  private static func sentence(_ tenant: DroppedTenant) -> String {
    let schema = tenant.hadSchema ? counted(tenant.tables, "table") : "its schema did not exist"
    return "dropped tenant \(tenant.name) (\(schema), \(counted(tenant.domains.count, "domain")))"
  }
}
