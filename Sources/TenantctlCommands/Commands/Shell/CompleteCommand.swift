internal import Arguments
internal import Tenancy

/// Called by the completion scripts: prints current names, one a line; nothing if they cannot be read.
enum CompleteCommand {
  static let command = Command<Action>(
    "__complete", summary: "Print names for a completion script.",
    parameters: [kind, words], formats: [], hidden: true
  ) { input, session in
    // The options that name the database, from an incomplete command line.
    let typed = Parser(Tenantctl.tree).read(input[words], environment: session.environment)
    let theirs = Session(typed, session.printer, session.environment, session.report)
    let kind = try input[kind]
    let names = (try? await withinTimeLimit { try await candidates(kind, theirs, typed) }) ?? []
    // A name with a line break or a control character cannot be completed.
    let plain = names.filter { $0 == $0.onOneLine }
    return CommandResult(plain, names: plain) { _ in plain }
  }

  enum Kind: String, CaseIterable, Sendable { case tenant, domain, version, command }

  private static func candidates(
    _ kind: Kind, _ session: Session, _ typed: Reading<Action>
  ) async throws -> [String] {
    if kind == .command { return commands(typed) }
    // Not on the main thread, where a wait for the server would block the time limit.
    let database = try session.database(connections: 2)
    return switch kind {
    case .tenant: try await database.list(withState: false).map(\.tenant.name.rawValue)
    case .domain: try await database.domains().map(\.name.rawValue)
    case .version: try session.migrationsIfAny(remarks: false).tenant.map(\.version.rawValue)
    case .command: []
    }
  }

  /// The commands that may follow those between `help` and the word that is being typed.
  private static func commands(_ typed: Reading<Action>) -> [String] {
    guard case .run(_, path: [HelpCommand.command.name], let input)? = try? typed.request() else { return [] }
    return Tenantctl.tree.commands(under: input[HelpCommand.path].dropLast())
  }

  /// The limit is a second: enough for TLS to a server far away.
  private static func withinTimeLimit<T: Sendable>(_ work: @escaping @Sendable () async throws -> T)
    async throws -> T
  {
    try await withThrowingTaskGroup(of: T.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await Task.sleep(for: .seconds(1))  // A shell that waits longer seems to hang.
        throw CancellationError()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  private static let kind = Argument("KIND", choices: Kind.self, summary: "What to print.")
  private static let words = TrailingArguments("WORD", summary: "What has been typed so far.")
}
