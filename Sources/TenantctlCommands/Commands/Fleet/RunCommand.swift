internal import Arguments
internal import Tenancy

enum RunCommand {
  static let command = Command<Action>(
    "run", summary: "Run a program for each of the tenants.",
    discussion: """
      The program finds in its environment the tenant's name as TENANT and the schema as TENANT_SCHEMA; the connection \
      as PGHOST, PGDATABASE, PGPASSWORD and so on, and as DATABASE_URL; and in PGOPTIONS the search path, the tenant's \
      schema and then public, so that whatever uses libpq works on the tenant's tables. (PgBouncer refuses PGOPTIONS: \
      connect to PostgreSQL itself.)

      What it writes is printed line by line behind the tenant's name, each stream to its own; with --format json or \
      ndjson it is part of the result. It has nothing on standard input, and no terminal to ask on. It is no shell: for \
      pipes and variables run sh -c. Ctrl-C is passed on to the programs that run, and no other is started.

      The status is 5 if a program did not end with status 0, 130 after an interruption.
      """,
    parameters: Selection.parameters + RunOptions.common + [words],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl run --all -- ./manage.py refresh", "Run an app's own command for every tenant."),
      Example(
        "tenantctl run --all --jobs 8 -- sh -c 'pg_dump -n \"$TENANT_SCHEMA\" > \"$TENANT.sql\"'",
        "Dump every tenant to a file of its own."),
    ],
    section: Section.fleet
  ) { input, session in
    let selection = try Selection.read(input, session)
    // A typing error is one error, not one for each tenant.
    try Program(words: input[words], environment: session.environment).check()
    let database = try session.database()
    let tenants = try await database.tenants(in: selection)
    let client = try await database.clientEnvironment()
    return try await run(tenants, of: database, client, input, session)
  }

  private static func run(
    _ tenants: SelectedTenants, of database: TenantDatabase, _ client: ClientEnvironment, _ input: Input,
    _ session: Session
  ) async throws -> CommandResult {
    let children = ChildPrograms()
    let words = input[words]
    let command = RunSummary.command(passingOn: children.signal)
    let end = try await command.run(tenants.count, of: database, input, session) { run, progress in
      await tenants.forEach(run) { tenant in
        try await database.checkSchema(of: tenant)
        let output = ProgramOutput(of: tenant, session, progress)
        let program = Program(
          words: words, environment: client.variables(for: tenant, inheriting: session.environment))
        let end = try await children.run(program, receive: output.receive)
        let (stdout, stderr) = output.finish()
        let result = ProgramRun(stdout: stdout, stderr: stderr)
        guard end == .exited(0) else { throw ProgramFailed(program: words[0], end: end, run: result) }
        return result
      }
    }
    return RunSummary.result(end, session)
  }

  private static let words = TrailingArguments(
    "COMMAND", minimum: 1, summary: "The program, found on PATH, and its arguments.")
}
