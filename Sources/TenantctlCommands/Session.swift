internal import Arguments
internal import Tenancy

/// What a command works with: resolved from options, environment and configuration after the words are understood.
struct Session: Sendable {
  let format: OutputFormat
  let isQuiet: Bool
  let terminal: Terminal
  let interruption = Interruption()
  private let isVerbose: Bool
  private let input: Input
  let environment: [String: String]
  private var overrides: [String: String] = [:]

  init(_ input: Input, environment: [String: String], terminal: Terminal) {
    self.input = input
    self.environment = environment
    self.terminal = terminal
    format = input[Global.format]
    isQuiet = input[Global.quiet]
    isVerbose = input[Global.verbose]
  }

  /// Whether a stream that is a terminal shows colours (https://no-color.org).
  var allowsColor: Bool {
    !input[Global.noColor] && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Whether this is a step of a workflow on GitHub.
  var isOnGitHub: Bool { environment["GITHUB_ACTIONS"] == "true" }

  /// How standard output stands out.
  var style: Style { Style(isColored: allowsColor && terminal.stdoutIsTerminal && format == .text) }

  /// How standard error stands out.
  var errorStyle: Style { Style(isColored: allowsColor && terminal.stderrIsTerminal) }

  /// The configuration file that applies, if there is one.
  var configurationPath: String? {
    if let path = option(Global.config, "config") { return path }
    if Files.exists(ConfigurationFile.name) { return ConfigurationFile.name }
    var folder = Files.workingDirectory
    while true {
      let path = folder == "/" ? "/\(ConfigurationFile.name)" : "\(folder)/\(ConfigurationFile.name)"
      if Files.exists(path) { return path }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  /// Throws `ConfigurationError`.
  func configuration() throws -> Configuration {
    guard let path = configurationPath else { return Configuration() }
    let file =
      option(Global.config, "config") == nil
      ? try ConfigurationFile(found: path, trusting: TrustedOwners(environment: environment))
      : try ConfigurationFile(reading: path)
    var configuration = try file.read()
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
    var settings = configuration.settings
    // Work on a fleet waits for its turn as long as it takes.
    settings.poolTimeout = nil
    return try TenantDatabase(
      option(Global.database, "database") ?? inherited ?? configuration.databaseURL,
      settings: settings, connections: connections, observer: observer,
      executor: onMainThread ?? (connections == 1) ? MainThread.shared : nil)
  }

  /// The environment of a program that works on a tenant.
  func environment(of client: ClientEnvironment, for tenant: Tenant) -> [String: String] {
    client.variables(for: tenant, inheriting: environment)
  }

  /// The same session with options that were found another way.
  func with(_ options: [String: String]) -> Session {
    var copy = self
    copy.overrides = options
    return copy
  }

  private func option(_ parameter: Option<String>, _ name: String) -> String? {
    overrides[name] ?? input[parameter]
  }

  /// The folder of migrations: of the option, the configuration, or the default.
  func migrationsFolder() throws -> String {
    try option(Shared.migrations, "migrations") ?? configuration().migrations
  }

  /// Prints a note for people, but not for scripts, to standard error.
  func remark(_ text: String) {
    if format == .text && !isQuiet { terminal.note("note: \(text)") }
  }

  /// The migrations. A missing folder is an error: in the wrong directory every tenant would seem up to date.
  func migrations() throws -> MigrationSet {
    try MigrationSet.load(at: try migrationsFolder())
  }

  /// The migrations, for commands that do not need any: empty if the default folder does not exist.
  /// - Parameter remarks: whether to print a note about it.
  func migrationsIfAny(remarks: Bool = true) throws -> MigrationSet {
    do {
      return try migrations()
    } catch MigrationFolderError.missing(let path) {
      if try option(Shared.migrations, "migrations") != nil || configuration().namesMigrations {
        throw MigrationFolderError.missing(path: path)
      }
      if remarks {
        remark(
          "migrations folder \(path) does not exist; run this in the project's folder, or use --migrations")
      }
      return MigrationSet(tenant: [], shared: [])
    }
  }

  /// The tenants that a file names, one a line; empty lines and `#` comments are skipped.
  func names(inFile path: String) throws -> [TenantName] {
    let text = try Files.read(path)
    if MangledWord.isMangled(text) { throw MangledWord(word: path) }
    // Some editors write an invisible byte order mark.
    let lines = text.drop { $0 == "\u{FEFF}" }.split(whereSeparator: \.isNewline).map { line in
      line.prefix { $0 != "#" }.trimmingWhitespace()
    }
    return try lines.filter { !$0.isEmpty }.map(TenantName.init(parsing:))
  }

  /// Prints the server's warnings, and with --verbose its notices and the SQL.
  private var observer: TenantDatabase.Observer {
    let (terminal, isVerbose) = (terminal, isVerbose)
    let style = errorStyle
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
  /// Makes a planned change, or shows its SQL in a dry run.
  func make<Value: Sendable>(
    _ change: Plan<Value>, dryRun: Bool, _ say: (Value) throws -> CommandResult
  ) async throws -> CommandResult {
    try refuseCSV()
    if dryRun { return .dryRun(change.script) }
    return try say(try await interruption.guarding { try await change.apply() })
  }

  /// For a command whose result is not a list: throws before the command changes anything.
  func refuseCSV() throws {
    if format == .csv { throw NoTable() }
  }

  /// Prints a warning to standard error.
  func warn(_ sentence: String) {
    if isQuiet { return }
    let style = Style(isColored: allowsColor && terminal.stderrIsTerminal)
    terminal.note("\(style.yellow("warning:")) \(sentence)")
  }

  /// Asks the user to type `word` before a destructive change; without a terminal `--yes` is required.
  /// - Parameter script: the SQL to show first.
  func confirm(_ word: String, _ warning: [String], showing script: [String] = [], unless yes: Bool) throws {
    let canAsk = terminal.stdinIsTerminal && terminal.stderrIsTerminal
    if yes ? format == .text && !isQuiet : canAsk { script.forEach { terminal.note($0, isMessage: false) } }
    if yes { return }
    guard canAsk else {
      throw NeedsConfirmation(warning: warning.joined(separator: " "))
    }
    for line in warning { terminal.note(line) }
    guard terminal.ask("Type \(word) to confirm: ")?[...].trimmingWhitespace() == word else {
      throw NotConfirmed()
    }
  }
}

extension CommandResult {
  /// The SQL that would run: data, which --quiet keeps.
  static func dryRun(_ sql: [String]) -> CommandResult {
    var result = CommandResult(DryRun(sql: sql)) { _ in sql }
    result.names = sql
    result.isExact = true
    if sql.isEmpty { result.notes = ["note: nothing to do"] }
    return result
  }

  private struct DryRun: Encodable, Sendable {
    let dryRun = true
    let sql: [String]
  }
}

/// CSV was requested for a result that is not a list.
struct NoTable: Error {}

/// A destructive change without a terminal and without `--yes`.
struct NeedsConfirmation: Error {
  let warning: String
}

/// The user did not confirm.
struct NotConfirmed: Error {}
