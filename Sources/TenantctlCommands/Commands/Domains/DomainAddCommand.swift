internal import Arguments
internal import SQLText
internal import Tenancy

enum DomainAddCommand {
  static let command = Command<Action>(
    "add", summary: "Register a domain for a tenant.",
    discussion: """
      A tenant's first domain is primary, where the registry has a column for that. Upper case and a trailing dot are put right; a port, a space, an underscore or \
      a letter beyond ASCII is refused.
      """,
    parameters: [Shared.tenant, host, primary, values, Shared.dryRun],
    examples: [
      Example("tenantctl domain add acme www.acme.com", "Register a domain."),
      Example("tenantctl domain add acme acme.com --primary", "Register it, and make it the primary one."),
    ]
  ) { input, session in
    let change = try await session.database().planAddDomain(
      input[host], to: input[Shared.tenant], primary: input[primary], values: Assignment.values(input[values])
    )
    return try await session.make(change, dryRun: input[Shared.dryRun]) { domain in
      CommandResult(
        domain,
        "added domain \(domain.name) to tenant \(domain.tenant)\(domain.isPrimary ? " (primary)" : "")")
    }
  }

  private static let host = Argument(
    "HOST", parse: DomainName.init(parsing:), summary: "The host name, without port.")
  private static let values = RepeatedOption(
    "set", placeholder: "COLUMN=VALUE", parse: Assignment.init(parsing:),
    summary: "A value for a column that the table of domains has beside ours.")
  private static let primary = Flag("primary", summary: "Make it the tenant's primary domain.")
}
