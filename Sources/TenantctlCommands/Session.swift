internal import Arguments
internal import Synchronization
internal import Tenancy

/// What a command works with: resolved from options, environment and configuration after the words are understood.
final class Session: Sendable {
  let printer: Printer
  let environment: [String: String]
  let interruption = Interruption()
  private let line: Reading<Action>
  private let found = Mutex<Configuration?>(nil)

  init(_ line: Reading<Action>, _ printer: Printer, _ environment: [String: String]) {
    (self.line, self.printer, self.environment) = (line, printer, environment)
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
    if Files.exists(ConfigurationFile.name) { return ConfigurationFile.name }
    var folder = Files.workingDirectory
    while true {
      let path = folder == "/" ? "/\(ConfigurationFile.name)" : "\(folder)/\(ConfigurationFile.name)"
      if Files.exists(path) { return path }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  /// The configuration, read once. Throws `ConfigurationError`.
  func configuration() throws -> Configuration {
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
    if let slash = path.lastIndex(of: "/"), !configuration.migrations.hasPrefix("/") {
      configuration.migrations = "\(path[..<slash])/\(configuration.migrations)"
    }
    return configuration
  }

  /// The database that the words, the environment or the configuration name. Nothing is connected yet.
  /// - Parameter onMainThread: whether the connections live there, which saves other threads; for work that waits for one
  ///   of them at a time.
  func database(connections: Int = 1, onMainThread: Bool? = nil) throws -> TenantDatabase {
    let configuration = try configuration()
    let inherited = environment["DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
    return try TenantDatabase(
      line[Global.database] ?? inherited ?? configuration.databaseURL,
      settings: configuration.settings, connections: connections, observer: observer,
      executor: onMainThread ?? (connections == 1) ? MainThread.shared : nil)
  }

  /// The folder of migrations: of the option, the configuration, or the default.
  func migrationsFolder() throws -> String {
    try line[Shared.migrations] ?? configuration().migrations
  }

  /// Something that the user should know, and a script need not: on standard error.
  func remark(_ text: String) {
    if format == .text && !isQuiet { terminal.note("note: \(text)") }
  }

  /// The migrations. Without a folder everything would seem to be up to date, in the wrong directory above all.
  func migrations() throws -> MigrationSet {
    try MigrationSet.load(at: try migrationsFolder())
  }

  /// The same where a project need not have any: none, if there is no folder and nobody has named one.
  /// - Parameter remarks: whether to say so.
  func migrationsIfAny(remarks: Bool = true) throws -> MigrationSet {
    do {
      return try migrations()
    } catch MigrationFolderError.missing(let path) {
      if try line[Shared.migrations] != nil || configuration().namesMigrations {
        throw MigrationFolderError.missing(path: path)
      }
      if remarks {
        remark(
          "there is no folder of migrations at \(path); run this in the project's folder, or give --migrations"
        )
      }
      return MigrationSet(tenant: [], shared: [])
    }
  }

  /// The tenants that a file names, one a line; empty lines and `#` comments are nothing.
  func names(inFile path: String) throws -> [TenantName] {
    let text = try Files.read(path)
    if MangledWord.isMangled(text) { throw MangledWord(word: path) }
    // Some editors put a byte order mark in front, which nobody sees.
    let lines = text.drop { $0 == "\u{FEFF}" }.split(whereSeparator: \.isNewline).map { line in
      line.prefix { $0 != "#" }.trimmingWhitespace()
    }
    return try lines.filter { !$0.isEmpty }.map(TenantName.init(parsing:))
  }

  /// Tells of SQL and notices where the user wants to see them; of warnings always.
  private var observer: TenantDatabase.Observer {
    let (terminal, style, isVerbose) = (terminal, errorStyle, line[Global.verbose])
    var observer = TenantDatabase.Observer()
    observer.notice = { severity, message in
      guard isVerbose || severity == "WARNING" else { return }
      terminal.note("\(style.yellow(severity.lowercased() + ":")) \(message)")
    }
    if isVerbose {
      observer.statement = { terminal.note(style.dim($0.hasSuffix(";") ? $0 : "\($0);")) }
    }
    return observer
  }
}

extension Substring {
  func trimmingWhitespace() -> String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension Session {
  /// Makes a planned change, or shows it if the user only wants to see the SQL.
  func make<Value: Sendable>(
    _ change: Plan<Value>, dryRun: Bool, _ say: (Value) throws -> CommandResult
  ) async throws -> CommandResult {
    if dryRun { return .dryRun(change.script) }
    return try say(try await interruption.guarding { try await change.apply() })
  }

  /// Says on standard error what does not stop the work.
  func warn(_ sentence: String) {
    if !isQuiet { terminal.note("\(errorStyle.yellow("warning:")) \(sentence)") }
  }

  /// Asks a person to type `word` before something is destroyed; without a terminal only `--yes` will do.
  /// - Parameter script: what is going to be sent, shown before it is.
  func confirm(_ word: String, _ warning: [String], showing script: [String] = [], unless yes: Bool) throws {
    let canAsk = terminal.stdinIsTerminal && terminal.stderrIsTerminal
    if yes ? format == .text && !isQuiet : canAsk { script.forEach { terminal.note($0, isMessage: false) } }
    if yes { return }
    guard canAsk else {
      throw NeedsConfirmation(warning: warning.joined(separator: " "))
    }
    for line in warning { terminal.note(line) }
    guard terminal.ask("Type \(word) to go on: ")?[...].trimmingWhitespace() == word else {
      throw NotConfirmed()
    }
  }
}

extension CommandResult {
  /// The SQL that would run: data, which stays when the user wants quiet.
  static func dryRun(_ sql: [String]) -> CommandResult {
    var result = CommandResult(DryRun(sql: sql), names: sql) { _ in sql }
    result.isExact = true
    if sql.isEmpty { result.notes = ["note: there is nothing to do"] }
    return result
  }

  private struct DryRun: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
  }
}

/// Something would be destroyed, and there is nobody to ask.
struct NeedsConfirmation: Error {
  let warning: String
}

/// Somebody was asked, and did not agree.
struct NotConfirmed: Error {}
