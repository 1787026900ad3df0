internal import Arguments
internal import Tenancy

enum InitCommand {
  static let command = Command<Action>(
    "init", summary: "Find the registry or create one; write tenantctl.toml and migrations/.",
    discussion: """
      Recognizes the tables of flask-tenants, django-tenants and stancl/tenancy by their columns; --tenants-table names \
      another table. Where most schemas are named as a prefix and a tenant's name or key, it finds the prefix, and in \
      another table the column with the name. An existing registry is reported, with notes on it, and not changed; if its \
      columns have other names than those of flask-tenants, the mapping is written to tenantctl.toml. An existing \
      [registry] section is checked and never rewritten.

      Without a registry, public.tenants and public.domains are created, with the same columns as flask-tenants' models. A \
      database with tenants' schemas but no known registry is refused, and so is one with two registries.

      --upgrade adds what a registry lacks: the column deactivated, unique constraints and foreign keys. It shows the SQL \
      and asks for confirmation; without a terminal --yes is required.

      --notify installs triggers on the registry's tables that notify which tenant has changed, on the channel \
      tenantctl_registry, for programs that keep the registry in memory: they learn of a change at once. It shows the SQL \
      and asks, as --upgrade does. If the registry's columns change later, run it again.

      Writes tenantctl.toml and the folders migrations/tenant and migrations/shared to the working directory, unless they \
      exist.
      """,
    parameters: [tenantsTable, domainsTable, new, upgrade, notify, noFiles, Shared.yes, Shared.dryRun],
    examples: [
      Example("tenantctl init", "Prepare the database and the working directory."),
      Example("tenantctl init --tenants-table accounts", "Use public.accounts as the table of tenants."),
      Example("tenantctl init --upgrade --dry-run", "Show the SQL that would add what the registry lacks."),
    ],
    section: Section.tenants
  ) { input, session in
    let database = try session.database()
    let change = try await database.planInitialize(
      try source(input, session), upgrade: input[upgrade], notify: input[notify])
    let files = try StarterFiles(
      for: change.result.registry, ledgerOf: try await database.ledgerOccupant(), session)
    let report = InitReport(change.result, files, writesFiles: !input[noFiles])
    if input[Shared.dryRun] { return report.dryRun(change.script, notifies: input[notify]) }
    if !input[noFiles] { try files.check() }
    if change.result.created.isEmpty, !change.script.isEmpty {
      try await session.confirm(
        "yes", ["This changes the registry's tables."], in: database, showing: change.script,
        unless: input[Shared.yes])
    }
    return try await session.make(change, dryRun: false) { registry in
      if !input[noFiles] { try files.write() }
      let report = InitReport(registry, files, writesFiles: !input[noFiles])
      return report.done(upgraded: input[upgrade], notifies: input[notify])
    }
  }

  private static func source(_ input: Input, _ session: Session) throws -> RegistrySource {
    let named = input[tenantsTable]
    if input[domainsTable] != nil && named == nil {
      throw input.refusal("--domains-table requires --tenants-table", hint: "give both")
    }
    if input[new] && (named != nil || input[upgrade]) {
      throw input.refusal(
        "--new and \(named == nil ? "--upgrade" : "--tenants-table") cannot be used together")
    }
    guard try session.configuration().tables.contains("registry") else {
      return input[new] ? .nowhere : named.map { .tables($0, domains: input[domainsTable]) } ?? .anywhere
    }
    if input[new] || named != nil {
      throw input.refusal(
        "\(try session.configuration().path ?? ConfigurationFile.name) already names the registry",
        hint: "change or remove [registry] there")
    }
    return .mapping
  }

  private static let tenantsTable = Option(
    "tenants-table", placeholder: "TABLE", parse: RegistryMapping.parse(table:),
    summary: "The app's table of tenants, as SCHEMA.TABLE, or TABLE if it is in public.")
  private static let domainsTable = Option(
    "domains-table", placeholder: "TABLE", parse: RegistryMapping.parse(table:),
    summary: "The app's table of domains. Default: the table with host names that refers to the tenants.")
  private static let new = Flag("new", summary: "Create a registry, even if the database seems to have one.")
  private static let upgrade = Flag("upgrade", summary: "Add what the registry lacks.")
  private static let notify = Flag(
    "notify", summary: "Install triggers that notify of changes of the registry.")
  private static let noFiles = Flag("no-files", summary: "Write no files.")
}

extension RegistryMapping {
  fileprivate static func parse(table text: String) throws -> QualifiedName {
    guard let table = table(text) else { throw Expected("a table, as SCHEMA.TABLE") }
    return table
  }
}
