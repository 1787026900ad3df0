internal import Arguments
internal import Tenancy

enum ExecCommand {
  static let command = Command<Action>(
    "exec", summary: "Run SQL in tenants and combine the results.",
    discussion: """
      In each tenant the statements are one transaction in one round trip, and unqualified names find the tenant's tables \
      first, then those of public. The transaction is read-only without --write. A statement waits for a lock at most \
      lock_timeout (2 s, see tenantctl.toml(5)).

      The output is the result of the last statement from all tenants, in one table with the tenant's name as the first \
      column; for a statement without rows it is the number of affected rows. Results with different columns are an \
      error. Text and JSON are printed at the end, sorted by tenant. --format csv and ndjson print each tenant's rows when \
      they arrive and keep none, so use them for large results; they report failures on standard error. If the \
      output is closed, a run without --write ends; one with --write goes on to the last tenant.

      The exit status is 5 if a tenant failed, 130 after an interruption. Changes of the other tenants stay committed.
      """,
    parameters: Selection.parameters + [sql, file, write, RunOptions.statementTimeout] + RunOptions.common,
    formats: OutputFormat.list,
    examples: [
      Example(
        "tenantctl exec --all -c 'SELECT count(*) FROM tanks'", "Count a table's rows in every tenant."),
      Example(
        "tenantctl exec --all -f report.sql --format csv > report.csv",
        "Write the results of all tenants to one file."),
      Example(
        "tenantctl exec acme globex --write -c \"UPDATE tanks SET name = trim(name)\"",
        "Change rows in two tenants."),
    ],
    section: Section.fleet
  ) { input, session in
    if input[file] == "-", input[Selection.fromFile].contains("-") {
      throw input.refusal(
        "--from-file - and -f - cannot be used together",
        hint: "both read standard input; name a file for one")
    }
    let selection = try await Selection.read(input, session)
    let script = try script(input)
    var options = ExecOptions()
    options.mayWrite = input[write]
    options.readsISODates = [.json, .ndjson].contains(session.format)
    options.statementTimeout = input[RunOptions.statementTimeout]
    return try await run(script, selection, options, input, session)
  }

  private static func run(
    _ script: ExecScript, _ selection: FleetSelection, _ options: ExecOptions, _ input: Input,
    _ session: Session
  ) async throws -> CommandResult {
    let database = try session.database(connections: RunOptions.connections(input))
    let tenants = try await database.tenants(in: selection)
    let output = ExecOutput(session, mayWrite: options.mayWrite)
    let end = try await output.command.run(tenants.count, of: database, input, session) { run, progress in
      try await database.exec(script, in: tenants, options, run) { output.receive($0, $1, progress) }
    }
    return try output.result(end)
  }

  private static func script(_ input: Input) throws -> ExecScript {
    let texts = input[sql]
    switch (texts.isEmpty, input[file]) {
    case (false, nil):
      return try ExecScript(
        texts.enumerated().map { number, text in
          (name: texts.count == 1 ? "-c" : "-c \(number + 1)", bytes: Array(text.utf8))
        })
    case (true, let file?):
      return try ExecScript([(name: file == "-" ? "stdin" : file, bytes: Files.bytes(file))])
    case (true, nil):
      throw input.refusal("-c or -f is required", hint: "give the SQL with -c, or a file with -f")
    default: throw input.refusal("-c and -f cannot be used together")
    }
  }

  private static let sql = RepeatedOption(
    "command", short: "c", placeholder: "SQL", parse: { $0 },
    summary: "The statements to run; given again: and then these.")
  private static let file = Option(
    "file", short: "f", placeholder: "FILE", completion: .files(extensions: ["sql"]), parse: Shared.path,
    summary: "The file with the statements to run; - is standard input.")
  static let write = Flag("write", summary: "Allow the statements to write.")
}
