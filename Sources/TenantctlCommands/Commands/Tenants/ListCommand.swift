internal import Arguments
internal import Tenancy

enum ListCommand {
  static let command = Command<Action>(
    "list", summary: "List the tenants.",
    discussion: """
      Lists the rows of the registry. The JSON form also says whether each tenant's schema exists (schema_exists); \
      'tenantctl doctor' finds tenants whose schema is missing.
      """,
    parameters: [Selection.active, deactivated, Selection.match, behind, Shared.migrations],
    formats: OutputFormat.list,
    examples: [
      Example("tenantctl list", "List all tenants."),
      Example("tenantctl list --deactivated --quiet", "Print the names of deactivated tenants, one a line."),
      Example(
        "tenantctl list --match 'eu_*' --format json",
        "Print everything about the matching tenants as JSON."),
    ],
    section: Section.tenants
  ) { input, session in
    if input[Selection.active] && input[deactivated] {
      throw input.refusal("--active and --deactivated cannot be used together")
    }
    let filter = TenantFilter(
      isActive: input[Selection.active] ? true : input[deactivated] ? false : nil,
      match: input[Selection.match])
    let database = try session.database()
    var entries = try await database.list(filter, withState: session.format != .text || input[behind])
    if input[behind] {
      let names = try await database.behind(entries.map(\.tenant), try session.migrations())
      entries = entries.filter { names.contains($0.tenant.name) }
    }
    return CommandResult(
      list: entries, names: entries.map(\.tenant.name.rawValue), table: table(entries),
      whenEmpty: "no tenants")
  }

  private static func table(_ entries: [TenantEntry]) -> Table {
    Table(
      columns: ["NAME", "STATE", "PRIMARY DOMAIN", "DOMAINS"],
      rows: entries.map { entry in
        [
          Table.Cell(entry.tenant.name.rawValue),
          entry.tenant.isActive ? Table.Cell("active", .good) : Table.Cell("deactivated", .bad),
          .optional(entry.primaryDomain?.rawValue), .count(entry.domains.count),
        ]
      }, numeric: ["DOMAINS"])
  }

  private static let deactivated = Flag("deactivated", summary: "List only deactivated tenants.")
  private static let behind = Flag("behind", summary: "List only tenants with pending migrations.")
}
