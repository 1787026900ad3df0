/// A word that the user can type, and what it means: an action, or a group of commands under it.
///
/// `Action` is whatever the program runs; this module only carries it. Parameters, examples and subcommands are made when
/// somebody asks: a command line needs the names of all commands, but the parameters of one.
public struct Command<Action: Sendable>: Sendable {
  /// What a command holds.
  public enum Content: Sendable {
    /// Something to run.
    case action(Action)
    /// Commands whose names follow this one's.
    case subcommands([Command])
  }

  /// The word.
  public let name: String
  /// One sentence for lists of commands.
  public let summary: String
  /// Paragraphs for the command's own help, parted by blank lines; indented lines stay as they are.
  public let discussion: String
  /// The heading under which the program's help lists it.
  public let section: String
  /// Whether help, man pages and shells leave it out.
  public let hidden: Bool
  fileprivate let makeParameters: @Sendable () -> [any Parameter]
  fileprivate let makeExamples: @Sendable () -> [Example]
  fileprivate let makeManSections: @Sendable () -> [ManSection]
  fileprivate let makeContent: @Sendable () -> Content

  /// What can be given. A group's options hold for every command under it.
  public var parameters: [any Parameter] { makeParameters() }
  /// Command lines that show it at work.
  public var examples: [Example] { makeExamples() }
  /// Further sections of its man page, such as RULES.
  public var manSections: [ManSection] { makeManSections() }
  /// What it holds.
  public var content: Content { makeContent() }
}

extension Command {
  /// A command to run.
  public init(
    _ name: String, summary: String, discussion: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    examples: @autoclosure @escaping @Sendable () -> [Example] = [], section: String = "",
    manSections: @autoclosure @escaping @Sendable () -> [ManSection] = [], hidden: Bool = false,
    action: Action
  ) {
    self.init(
      name: name, summary: summary, discussion: discussion, section: section, hidden: hidden,
      makeParameters: parameters, makeExamples: examples, makeManSections: manSections,
      makeContent: { .action(action) })
  }

  /// A group of commands.
  public init(
    _ name: String, summary: String, discussion: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    examples: @autoclosure @escaping @Sendable () -> [Example] = [], section: String = "",
    hidden: Bool = false, subcommands: @autoclosure @escaping @Sendable () -> [Command]
  ) {
    self.init(
      name: name, summary: summary, discussion: discussion, section: section, hidden: hidden,
      makeParameters: parameters, makeExamples: examples, makeManSections: { [] },
      makeContent: { .subcommands(subcommands()) })
  }

  var isGroup: Bool { if case .subcommands = content { true } else { false } }

  var subcommands: [Command] { if case .subcommands(let commands) = content { commands } else { [] } }

  var arguments: [Declaration] { parameters.map(\.declaration).filter { !$0.isOption } }

  var options: [Declaration] { parameters.map(\.declaration).filter(\.isOption) }
}

/// A command line and what it does.
public struct Example: Sendable, Equatable {
  /// As typed at a shell's prompt, the program's name included.
  public let command: String
  /// What it does, as a sentence.
  public let meaning: String

  /// An example of `command`, which does `meaning`.
  public init(_ command: String, _ meaning: String) {
    self.command = command
    self.meaning = meaning
  }
}
