internal import Arguments
internal import Tenancy

enum VersionCommand {
  static let command = Command<Action>(
    "version", summary: "Print the version.",
    examples: [Example("tenantctl version", "Print the version.")],
    section: Section.shell
  ) { _, _ in
    CommandResult(["version": tenancyVersion], names: [tenancyVersion], "tenantctl \(tenancyVersion)")
  }
}
