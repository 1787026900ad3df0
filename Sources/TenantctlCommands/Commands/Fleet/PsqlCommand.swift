internal import Arguments
internal import SQLText
internal import Tenancy

enum PsqlCommand {
  static let command = Command<Action>(
    "psql", summary: "Open psql in a tenant's schema.",
    discussion: """
      Starts psql from PATH with the connection that tenantctl would use. The search path is the tenant's schema, then \
      public, and the prompt begins with the tenant's name. The connection and its password are passed in the environment, \
      which other users of the machine cannot read.

      The search path is set in PGOPTIONS, which a pooler such as PgBouncer does not keep: connect to PostgreSQL directly. A \
      ~/.psqlrc that sets another one is a warning: -X makes psql ignore the file.

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
    if let file = startupFile(input[arguments], session.environment), setsSearchPath(file) {
      session.warn(
        """
        \(file) sets search_path, so psql does not work in tenant \(tenant.name): remove the line, or add -X: \
        'tenantctl psql \(tenant.name.word) -- -X'
        """)
    }
    let program = Program(
      words: ["psql", "-v", "PROMPT1=\(prompt(tenant))"] + input[arguments],
      environment: client.variables(for: tenant, inheriting: session.environment))
    try program.replaceProcess()
  }

  /// The file that psql runs after it has connected; `nil` if it is told to run none.
  private static func startupFile(_ words: [String], _ environment: [String: String]) -> String? {
    let isIgnored = words.contains { word in
      // Letters behind one of an option with a value are that value.
      word == "--no-psqlrc"
        || word.hasPrefix("-") && !word.hasPrefix("--")
          && word.prefix { !"cdfvLoPRFTUhp".contains($0) }.contains("X")
    }
    return isIgnored ? nil : environment["PSQLRC"] ?? environment["HOME"].map { "\($0)/.psqlrc" }
  }

  private static func setsSearchPath(_ file: String) -> Bool {
    guard let text = try? Files.read(file) else { return false }
    return text.split(whereSeparator: \.isNewline).contains { line in
      !line.trimmingWhitespace().hasPrefix("--") && line.lowercased().contains("search_path")
    }
  }

  /// The name, in which a percent sign must be escaped, and psql's default prompt.
  private static func prompt(_ tenant: Tenant) -> String {
    "\(tenant.name.description.replacingText("%", with: "%%")) %/%R%x%# "
  }

  private static let arguments = TrailingArguments("ARGS", summary: "Arguments for psql.")
}
