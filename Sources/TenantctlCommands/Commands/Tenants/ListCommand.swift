internal import Arguments
internal import Tenancy

enum ListCommand {
  static let command = Command<Action>(
    "list", summary: "List the tenants.",
    discussion: """
      Lists the rows of the registry. The JSON form also says whether each tenant's schema exists (schema_exists); \
      'tenantctl doctor' finds tenants whose schema is missing.
      """,
    parameters: Selection.parameters + [Shared.migrations],
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
    let selection = try Selection.read(input, session, whenNone: FleetSelection())
    let entries = try await session.database().list(selection, withState: session.format != .text)
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
}
