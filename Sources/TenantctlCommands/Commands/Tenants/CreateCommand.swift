internal import Arguments
internal import Tenancy

enum CreateCommand {
  static let command = Command<Action>(
    "create", summary: "Create a tenant: row, schema, all migrations and domains, all or nothing.",
    discussion: """
      The tenant's row is written last, in one transaction with its domains: until then the app does not see the tenant. \
      After a failure at any point the same command can be run again.

      A name consists of lower-case letters, digits and underscores, begins with a letter, and has at most 63 characters. It \
      cannot be an SQL keyword or one of public, www, localhost, local, information_schema, pg_*.
      """,
    parameters: [
      name, schema, domains, values, deactivated, protect, noMigrations, Shared.migrations, Shared.dryRun,
    ],
    examples: [
      Example("tenantctl create acme --domain acme.example.com", "Create a tenant with a primary domain."),
      Example(
        "tenantctl create acme --set phone_number=555-0100",
        "Set a custom column of the registry."),
    ],
    section: Section.tenants
  ) { input, session in
    let new = try NewTenant(
      input[name], schema: input[schema], domains: input[domains], values: Assignment.values(input[values]),
      isActive: !input[deactivated], isProtected: input[protect])
    let files = input[noMigrations] ? [] : try migrations(session)
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

  /// Throws ``MigrationsRequired`` without a folder: in the wrong directory the tenant would have no tables.
  private static func migrations(_ session: Session) throws -> [MigrationFile] {
    do {
      return try session.migrations().tenant
    } catch MigrationFolderError.missing(let path) {
      throw MigrationsRequired(folder: path)
    }
  }

  private static let name = Argument(
    "NAME", parse: TenantName.init(parsing:), summary: "The new tenant's name.")
  private static let schema = Option(
    "schema", placeholder: "SCHEMA", parse: SchemaName.init(parsing:),
    summary: "The tenant's schema, if the registry has a column for it. Default: the name.")
  private static let domains = RepeatedOption(
    "domain", placeholder: "HOST", parse: DomainName.init(parsing:),
    summary: "A domain of the tenant; the first one is primary.")
  private static let values = RepeatedOption(
    "set", placeholder: "COLUMN=VALUE", parse: Assignment.init(parsing:),
    summary: "Set a custom column of the registry.")
  private static let deactivated = Flag(
    "deactivated", summary: "Create it deactivated: the app does not serve it yet.")
  private static let protect = Flag(
    "protect", summary: "Let 'tenantctl drop' refuse the tenant, until 'tenantctl set NAME --unprotect'.")
  private static let noMigrations = Flag(
    "no-migrations", summary: "Create the schema with an empty ledger only.")
}

/// A new tenant needs the project's migrations, and their folder does not exist.
struct MigrationsRequired: Error {
  let folder: String
}
