internal import Arguments
internal import SQLText
internal import Synchronization
package import Tenancy

/// What a command works with: resolved from options, environment and configuration after the words are understood.
package final class Session: Sendable {
  let printer: Printer
  let environment: [String: String]
  let interruption = Interruption()
  let report: RunReport
  private let line: Reading<Action>
  private let found = Mutex<Configuration?>(nil)

  init(
    _ line: Reading<Action>, _ printer: Printer, _ environment: [String: String], _ report: RunReport
  ) {
    (self.line, self.printer, self.environment, self.report) = (line, printer, environment, report)
  }

  var format: OutputFormat { printer.format }
  var isQuiet: Bool { printer.isQuiet }
  var terminal: Terminal { printer.terminal }
  var style: Style { printer.style }
  var errorStyle: Style { printer.errorStyle }

  /// Whether this is a step of a workflow on GitHub.
  var isOnGitHub: Bool { environment["GITHUB_ACTIONS"] == "true" }

  /// The configuration file that is found where nobody has named one.
  private var nearestConfiguration: String? {
    if Files.isThere(ConfigurationFile.name) { return ConfigurationFile.name }
    var folder = Files.workingDirectory
    while true {
      let path = folder == "/" ? "/\(ConfigurationFile.name)" : "\(folder)/\(ConfigurationFile.name)"
      if Files.isThere(path) { return path }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  /// The configuration, read once. Throws `ConfigurationError`.
  package func configuration() throws -> Configuration {
    try found.withLock { found in
      let configuration = try found ?? readConfiguration()
      found = configuration
      return configuration
    }
  }

  private func readConfiguration() throws -> Configuration {
    let named = line[Global.config]
    guard let path = named ?? nearestConfiguration else { return Configuration() }
    let file =
      named == nil
      ? try ConfigurationFile(found: path, trusting: TrustedOwners(environment: environment))
      : try ConfigurationFile(reading: path)
    var configuration = try file.read()
    configuration.path = path
    let besideIt = { (file: String) in
      file.hasPrefix("/") ? file : path.lastIndex(of: "/").map { "\(path[..<$0])/\(file)" } ?? file
    }
    configuration.migrations = besideIt(configuration.migrations)
    configuration.gateway.deniedPage = configuration.gateway.deniedPage.map(besideIt)
    return configuration
  }

  /// The database that the words, the environment or the configuration name. Nothing is connected yet.
  /// - Parameter onMainThread: whether the connections live there, which saves other threads; for work that waits for one
  ///   of them at a time.
  package func database(
    connections: Int = 1, onMainThread: Bool? = nil, applicationName: String? = nil
  ) throws -> TenantDatabase {
    let configuration = try configuration()
    let inherited = environment["DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
    warnAboutVariables()
    var settings = configuration.settings
    // Work on a fleet waits for its turn as long as it takes.
    settings.poolTimeout = nil
    settings.refusesPolicies = true
    if let applicationName { settings.applicationName = applicationName }
    return try TenantDatabase(
      line[Global.database] ?? inherited ?? configuration.databaseURL,
      settings: settings, connections: connections, observer: observer,
      executor: onMainThread ?? (connections == 1) ? MainThread.shared : nil)
  }

  /// Some of them ask for more security, so --quiet does not silence it.
  private func warnAboutVariables() {
    let ignored = ConnectionParameters.ignoredVariables(in: environment.keys)
    if ignored.isEmpty { return }
    terminal.note("\(errorStyle.yellow("warning:")) \(ignoredVariables(ignored))")
  }

  /// The folder of migrations: of the option, the configuration, or the default.
  func migrationsFolder() throws -> String {
    try line[Shared.migrations] ?? configuration().migrations
  }

  /// Prints a note for people, but not for scripts, to standard error.
  func remark(_ text: String) {
    if format == .text && !isQuiet { terminal.note("note: \(text)") }
  }

  /// The migrations. A missing folder is an error: in the wrong directory every tenant would seem up to date.
  func migrations() throws -> MigrationSet {
    do {
      return try MigrationSet.load(at: try migrationsFolder())
    } catch MigrationFolderError.missing(let path) {
      // A log does not say where the command was run.
      throw MigrationFolderError.missing(path: Files.absolute(path))
    }
  }

  /// The migrations, for commands that do not need any: empty if the default folder does not exist.
  /// - Parameter remarks: whether to print a note about it.
  func migrationsIfAny(remarks: Bool = true) throws -> MigrationSet {
    do {
      return try migrations()
    } catch MigrationFolderError.missing(let path) {
      if try line[Shared.migrations] != nil || configuration().namesMigrations {
        throw MigrationFolderError.missing(path: path)
      }
      if remarks {
        remark(
          "migrations folder \(path) does not exist; run this in the project's folder, or use --migrations")
      }
      return MigrationSet(tenant: [], shared: [])
    }
  }

  /// The tenants that a file names, one a line; empty lines, `#` comments and blanks around a name are skipped, unless an app
  /// has called a tenant just so.
  func names(inFile path: String) async throws -> [TenantName] {
    let text = try Files.text(path)
    // Some editors write an invisible byte order mark.
    let lines = text.drop { $0 == "\u{FEFF}" }.split(whereSeparator: \.isNewline).map { line in
      (whole: String(line), name: line.prefix { $0 != "#" }.trimmingWhitespace())
    }
    // A comment may be too long for a name.
    let odd = lines.filter { $0.whole != $0.name }.compactMap { try? TenantName(parsing: $0.whole) }
    let existing = odd.isEmpty ? [] : try await database().existing(odd)
    return try lines.compactMap { line in
      if let whole = try? TenantName(parsing: line.whole), existing.contains(whole) { return whole }
      return line.name.isEmpty ? nil : try TenantName(parsing: line.name)
    }
  }

  /// The tenants that a mistyped name may stand for, nearest first; none if they cannot be read.
  func tenants(like name: TenantName) async -> [String] {
    let entries = try? await database().list(withState: false)
    return suggestions(for: name.rawValue, among: entries?.map(\.tenant.name.rawValue) ?? [])
  }

  /// Prints the server's warnings, and with --verbose its notices and the SQL.
  private var observer: TenantDatabase.Observer {
    let (terminal, style, isVerbose) = (terminal, errorStyle, line[Global.verbose])
    var observer = TenantDatabase.Observer()
    let told = Mutex<Set<String>>([])
    observer.notice = { severity, message in
      guard isVerbose || severity == "WARNING" else { return }
      // A warning about the database comes with each connection.
      if FleetTask.label == nil, !told.withLock({ $0.insert(message).inserted }) { return }
      let label = FleetTask.label.map { "\($0.onOneLine): " } ?? ""
      terminal.note("\(style.yellow(severity.lowercased() + ":")) \(label)\(message)")
    }
    if isVerbose {
      observer.statement = { statement in
        let text = withoutPasswords(statement)
        terminal.note(style.dim(text.hasSuffix(";") ? text : "\(text);"))
      }
    }
    return observer
  }
}

extension Session {
  /// Makes a planned change, or shows its SQL in a dry run.
  func make<Value: Sendable>(
    _ change: Plan<Value>, dryRun: Bool, _ say: (Value) throws -> CommandResult
  ) async throws -> CommandResult {
    if dryRun { return .dryRun(change.script) }
    return try say(try await interruption.guarding(on: MainThread.shared) { try await change.apply() })
  }

  /// Prints a warning to standard error.
  func warn(_ sentence: String) {
    terminal.note("\(errorStyle.yellow("warning:")) \(sentence)")
  }

  /// Asks the user to type `word` before a destructive change; without a terminal `--yes` is required.
  /// - Parameters:
  ///   - database: the one that it is about, whose place is told.
  ///   - script: the SQL to show first.
  func confirm(
    _ word: String, _ warning: [String], in database: TenantDatabase, showing script: [String] = [],
    unless yes: Bool
  ) async throws {
    let canAsk = terminal.stdinIsTerminal && terminal.stderrIsTerminal
    if yes ? format == .text && !isQuiet : canAsk { script.forEach { terminal.note($0, isMessage: false) } }
    if yes { return }
    guard canAsk else {
      throw NeedsConfirmation(warning: warning.joined(separator: " "))
    }
    for line in warning { terminal.note(line) }
    terminal.note("Database: \(try await database.place())")
    // What was typed before the question was not an answer to it.
    terminal.forgetInput()
    let answer = terminal.ask("Type \(word) to confirm: ")
    guard answer == word || answer?[...].trimmingWhitespace() == word else { throw NotConfirmed() }
  }
}

extension CommandResult {
  /// The SQL that would run: data, which --quiet keeps.
  static func dryRun(_ sql: [String]) -> CommandResult {
    var result = CommandResult(DryRun(sql: sql), names: sql) { _ in sql }
    result.isExact = true
    if sql.isEmpty { result.notes = ["note: nothing to do"] }
    return result
  }

  /// The SQL of a run over the fleet, and the tenants in which it would fail.
  static func dryRun(_ sql: [String], failing: [TenantFailure], _ style: Style) -> CommandResult {
    var result = dryRun(sql)
    result.json = FleetDryRun(sql: sql, failures: FleetFailure.all(failing))
    result.failures = failureCauses(failing, style)
    if !failing.isEmpty { result.status = .partial }
    return result
  }

  private struct DryRun: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
  }

  private struct FleetDryRun: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
    let failures: [FleetFailure]
  }
}

/// A destructive change without a terminal and without `--yes`.
struct NeedsConfirmation: Error {
  let warning: String
}

/// The user did not confirm.
struct NotConfirmed: Error {}
