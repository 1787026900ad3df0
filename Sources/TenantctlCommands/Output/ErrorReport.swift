internal import Arguments
internal import Tenancy

/// An error as a user meets it: what is wrong, what to do about it, and how a script tells it from others.
struct ErrorReport: Sendable {
  /// For scripts; never changes.
  let code: String
  private(set) var status: ExitStatus
  /// A sentence; more lines may follow.
  let message: String
  /// What to do, with the command to run where there is one.
  let hint: String?
  /// PostgreSQL's error code, if the server said no.
  let sqlState: String?
  /// The tenant that it concerns; `nil` if it concerns no tenant, or several.
  private(set) var tenant: TenantName?

  init(
    _ code: String, _ status: ExitStatus, _ message: String, hint: String? = nil, sqlState: String? = nil
  ) {
    self.code = code
    self.status = status
    self.message = message
    self.hint = hint
    self.sqlState = sqlState
  }

  /// What a signal ended in the middle.
  init(interruptedKnowing known: String) {
    self.init(
      "interrupted", .interrupted, "interrupted: \(known)",
      hint: "the server rolls back what it has not committed; look before you run the command again")
  }

  /// What went wrong when the work was to end: that it ends is what a script waits for.
  init(interruptedBy error: any Error) {
    self.init(error)
    status = .interrupted
  }

  /// The report of any error that reaches the edge.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as TenancyProblem: ErrorReport(tenancy: error)
      case let error as UsageError: ErrorReport(usage: error)
      case let error as ConfigurationError: ErrorReport(configuration: error)
      case let error as MigrationFolderError: ErrorReport(folder: error)
      case let error as FileProblem:
        ErrorReport(
          "file", .failed, "\(error.path): \(error.reason)", hint: "check the path and its permissions")
      case let error as ProgramNotStarted:
        ErrorReport(
          "program", .failed, "cannot run \(error.name): \(error.reason)",
          hint: error.isMissing ? "install it, or put its folder on PATH" : nil)
      case let error as ProgramFailed: ErrorReport(program: error)
      case let error as OutputClosed:
        ErrorReport(
          "output", .failed, "cannot write the result: \(error.reason)",
          hint: "nothing else has failed: what the command was to change is changed")
      case let error as NeedsConfirmation:
        ErrorReport(
          "confirmation_needed", .refused, "\(error.warning) There is no terminal to ask on.",
          hint: "give --yes if you mean it")
      case let error as MangledWord:
        ErrorReport(
          "usage", .usage, "'\(error.word)' is not UTF-8",
          hint: "check the encoding of the script or the terminal that it comes from")
      case is NotConfirmed:
        ErrorReport("not_confirmed", .refused, "not confirmed; nothing was changed")
      case is CancellationError:
        ErrorReport("interrupted", .interrupted, "interrupted; what was under way was rolled back")
      default: ErrorReport("internal", .failed, "\(error)")
      }
    tenant = (error as? TenancyProblem)?.tenant
  }

  private init(usage error: UsageError) {
    let message = error.message { Self.explanation(of: $0).reason }
    let hint =
      if case .invalidValue(_, _, _, let underlying) = error.problem {
        Self.explanation(of: underlying).hint
      } else { String?.none }
    self.init("usage", .usage, message, hint: hint ?? error.hint)
  }

  /// Why a value is refused, without the value, and what to do about it.
  private static func explanation(of error: any Error) -> (reason: String, hint: String?) {
    switch error {
    case let error as TenancyProblem:
      let report = ErrorReport(tenancy: error)
      return (report.reason ?? report.message, report.hint)
    case let error as InvalidMigrationVersion: return ("it is not a migration's version", error.hint)
    default: return ("\(error)", nil)
    }
  }

  private init(configuration error: ConfigurationError) {
    let place = [error.line, error.column].compactMap { $0.map(String.init) }.map { ":\($0)" }.joined()
    self.init("configuration", .usage, "\(error.path)\(place): \(error.message)", hint: error.hint)
  }

  private init(folder error: MigrationFolderError) {
    switch error {
    case .missing(let path):
      self.init(
        "migrations_missing", .usage, "there is no folder of migrations at \(path)",
        hint:
          "run this in the project's folder, or name it with --migrations; 'tenantctl migration new NAME' makes one"
      )
    case .inaccessible(let path, let reason):
      self.init("file", .failed, "\(path): \(reason)", hint: "check the path and its permissions")
    case .invalid(let files): self.init(files: files)
    case .badName(let name):
      self.init(
        "usage", .usage, "'\(name)' is no name for a migration",
        hint: "say in a few words what it does, as add_capacity")
    case .noSource: self.init("file", .usage, error.message, hint: error.hint)
    case .nothingToImport: self.init("import_refused", .refused, error.message, hint: error.hint)
    case .occupied: self.init("folder_occupied", .refused, error.message, hint: error.hint)
    }
  }

  /// Every problem of every file, each with its place and its way out.
  init(files: MigrationFilesInvalid) {
    let problems = files.problems.map { "\($0)\n    \($0.hint)" }
    self.init(
      "migration_files", .usage,
      "\(counted(files.problems.count, "problem")) in the migration files; nothing was run\n"
        + problems.map { "  \($0)" }.joined(separator: "\n"),
      hint: "mend the files; 'tenantctl migration list' checks them without a database")
  }

  /// What is common to the same failure of several tenants.
  var cause: String { [message, hint.map { "hint: \($0)" }].compactMap { $0 }.joined(separator: "\n") }

  /// For an argument's error, where the message would repeat the argument.
  private var reason: String? {
    code.hasPrefix("invalid_") ? message.split(separator: ": ", maxSplits: 1).last.map(String.init) : nil
  }

  /// In JSON.
  struct Document: Encodable, Sendable {
    let code, message: String
    let hint, sqlstate: String?
    let tenant: TenantName?
  }

  /// In JSON.
  /// - Parameter tenant: with which tenant it went wrong, where the error need not say it.
  func document(of tenant: TenantName? = nil) -> Document {
    Document(code: code, message: message, hint: hint, sqlstate: sqlState, tenant: tenant ?? self.tenant)
  }

  func lines(_ style: Style) -> [String] {
    [style.red("error:") + " \(message)"] + (hint.map { [style.bold("hint:") + " \($0)"] } ?? [])
  }
}
