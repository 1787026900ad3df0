/// Everything that a program understands: the one description that the parser, the help, the man pages and
/// the shells' completions all walk.
public struct CommandTree<Action: Sendable>: Sendable {
  /// The program itself: its name, the global options, and the commands.
  public let root: Command<Action>
  /// What `--version` prints, and the foot of the man pages: `tenantctl 1.2.0`.
  public let versionText: String
  /// The date of the man pages, in mdoc's spelling: `November 23, 2026`.
  public let date: String
  /// What each exit status means.
  let exitStatuses: @Sendable () -> [(Int, String)]
  /// What other programs call a command or an option, by the words after the program's name, and what it is here:
  /// `["ls": ["list"], "domain rm": ["domain remove"], "--no-color": ["--color never"]]`. Suggested, never accepted.
  let peers: @Sendable () -> [String: [String]]
  /// Further sections of the program's man page, such as FILES.
  let manSections: @Sendable () -> [ManSection]

  /// `parameters` are the global options; `--help` and `--version` need not be among them.
  public init(
    _ name: String, versionText: String, date: String, summary: String, discussion: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    examples: @autoclosure @escaping @Sendable () -> [Example] = [],
    exitStatuses: @autoclosure @escaping @Sendable () -> [(Int, String)] = [],
    peers: @autoclosure @escaping @Sendable () -> [String: [String]] = [:],
    manSections: @autoclosure @escaping @Sendable () -> [ManSection] = [],
    commands: @autoclosure @escaping @Sendable () -> [Command<Action>]
  ) {
    root = Command(
      name, summary: summary, discussion: discussion, parameters: parameters(), examples: examples(),
      subcommands: commands())
    (self.versionText, self.date) = (versionText, date)
    (self.exitStatuses, self.manSections, self.peers) = (exitStatuses, manSections, peers)
  }

  /// A program that is one command.
  public init(
    _ name: String, versionText: String, date: String, summary: String, discussion: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    examples: @autoclosure @escaping @Sendable () -> [Example] = [],
    exitStatuses: @autoclosure @escaping @Sendable () -> [(Int, String)] = [],
    manSections: @autoclosure @escaping @Sendable () -> [ManSection] = [], action: Action
  ) {
    root = Command(
      name, summary: summary, discussion: discussion, parameters: parameters(), examples: examples(),
      action: action)
    (self.versionText, self.date) = (versionText, date)
    (self.exitStatuses, self.manSections, self.peers) = (exitStatuses, manSections, { [:] })
  }

  /// The names of the visible commands of the group at `path`, or of the program; none of a command that is no group.
  public func commands(under path: [String]) -> [String] {
    (try? scope(at: path))?.visibleSubcommands.map(\.name) ?? []
  }

  /// The program's name.
  public var name: String { root.name }
}

/// A section of a man page.
public struct ManSection: Sendable, Equatable {
  /// The heading, in capitals.
  public let title: String
  /// Paragraphs parted by blank lines; indented lines stay as they are.
  public let text: String

  /// A section under `title`.
  public init(_ title: String, _ text: String) {
    self.title = title
    self.text = text
  }
}
