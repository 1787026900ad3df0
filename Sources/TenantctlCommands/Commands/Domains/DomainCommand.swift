internal import Arguments

enum DomainCommand {
  static let command = Command<Action>(
    "domain", summary: "Manage the host names of tenants.",
    discussion: "A tenant can have any number of domains; at most one of them is primary.",
    section: Section.domains,
    subcommands: [
      DomainAddCommand.command, DomainRemoveCommand.command, DomainPrimaryCommand.command,
      DomainListCommand.command,
    ])
}
