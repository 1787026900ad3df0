internal import Arguments
internal import Tenancy

enum DomainAddCommand {
  static let command = Command<Action>(
    "add", summary: "Register a domain for a tenant.",
    discussion: """
      A tenant's first domain becomes primary, if the registry has a column for that. Upper case and a trailing dot are \
      normalized; a port, a space, an underscore or a character that is not ASCII is refused.
      """,
    parameters: [Shared.tenant, host, primary, values, Shared.dryRun],
    examples: [
      Example("tenantctl domain add acme www.acme.com", "Register a domain."),
      Example("tenantctl domain add acme acme.com --primary", "Register it, and make it the primary one."),
    ]
  ) { input, session in
    let database = try session.database()
    let change = try await database.planAddDomain(
      input[host], to: input[Shared.tenant], primary: input[primary],
      values: try Assignment.values(input[values], input)
    )
    let before = try? await database.resolve(host: Host(parsing: input[host].rawValue)).tenant
    let strips = try session.configuration().settings.registry.isDjangoTenants
    let ignores = try await database.routesByFirstLabelAlone()
    return try await session.make(change, dryRun: input[Shared.dryRun]) { domain in
      var result = CommandResult(
        domain,
        "added domain \(domain.name) to tenant \(domain.tenant)\(domain.isPrimary ? " (primary)" : "")")
      if let before, before.name != domain.tenant {
        result.notes = ["note: \(domain.name) led to tenant \(before.name) before, by its first label"]
      }
      if ignores, domain.name.firstLabel != domain.tenant.rawValue {
        result.notes += [
          """
          note: flask-tenants does not read domains, but takes the tenant from a host's first label: its app does not serve \
          \(domain.tenant) under \(domain.name)
          """
        ]
      }
      if strips, let bare = try input[host].withoutWWW {
        result.notes += [
          "note: django-tenants looks for \(bare) when a request is for \(domain.name): add \(bare)"
        ]
      }
      return result
    }
  }

  private static let host = Argument(
    "HOST", parse: DomainName.init(parsing:), summary: "The host name, without port.")
  private static let values = RepeatedOption(
    "set", placeholder: "COLUMN=VALUE", parse: Assignment.init(parsing:),
    summary: "Set a custom column of the table of domains.")
  private static let primary = Flag("primary", summary: "Make it the tenant's primary domain.")
}

extension DomainName {
  fileprivate var firstLabel: Substring { rawValue.prefix { $0 != "." } }

  /// What is left without the first label `www`; `nil` if it has none.
  fileprivate var withoutWWW: String? {
    rawValue.hasPrefix("www.") ? String(rawValue.dropFirst(4)) : nil
  }
}
