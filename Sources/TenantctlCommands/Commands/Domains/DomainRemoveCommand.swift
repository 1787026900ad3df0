internal import Arguments
internal import Tenancy

enum DomainRemoveCommand {
  static let command = Command<Action>(
    "remove", summary: "Remove a domain.",
    discussion: "The primary domain of a tenant that has others is refused: make another one primary first.",
    parameters: [Shared.domain, Shared.dryRun],
    examples: [
      Example("tenantctl domain remove www.acme.com", "Remove the domain from whichever tenant has it.")
    ]
  ) { input, session in
    let change = try await session.database().planRemoveDomain(input[Shared.domain])
    return try await session.make(change, dryRun: input[Shared.dryRun]) { domain in
      CommandResult(domain, "removed domain \(domain.name) from tenant \(domain.tenant)")
    }
  }
}
