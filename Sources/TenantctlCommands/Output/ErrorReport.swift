internal import Arguments
internal import SQLText
internal import Tenancy

/// An error as it is shown: what happened, what to do about it, and a code for scripts.
struct ErrorReport: Sendable {
  /// For scripts; never changes.
  let code: String
  private(set) var status: ExitStatus
  /// A sentence; more lines may follow.
  let message: String
  /// What to do, with the command to run if one exists; without what it says about changes.
  private var advice: String?
  private var assurance: Assurance?
  /// PostgreSQL's error code, if the server reported the error.
  let sqlState: String?
  /// The tenant that it concerns; `nil` if it concerns no tenant, or several.
  private(set) var tenant: TenantName?

  init(
    _ code: String, _ status: ExitStatus, _ message: String, hint: String? = nil,
    assurance: Assurance? = nil, sqlState: String? = nil
  ) {
    self.code = code
    self.status = status
    // Whatever was typed may be a connection string that has got into the wrong place.
    self.message = withoutPasswords(message)
    advice = hint.map(withoutPasswords)
    self.assurance = assurance
    self.sqlState = sqlState
  }

  /// A command that a signal ended at once.
  init(interruptedKnowing known: String) {
    self.init(
      "interrupted", .interrupted, "interrupted: \(known)",
      hint: "the server rolls back what is not committed; check the state before you run the command again")
  }

  /// An error after a signal: the exit status tells a script that the command was interrupted.
  init(interruptedBy error: any Error) {
    self.init(error)
    status = .interrupted
  }

  /// The same with another line in the message.
  func adding(_ line: String) -> ErrorReport {
    var report = ErrorReport(
      code, status, "\(message)\n\(line)", hint: advice, assurance: assurance, sqlState: sqlState)
    report.tenant = tenant
    return report
  }

  /// What a hint says about changes.
  enum Assurance: String, CaseIterable {
    case nothingChanged = "nothing was changed"
    case changesMade = "only the output failed: the command's changes are made"
  }

  /// The hint.
  var hint: String? {
    let parts = [advice, assurance?.rawValue].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The same without what does not apply to the command.
  func omitting(_ assurances: [Assurance]) -> ErrorReport {
    var report = self
    if let assurance, assurances.contains(assurance) { report.assurance = nil }
    return report
  }

  /// The same with the names that may be meant.
  func suggesting(_ names: [String]) -> ErrorReport {
    if names.isEmpty { return self }
    var report = self
    report.assurance = nil
    report.advice = "did you mean \(names.map(\.onOneLine).joined(separator: ", "))?"
    return report
  }

  /// The report of any error that reaches the edge.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as TenancyError: ErrorReport(tenancy: error.problem)
      case let error as TenancyProblem: ErrorReport(tenancy: error)
      case let error as UsageError: ErrorReport(usage: error)
      case let error as ConfigurationError: ErrorReport(configuration: error)
      case let error as MigrationFolderError: ErrorReport(folder: error)
      case let error as UnknownListColumn: ErrorReport(listing: error)
      case let error as MigrationsRequired:
        ErrorReport(
          "migrations_missing", .usage, MigrationFolderError.missing(path: error.folder).message,
          hint: "\(MigrationFolderError.whereToRun); --no-migrations creates the tenant without tables")
      case let error as TenantFileProblem:
        ErrorReport(
          error.code, .usage, "\(error.path):\(error.line): \(error.message)",
          hint: "fix the file; nothing was done")
      case let error as FileProblem:
        ErrorReport("file", .failed, "\(error.path): \(error.reason)", hint: error.hint)
      case let error as FileNotUTF8:
        ErrorReport(
          "usage", .usage,
          "the content of \(error.path == "-" ? "standard input" : error.path) is not UTF-8",
          hint: FileNotUTF8.hint)
      case let error as ServiceError:
        ErrorReport(error.code, error.isUsage ? .usage : .failed, error.message, hint: error.hint)
      case let error as ProgramNotStarted:
        ErrorReport(
          "program", .failed, "cannot run \(error.name): \(error.reason)",
          hint: error.isMissing ? "install it, or put its folder on PATH" : nil)
      case let error as PostgresDump.Outdated: ErrorReport(error)
      case let error as PostgresDump.Failed: ErrorReport(error)
      case let error as PostgresDump.NotUTF8: ErrorReport(error)
      case let error as NothingDumped: ErrorReport(error)
      case let error as NoTenantToDrop: ErrorReport(error)
      case let error as ProgramFailed: ErrorReport(program: error)
      case let error as OutputClosed:
        ErrorReport(
          "output", .failed, "cannot write the result: \(error.reason)",
          hint: error.endedRead ? "the run ended there; it only reads, so nothing was changed" : nil,
          assurance: error.endedRead ? nil : .changesMade)
      case let error as SharedMigrationFailed: ErrorReport(shared: error)
      case let error as NeedsConfirmation:
        ErrorReport(
          "confirmation_needed", .refused, "\(error.warning) Without a terminal --yes is required.",
          hint: "add --yes to confirm")
      case let error as MangledWord:
        ErrorReport(
          "usage", .usage, "'\(error.word)' is not UTF-8",
          hint: "check the encoding of the script or the terminal that it comes from")
      case is NotConfirmed:
        ErrorReport("not_confirmed", .refused, "not confirmed; nothing was changed")
      case is CancellationError:
        ErrorReport("interrupted", .interrupted, "interrupted; the open transaction was rolled back")
      default: ErrorReport("internal", .failed, "\(error)")
      }
    let problem = error as? TenancyProblem ?? (error as? TenancyError)?.problem
    tenant = problem?.tenant ?? (error as? NothingDumped)?.tenant
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
    case let error as TenancyError: return explanation(of: error.problem)
    case let error as InvalidMigrationVersion: return ("it is not a migration version", error.hint)
    default: return ("\(error)", nil)
    }
  }

  private static func explanation(of problem: TenancyProblem) -> (reason: String, hint: String?) {
    switch problem {
    case .invalidTenantName(_, let reason), .invalidSchemaName(_, let reason):
      return (reason.sentence, reason.hint)
    case .invalidDomainName(let name, let reason): return (reason.sentence, reason.hint(for: name))
    default:
      let report = ErrorReport(tenancy: problem)
      return (report.message, report.hint)
    }
  }

  private init(configuration error: ConfigurationError) {
    let place = [error.line, error.column].compactMap { $0.map(String.init) }.map { ":\($0)" }.joined()
    self.init("configuration", .usage, "\(error.path)\(place): \(error.message)", hint: error.hint)
  }

  private init(folder error: MigrationFolderError) {
    let (code, status): (String, ExitStatus) =
      switch error {
      case .missing: ("migrations_missing", .usage)
      case .inaccessible: ("file", .failed)
      case .invalid: ("migration_files", .usage)
      case .badName, .nameTooLong: ("usage", .usage)
      case .noSource: ("file", .usage)
      case .nothingToImport, .otherTool: ("import_refused", .refused)
      case .occupied: ("folder_occupied", .refused)
      }
    self.init(code, status, error.message, hint: error.hint)
    if case .invalid(let files) = error { self.init(files: files) }
  }

  /// The part that is the same for all tenants with this failure.
  var cause: String { [message, hint.map { "hint: \($0)" }].compactMap { $0 }.joined(separator: "\n") }

  /// In JSON.
  struct Document: Encodable, Sendable {
    let code, message: String
    let hint, sqlstate: String?
    let tenant: TenantName?
  }

  /// The document that `--format json` prints.
  var json: String { JSON.text(["error": document()]) }

  /// In JSON.
  /// - Parameter tenant: with which tenant it went wrong, where the error need not say it.
  func document(of tenant: TenantName? = nil) -> Document {
    Document(code: code, message: message, hint: hint, sqlstate: sqlState, tenant: tenant ?? self.tenant)
  }

  func lines(_ style: Style) -> [String] {
    [style.red("error:") + " \(message)"] + (hint.map { [style.bold("hint:") + " \($0)"] } ?? [])
  }
}
