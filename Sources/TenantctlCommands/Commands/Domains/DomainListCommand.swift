internal import Arguments
internal import Tenancy

enum DomainListCommand {
  static let command = Command<Action>(
    "list", summary: "List the domains of a tenant, or of all tenants.",
    parameters: [tenant],
    formats: OutputFormat.list,
    examples: [
      Example("tenantctl domain list", "List all domains."),
      Example("tenantctl domain list acme --quiet", "Print the host names of acme, one a line."),
    ]
  ) { input, session in
    let domains = try await session.database().domains(of: input[tenant].map { [$0] })
    return CommandResult(
      list: domains, names: domains.map(\.name.rawValue),
      table: Table(
        columns: ["DOMAIN", "TENANT", "PRIMARY"],
        rows: domains.map {
          [
            Table.Cell($0.name.rawValue), Table.Cell($0.tenant.rawValue),
            $0.isPrimary ? Table.Cell("primary", .good) : .none,
          ]
        }), whenEmpty: "no domains")
  }

  private static let tenant = OptionalArgument(
    "NAME", completion: .dynamic("tenant"), parse: TenantName.init(word:), summary: "The tenant.")
}
