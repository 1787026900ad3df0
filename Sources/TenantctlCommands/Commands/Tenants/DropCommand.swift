internal import Arguments
internal import Tenancy

enum DropCommand {
  static let command = Command<Action>(
    "drop", summary: "Remove tenants: their rows, and their schemas with everything in them.",
    discussion: """
      Asks for confirmation by the tenant's name, or for several by "drop" and their number; without a terminal --yes is required. If one of several tenants cannot be \
      dropped, none is. The rows are deleted first, so that \
      the app never serves a partly dropped tenant. A large schema is dropped in batches. After an interruption the same \
      command finishes the drop; it removes what an interrupted create has left, too.

      The drop is refused if objects outside of the schema depend on it, such as a view over all tenants, a foreign key or \
      a column of one of its types: they would be dropped with it. It is refused, too, if rows of other tables refer to the \
      tenant's row and keep it from being deleted, or would be deleted or changed in another tenant's schema (ON DELETE \
      CASCADE, SET NULL, SET DEFAULT), unless that tenant is dropped by the same command: it goes first then. Shared tables with such rows are named in the confirmation and in the output, and by \
      --dry-run. A protected tenant is not dropped: see --protect of 'tenantctl create' and 'tenantctl set'.
      """,
    parameters: Selection.parameters + [Shared.migrations, Shared.yes, Shared.dryRun] + RunOptions.common,
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl drop acme", "Ask, then remove the tenant acme."),
      Example("tenantctl drop acme --yes", "Remove it without asking, for scripts."),
      Example(
        "tenantctl drop --deactivated --where 'plan=trial' --dry-run",
        "Show what would be sent for the deactivated trial tenants."),
    ],
    section: Section.tenants
  ) { input, session in
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    let selection = try await Selection.read(input, session)
    // A drop that was interrupted has a name, and no row that could be selected.
    if let name = selection.onlyName { return try await dropOne(name, input, session) }
    let database = try session.database(connections: RunOptions.connections(input))
    let names = try await database.names(in: selection)
    if names.count > 20, session.terminal.stderrIsTerminal {
      session.remark("reading what \(counted(names.count, "schema")) have, and what depends on them")
    }
    let plan = try await planned { try await database.planDrop(names) }
    let tenants = plan.forecast.tenants.compactMap(\.value)
    if input[Shared.dryRun] { tenants.alongSentences.forEach(session.warn) }
    if !input[Shared.dryRun], !tenants.isEmpty {
      let listed = firstFew(tenants, "more tenants") { [sentence($0, verb: "drop")] }
      let isOne = tenants.count == 1
      try await session.confirm(
        isOne ? "\(tenants[0].name)" : "drop \(tenants.count)",
        isOne ? warning(tenants[0]) : warning(tenants),
        in: database, showing: isOne ? [] : listed, unless: input[Shared.yes])
    }
    return try await changes.run(plan, of: database, input, session)
  }

  private static func dropOne(
    _ name: TenantName, _ input: Input, _ session: Session
  ) async throws -> CommandResult {
    let database = try session.database()
    let change = try await planned { try await database.planDrop(name) }
    if input[Shared.dryRun] {
      [change.result].alongSentences.forEach(session.warn)
    } else {
      try await session.confirm(
        "\(change.result.name)", warning(change.result), in: database, unless: input[Shared.yes])
    }
    return try await session.make(change, dryRun: input[Shared.dryRun]) { dropped in
      CommandResult(dropped, sentence(dropped))
    }
  }

  /// The core's error is that of a schema in the way.
  private static func planned<Value>(_ plan: () async throws -> Value) async throws -> Value {
    do {
      return try await plan()
    } catch TenancyProblem.schemaWithoutTenant(let schema) {
      throw NoTenantToDrop(schema: schema)
    }
  }

  private static let changes = TenantChanges<DroppedTenant>(
    command: FleetCommand(
      name: "drop", statuses: ["dropped"], status: { _ in "dropped" },
      details: { Details(domains: $0.value?.domains ?? [], tables: $0.value?.tables ?? 0) }),
    verb: "dropped", sentence: { $0.value.map { sentence($0) } })

  private struct Details: Encodable, Sendable {
    let domains: [DomainName]
    let tables: Int
  }

  private static func warning(_ tenants: [DroppedTenant]) -> [String] {
    let served = tenants.count(where: \.isActive)
    let who =
      served == tenants.count ? "All of them are" : served == 1 ? "1 of them is" : "\(served) of them are"
    return (served > 0 ? ["\(who) active, so the app serves \(served == 1 ? "it" : "them")."] : [])
      + tenants.alongSentences.map { "This \($0)." }
      + ["This removes \(counted(tenants.count, "tenant")). It cannot be undone."]
  }

  private static func warning(_ tenant: DroppedTenant) -> [String] {
    let domains = tenant.domains.map(\.description).joined(separator: ", ")
    let andDomains = domains.isEmpty ? "" : ", domains \(domains)"
    let lost =
      tenant.extensions.isEmpty
      ? []
      : [
        "Every other tenant loses what it uses of\(extensions(tenant).dropFirst()): 'tenantctl doctor --fix' moves it first."
      ]
    return (tenant.isActive ? ["Tenant \(tenant.name) is active, so the app serves it."] : []) + lost
      + [tenant].alongSentences.map { "This \($0)." } + [
        "This removes the tenant \(tenant.name): \(counted(tenant.tables, "table"))\(andDomains). It cannot be undone."
      ]
  }

  private static func extensions(_ tenant: DroppedTenant) -> String {
    let names = tenant.extensions.joined(separator: ", ")
    return names.isEmpty ? "" : ", \(tenant.extensions.count == 1 ? "extension" : "extensions") \(names)"
  }

  private static func along(_ tenant: DroppedTenant) -> String {
    tenant.otherTables.map { ", \($0.deletes ? "deleted" : "changed") rows of \($0.name)" }.joined()
  }

  private static func sentence(_ tenant: DroppedTenant, verb: String = "dropped tenant") -> String {
    let schema = tenant.hadSchema ? counted(tenant.tables, "table") : "its schema did not exist"
    return
      "\(verb) \(tenant.name) (\(schema), \(counted(tenant.domains.count, "domain"))\(extensions(tenant))\(along(tenant)))"
  }
}

/// A schema that belongs to no tenant, which nothing but its name makes one.
struct NoTenantToDrop: Error {
  let schema: SchemaName
}
