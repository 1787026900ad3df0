internal import Arguments
internal import Tenancy

enum DomainRemoveCommand {
  static let command = Command<Action>(
    "remove", summary: "Remove a domain.",
    discussion:
      "A primary domain cannot be removed while its tenant has others: make another one primary first.",
    parameters: [Shared.domain, Shared.dryRun],
    examples: [
      Example("tenantctl domain remove www.acme.com", "Remove the domain from its tenant.")
    ]
  ) { input, session in
    let change = try await session.database().planRemoveDomain(input[Shared.domain])
    return try await session.make(change, dryRun: input[Shared.dryRun]) { domain in
      let tenant = domain.tenant.map { " from tenant \($0)" } ?? ", which had no tenant"
      return CommandResult(domain, "removed domain \(domain.name)\(tenant)")
    }
  }
}
