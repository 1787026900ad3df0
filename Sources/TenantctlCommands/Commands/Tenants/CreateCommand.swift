internal import Arguments
internal import Tenancy

enum CreateCommand {
  static let command = Command<Action>(
    "create", summary: "Create a tenant: row, schema, all migrations and domains, all or nothing.",
    discussion: """
      The tenant's row is written last, in one transaction with its domains: until then the app does not see the tenant. \
      After a failure at any point the same command can be run again.

      Several names, or a CSV file with --from-file, make several tenants, --jobs at a time; one that fails does not affect \
      the others, and --if-not-exists lets the same command do what is left.

      A name consists of lower-case letters, digits and underscores, begins with a letter, and has at most 63 characters. It \
      cannot be an SQL keyword or one of public, www, localhost, local, information_schema, pg_*.
      """,
    parameters: [
      names, fromFile, schema, domains, values, deactivated, protect, ifNotExists, noMigrations,
      Shared.migrations,
      Shared.dryRun,
    ] + RunOptions.common,
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl create acme --domain acme.example.com", "Create a tenant with a primary domain."),
      Example(
        "tenantctl create acme --set phone_number=555-0100",
        "Set a custom column of the registry."),
      Example(
        "tenantctl create --from-file tenants.csv --if-not-exists",
        "Create the tenants of a file with a line 'name,domain,plan'."),
    ],
    section: Section.tenants
  ) { input, session in
    try RunOptions.refuseReport(input, with: [Shared.dryRun])
    let new = try tenants(input, try session.configuration().settings)
    let files = try input[noMigrations] ? MigrationSet(tenant: [], shared: []) : migrations(session)
    if files.tenant.isEmpty, !input[noMigrations] {
      _ = try await session.database().planMigration(FleetSelection(), MigrationSet(tenant: [], shared: []))
    }
    if new.count == 1, input[fromFile] == nil { return try await createOne(new[0], files, input, session) }
    let database = try session.database(connections: 2 * RunOptions.connections(input))
    let plan = try await database.planCreate(
      new, migrations: files.tenant, shared: files.shared, ifNotExists: input[ifNotExists])
    if !input[noMigrations] { try await warnOfGaps(files, in: database, session) }
    return try await changes.run(plan, of: database, input, session)
  }

  private static func createOne(
    _ new: NewTenant, _ files: MigrationSet, _ input: Input, _ session: Session
  ) async throws -> CommandResult {
    let database = try session.database(connections: 2, onMainThread: true)
    let change = try await database.planCreate(
      new, migrations: files.tenant, shared: files.shared, ifNotExists: input[ifNotExists])
    if !input[noMigrations], change.result.isNew { try await warnOfGaps(files, in: database, session) }
    return try await session.make(change, dryRun: input[Shared.dryRun]) { created in
      CommandResult(created) { _ in lines(created) }
    }
  }

  /// The tenant would lack what the others have.
  private static func warnOfGaps(
    _ files: MigrationSet, in database: TenantDatabase, _ session: Session
  ) async throws {
    for sentence in await database.versionsWithoutFile(files.tenant).sentences { session.warn(sentence) }
  }

  private static func lines(_ created: CreatedTenant) -> [String] {
    if !created.isNew { return ["tenant \(created.tenant.name) already exists"] }
    let state = created.tenant.isActive ? "" : "deactivated "
    let migrations = counted(created.migrations.count, "migration")
    return ["created \(state)tenant \(created.tenant.name), \(migrations) applied"]
      + created.domains.map { "added domain \($0.name)\($0.isPrimary ? " (primary)" : "")" }
  }

  private static let changes = TenantChanges<CreatedTenant>(
    command: FleetCommand(
      name: "create", statuses: ["created", "unchanged"],
      status: { $0?.isNew == false ? "unchanged" : "created" },
      details: {
        Details(domains: $0.value?.domains.map(\.name) ?? [], migrations: $0.value?.migrations ?? [])
      }),
    verb: "created",
    sentence: { outcome in outcome.value.map { lines($0).joined(separator: "; ") } })

  private struct Details: Encodable, Sendable {
    let domains: [DomainName]
    let migrations: [MigrationVersion]
  }

  /// The new tenants: those of the file, or those that are named, with what the options say of each.
  private static func tenants(_ input: Input, _ settings: TenantDatabase.Settings) throws -> [NewTenant] {
    let names = input[self.names]
    guard names.isEmpty != (input[fromFile] == nil) else {
      throw names.isEmpty
        ? input.refusal("NAME or --from-file is required")
        : input.refusal("names and --from-file cannot be used together")
    }
    if names.count != 1, input[schema] != nil || !input[domains].isEmpty {
      throw input.refusal(
        "\(input[schema] == nil ? "--domain" : "--schema") is for one tenant",
        hint:
          "give it in the file of --from-file, in the column \(input[schema] == nil ? "domain" : "schema")")
    }
    let values = try Assignment.values(input[self.values], input)
    let new =
      try input[fromFile].map {
        try TenantFile.read($0) { try settings.names.admit($0, in: settings.registry) }
      }
      ?? names.map { NewTenant($0, schema: input[schema], domains: input[domains]) }
    return new.map { tenant in
      var tenant = tenant
      tenant.values.merge(values) { own, _ in own }
      tenant.isActive = !input[deactivated]
      tenant.isProtected = input[protect]
      return tenant
    }
  }

  /// Throws ``MigrationsRequired`` without a folder: in the wrong directory the tenant would have no tables.
  private static func migrations(_ session: Session) throws -> MigrationSet {
    do {
      return try session.migrations()
    } catch MigrationFolderError.missing(let path) {
      throw MigrationsRequired(folder: path)
    }
  }

  private static let names = RepeatedArgument(
    "NAME", parse: TenantName.init(word:), summary: "The new tenant's name.")
  private static let fromFile = Option(
    "from-file", placeholder: "FILE", completion: .files(extensions: ["csv"]), parse: Shared.path,
    summary: """
      Create the tenants of a CSV file, - is standard input. Its first line names the columns: name, schema, domain \
      (several with blanks between them) and custom columns of the registry.
      """)
  private static let ifNotExists = Flag(
    "if-not-exists", summary: "A tenant that already exists is not an error, and stays as it is.")
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
