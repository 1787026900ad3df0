internal import Arguments
internal import Tenancy

enum DomainPrimaryCommand {
  static let command = Command<Action>(
    "primary", summary: "Make a domain the primary domain of its tenant.",
    discussion: "The previous primary domain stays registered.",
    parameters: [Shared.domain, Shared.dryRun],
    examples: [
      Example("tenantctl domain primary acme.com", "Make acme.com the primary domain of its tenant.")
    ]
  ) { input, session in
    let change = try await session.database().planSetPrimary(input[Shared.domain])
    return try await session.make(change, dryRun: input[Shared.dryRun]) { domain in
      CommandResult(domain, "domain \(domain.name) is primary for tenant \(domain.tenant)")
    }
  }
}
