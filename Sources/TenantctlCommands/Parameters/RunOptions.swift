internal import Arguments
internal import Tenancy

/// The options of a fleet run: the same for every command.
enum RunOptions {
  enum OnError: String, CaseIterable, Sendable {
    case `continue`, stop
  }

  private static let jobs = Option(
    "jobs", short: "j", placeholder: "N", environment: "TENANTCTL_JOBS",
    // More than any server has connections for.
    parse: { try PositiveNumber(parsing: $0, atMost: 10_000) },
    summary: "Work on N tenants at a time. Default: 8, but at most a quarter of the free connections.")
  static let onError = DefaultedOption(
    "on-error", placeholder: "ACTION", choices: OnError.self, default: .continue,
    summary: "What to do when a tenant fails.")
  static let maxFailures = Option(
    "max-failures", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "Start no other tenant after N have failed.")
  static let canary = Option(
    "canary", placeholder: "N", parse: PositiveNumber.init(parsing:),
    summary: "The first N tenants must succeed before any other is started.")
  static let retries = DefaultedOption(
    "retries", placeholder: "N", default: FleetRetry.usual, defaultText: "\(FleetRetry.usual)",
    environment: "TENANTCTL_RETRIES",
    parse: { text throws -> Int in
      guard let value = Int(text), value >= 0 else { throw Expected("a whole number, 0 or more") }
      return value
    }, summary: "Try a tenant again up to N times when another session holds a lock that it needs.")

  static let report = Option(
    "report", placeholder: "junit=FILE", parse: ReportTarget.init(parsing:),
    summary: "Write a JUnit XML report to FILE, with a test case for each tenant.")

  static let statementTimeout = Option(
    "statement-timeout", placeholder: "TIME",
    parse: { text throws -> Duration in
      // PostgreSQL reads a bare number as milliseconds; a user who types 30 means seconds.
      guard let duration = Duration(postgresSetting: text) else {
        throw Expected("a time such as 30s, 500ms or 1min")
      }
      return duration
    }, summary: "Cancel a statement that takes longer, such as 30s. Default: the server's setting.")

  /// What every run over the fleet has.
  static let common: [any Parameter] = [jobs, onError, maxFailures, canary, report]

  static let parameters: [any Parameter] = common + [retries, statementTimeout]

  /// Refuses `--report` together with a flag that leaves nothing to report.
  static func refuseReport(_ input: Input, with flags: [Flag]) throws {
    guard input[report] != nil, let flag = flags.first(where: { input[$0] }) else { return }
    throw input.refusal(
      "--report and --\(flag.declaration.name) cannot be used together",
      hint: "the report tells of a run, and --\(flag.declaration.name) does not run anything")
  }

  /// What the words say about a run; further attempts only where the command has ``retries``.
  static func read<Value>(_ input: Input, into run: inout FleetRun<Value>) {
    run.maxFailures = input[onError] == .stop ? 1 : input[maxFailures]?.value
    run.canaries = input[canary]?.value ?? 0
    if input[jobs] == nil { run.jobsAtOnce = 4 }
  }

  /// How many connections such a run may need.
  static func connections(_ input: Input) -> Int { input[jobs]?.value ?? TenantDatabase.mostJobs }

  /// The same for a run whose commits are flushed to disk over another connection.
  static func connectionsWithFlush(_ input: Input) -> Int { connections(input) + 1 }

  /// How many tenants at a time; the server is not asked for a run over one tenant.
  static func jobs(_ input: Input, _ database: TenantDatabase, for count: Int) async throws -> Int {
    if let said = input[jobs]?.value { return said }
    return count < 2 ? 1 : try await database.affordableJobs()
  }
}
