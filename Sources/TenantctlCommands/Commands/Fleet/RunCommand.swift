internal import Arguments
internal import Tenancy

enum RunCommand {
  static let command = Command<Action>(
    "run", summary: "Run a program for each tenant.",
    discussion: """
      The program's environment has the tenant's name in TENANT and the schema in TENANT_SCHEMA; the connection in PGHOST, \
      PGDATABASE, PGPASSWORD and so on, and in DATABASE_URL; and the search path in PGOPTIONS: the tenant's schema, then \
      public. So every program that uses libpq works on the tenant's tables. (A pooler such as PgBouncer does not keep \
      PGOPTIONS: connect to PostgreSQL directly.)

      The program's output is printed line by line after the tenant's name, each stream separately; with --format json or \
      ndjson it is part of the result. Its standard input is empty, and it has no terminal. It is not run by a shell: for \
      pipes and variables use sh -c. Ctrl-C is passed on to the running programs, and no other program is started. If the \
      output is closed, the run goes on to the last tenant.

      The exit status is 5 if a program did not exit with status 0, 130 after an interruption.
      """,
    parameters: Selection.parameters + RunOptions.common + [words],
    formats: [.text, .json, .ndjson],
    examples: [
      Example("tenantctl run --all -- ./manage.py refresh", "Run an app's own command for every tenant."),
      Example(
        "tenantctl run --all --jobs 8 -- sh -c 'pg_dump -n \"$TENANT_SCHEMA\" > \"$TENANT.sql\"'",
        "Dump every tenant to its own file."),
    ],
    section: Section.fleet
  ) { input, session in
    let selection = try await Selection.read(input, session)
    // A mistyped program is one error, not one for each tenant.
    try Program(words: input[words], environment: session.environment).check()
    let database = try session.database()
    let tenants = try await database.tenants(in: selection)
    try tenants.refuseSharedSchemas()
    let client = try await database.clientEnvironmentForTenants()
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
      var run = run
      // The programs' connections are their own: the run would not notice that one of them gets none.
      let most = run.jobs > 1 ? try await database.programsAtATime() : 1
      if most < run.jobs {
        progress.tellFewerPrograms(run.jobs, most)
        run.jobs = most
      }
      return await tenants.forEach(run) { tenant in
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
