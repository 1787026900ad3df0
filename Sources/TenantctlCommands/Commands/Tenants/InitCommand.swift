internal import Arguments
internal import Tenancy

enum InitCommand {
  static let command = Command<Action>(
    "init", summary: "Find the registry or create one; write tenantctl.toml and migrations/.",
    discussion: """
      Looks first. The tables of flask-tenants and of django-tenants are known by their columns, an app's own table is \
      named by --tenants-table. What is found is told, with what is worth knowing about it, and left as it is; where the \
      columns have other names than flask-tenants', the mapping is written into tenantctl.toml. A [registry] that is \
      there is checked and never rewritten.

      Where there is no registry, public.tenants and public.domains are created, in the shape of flask-tenants' own \
      models. A database that has tenants' schemas and no registry that is known is refused, and so is one with two.

      --upgrade adds what a registry lacks: a column deactivated, unique constraints and foreign keys. It shows the SQL \
      and asks; without a terminal it wants --yes.

      Writes tenantctl.toml and the folders migrations/tenant and migrations/shared into the working directory, unless \
      they exist.
      """,
    parameters: [tenantsTable, domainsTable, new, upgrade, noFiles, Shared.yes, Shared.dryRun],
    examples: [
      Example("tenantctl init", "Prepare the database and the working directory."),
      Example("tenantctl init --tenants-table accounts", "The tenants are in public.accounts."),
      Example("tenantctl init --upgrade --dry-run", "Show the SQL that would add what the registry lacks."),
    ],
    section: Section.tenants
  ) { input, session in
    let change = try await session.database().planInitialize(
      try source(input, session), upgrade: input[upgrade])
    let files = try StarterFiles(for: change.result.registry, session)
    let report = InitReport(change.result, files, writesFiles: !input[noFiles])
    if input[Shared.dryRun] { return report.dryRun(change.script) }
    if !change.result.added.isEmpty {
      try session.confirm(
        "yes", ["This changes the registry's tables."], showing: change.script, unless: input[Shared.yes])
    }
    return try await session.make(change, dryRun: false) { _ in
      if !input[noFiles] { try files.write() }
      return report.done(upgraded: input[upgrade])
    }
  }

  private static func source(_ input: Input, _ session: Session) throws -> RegistrySource {
    let named = input[tenantsTable]
    if input[domainsTable] != nil && named == nil {
      throw input.refusal("--domains-table says nothing without --tenants-table", hint: "give both")
    }
    if input[new] && (named != nil || input[upgrade]) {
      throw input.refusal("--new and \(named == nil ? "--upgrade" : "--tenants-table") exclude each other")
    }
    guard try session.configuration().tables.contains("registry") else {
      return input[new] ? .nowhere : named.map { .tables($0, domains: input[domainsTable]) } ?? .anywhere
    }
    if input[new] || named != nil {
      throw input.refusal(
        "\(try session.configuration().path ?? ConfigurationFile.name) says already where the registry is",
        hint: "change [registry] there, or take it out")
    }
    return .mapping
  }

  private static let tenantsTable = Option(
    "tenants-table", placeholder: "TABLE", parse: RegistryMapping.parse(table:),
    summary: "The app's table of tenants, as SCHEMA.TABLE or, in public, TABLE.")
  private static let domainsTable = Option(
    "domains-table", placeholder: "TABLE", parse: RegistryMapping.parse(table:),
    summary: "Its table of domains. Without it: the one that refers to the tenants and has host names.")
  private static let new = Flag("new", summary: "Create a registry, whatever else the database has.")
  private static let upgrade = Flag("upgrade", summary: "Add what the registry lacks.")
  private static let noFiles = Flag("no-files", summary: "Only the database; write no files.")
}

extension RegistryMapping {
  fileprivate static func parse(table text: String) throws -> Table {
    guard let table = table(text) else { throw Expected("a table, as SCHEMA.TABLE") }
    return table
  }
}
