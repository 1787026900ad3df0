internal import Arguments
internal import Tenancy

enum CreateCommand {
  static let command = Command<Action>(
    "create", summary: "Create a tenant: row, schema, all migrations and domains, all or nothing.",
    discussion: """
      Everything happens in one transaction: until it is committed the app sees nothing of the tenant, and after a \
      failure at any point the same command, run again, succeeds.

      A name is lower-case letters, digits and underscores, begins with a letter, has at most 63 characters, and is \
      neither an SQL keyword nor one of public, www, localhost, local, information_schema, pg_*.
      """,
    parameters: [name, schema, domains, values, deactivated, noMigrations, Shared.migrations, Shared.dryRun],
    examples: [
      Example("tenantctl create acme --domain acme.example.com", "Create a tenant with a primary domain."),
      Example(
        "tenantctl create acme --set phone_number=555-0100",
        "Fill a column that the registry has beside ours."),
    ],
    section: Section.tenants
  ) { input, session in
    let new = try NewTenant(
      input[name], schema: input[schema], domains: input[domains], values: Assignment.values(input[values]),
      isActive: !input[deactivated])
    let files = input[noMigrations] ? [] : try session.migrationsIfAny().tenant
    let change = try await session.database(connections: 2, onMainThread: true).planCreate(
      new, migrations: files)
    return try await session.make(change, dryRun: input[Shared.dryRun]) { created in
      CommandResult(created) { _ in
        let state = created.tenant.isActive ? "" : "deactivated "
        return [
          "created \(state)tenant \(created.tenant.name), \(counted(created.migrations.count, "migration")) applied"
        ]
          + created.domains.map { "added domain \($0.name)\($0.isPrimary ? " (primary)" : "")" }
      }
    }
  }

  private static let name = Argument(
    "NAME", parse: TenantName.init(parsing:), summary: "The new tenant's name.")
  private static let schema = Option(
    "schema", placeholder: "SCHEMA", parse: SchemaName.init(parsing:),
    summary: "Its schema, where the registry has a column of its own for it. Without it: the name.")
  private static let domains = RepeatedOption(
    "domain", placeholder: "HOST", parse: DomainName.init(parsing:),
    summary: "A domain of the tenant; the first one is primary.")
  private static let values = RepeatedOption(
    "set", placeholder: "COLUMN=VALUE", parse: Assignment.init(parsing:),
    summary: "A value for a column that the registry has beside ours.")
  private static let deactivated = Flag(
    "deactivated", summary: "Create it deactivated: the app does not serve it yet.")
  private static let noMigrations = Flag(
    "no-migrations", summary: "Create the schema with an empty ledger only.")
}
