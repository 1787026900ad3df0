internal import Arguments
internal import Tenancy

enum PsqlCommand {
  static let command = Command<Action>(
    "psql", summary: "Open psql in a tenant's schema.",
    discussion: """
      Starts the psql that is found on PATH, connected as tenantctl would be. The search path is the tenant's schema, \
      then public, and the prompt begins with the tenant's name. The connection, with its password, is handed over in \
      the environment, where other users of the machine cannot see it.

      The search path is set in PGOPTIONS: PgBouncer refuses that, so connect to PostgreSQL itself.

      The status is psql's own.
      """,
    parameters: [Shared.tenant, arguments],
    examples: [
      Example("tenantctl psql acme", "Look around in the tenant acme."),
      Example("tenantctl psql acme -- -c '\\d'", "Hand arguments to psql."),
    ],
    section: Section.fleet
  ) { input, session in
    let database = try session.database()
    let tenant = try await database.tenantWithSchema(input[Shared.tenant])
    let client = try await database.clientEnvironment()
    await database.close()
    let program = Program(
      words: ["psql", "-v", "PROMPT1=\(prompt(tenant))"] + input[arguments],
      environment: client.variables(for: tenant, inheriting: session.environment))
    try program.replaceProcess()
  }

  /// psql's default prompt after the name, in which a percent sign would have a meaning.
  private static func prompt(_ tenant: Tenant) -> String {
    "\(tenant.name.description.replacing("%", with: "%%")) %/%R%x%# "
  }

  private static let arguments = TrailingArguments("ARGS", summary: "Arguments for psql.")
}
