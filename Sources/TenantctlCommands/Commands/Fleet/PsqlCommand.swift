internal import Arguments
internal import Tenancy

enum PsqlCommand {
  static let command = Command<Action>(
    "psql", summary: "Open psql in a tenant's schema.",
    discussion: """
      Starts psql from PATH with the connection that tenantctl would use. The search path is the tenant's schema, then \
      public, and the prompt begins with the tenant's name. The connection and its password are passed in the environment, \
      which other users of the machine cannot read.

      The search path is set in PGOPTIONS, which a pooler such as PgBouncer does not keep: connect to PostgreSQL directly.

      The exit status is psql's.
      """,
    parameters: [Shared.tenant, arguments],
    examples: [
      Example("tenantctl psql acme", "Open psql in the tenant acme."),
      Example("tenantctl psql acme -- -c '\\d'", "Pass arguments to psql."),
    ],
    section: Section.fleet
  ) { input, session in
    let database = try session.database()
    let tenant = try await database.tenantWithSchema(input[Shared.tenant])
    let client = try await database.clientEnvironmentForTenants()
    await database.close()
    let program = Program(
      words: ["psql", "-v", "PROMPT1=\(prompt(tenant))"] + input[arguments],
      environment: client.variables(for: tenant, inheriting: session.environment))
    try program.replaceProcess()
  }

  /// The name, in which a percent sign must be escaped, and psql's default prompt.
  private static func prompt(_ tenant: Tenant) -> String {
    "\(tenant.name.description.replacing("%", with: "%%")) %/%R%x%# "
  }

  private static let arguments = TrailingArguments("ARGS", summary: "Arguments for psql.")
}
