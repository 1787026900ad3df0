internal import Arguments
internal import Tenancy

enum VersionCommand {
  static let command = Command<Action>(
    "version", summary: "Print the version.",
    examples: [Example("tenantctl version", "Print the version.")],
    section: Section.shell
  ) { _, _ in
    var result = CommandResult(["version": tenancyVersion], "tenantctl \(tenancyVersion)")
    result.names = [tenancyVersion]
    return result
  }
}
