package import Arguments
internal import Tenancy

/// The code of a command, and the formats of its result.
package struct Action: Sendable {
  /// Empty if there is no choice: the result is text.
  let formats: [OutputFormat]
  let run: @Sendable (Input, Session) async throws -> CommandResult

  init(formats: [OutputFormat], run: @escaping @Sendable (Input, Session) async throws -> CommandResult) {
    (self.formats, self.run) = (formats, run)
  }

  /// The code of a server, which ends when it is told to and prints no result.
  package init(serving run: @escaping @Sendable (Input, Session) async throws -> Void) {
    self.init(formats: []) { input, session in
      try await run(input, session)
      return CommandResult([String]()) { _ in [] }
    }
  }
}

extension Command<Action> {
  /// A command to run. Its option `--format` offers its formats and no others.
  init(
    _ name: String, summary: String, discussion: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    formats: [OutputFormat] = [.text, .json],
    examples: @autoclosure @escaping @Sendable () -> [Example] = [], section: String = "",
    manSections: @autoclosure @escaping @Sendable () -> [ManSection] = [], hidden: Bool = false,
    run: @escaping @Sendable (Input, Session) async throws -> CommandResult
  ) {
    self.init(
      name, summary: summary, discussion: discussion,
      parameters: parameters() + (formats.isEmpty ? [] : [Global.format(formats)]), examples: examples(),
      section: section, manSections: manSections(), hidden: hidden, action: Action(formats: formats, run: run)
    )
  }
}

/// The program, and everything that a user can type. A new command is one file and one line here.
public enum Tenantctl {
  /// The date of the man pages.
  package static let manualDate = "November 23, 2026"

  static let tree: CommandTree<Action> = CommandTree(
    "tenantctl", versionText: "tenantctl \(tenancyVersion)", date: manualDate,
    summary: "Administer schema-per-tenant PostgreSQL databases.",
    discussion: """
      One database has one schema per tenant, and a small registry in public that lists the tenants and their host names. \
      Compatible with flask-tenants; other registries are mapped in tenantctl.toml(5).
      """,
    parameters: Global.all,
    examples: [
      Example("tenantctl init", "Create the registry."),
      Example(
        "tenantctl create acme --domain acme.example.com", "Create a tenant with its schema and a domain."),
      Example("tenantctl migrate --all", "Apply pending migrations to every tenant."),
    ],
    exitStatuses: ExitStatus.allCases.map { (Int($0.rawValue), $0.meaning) }, peers: Peers.words,
    manSections: ManualSections.all,
    commands: [
      InitCommand.command, CreateCommand.command, DropCommand.command, RenameCommand.command,
      ListCommand.command,
      ShowCommand.command, SetCommand.command, ActivateCommand.command, DeactivateCommand.command,
      AdoptCommand.command,
      DomainCommand.command, ResolveCommand.command,
      MigrateCommand.command, RollbackCommand.command, StatusCommand.command, HistoryCommand.command,
      MigrationCommand.command,
      ExecCommand.command, PsqlCommand.command, RunCommand.command, DoctorCommand.command,
      CompletionCommand.command, HelpCommand.command, VersionCommand.command,
      CompleteCommand.command, GenerateCommand.command,
    ])
}

/// The headings under which help lists the commands.
enum Section {
  static let tenants = "Tenants"
  static let domains = "Domains"
  static let migrations = "Migrations"
  static let fleet = "Fleet"
  static let shell = "Shell"
}
