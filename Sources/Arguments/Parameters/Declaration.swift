/// What a parameter looks like, without the type of its value: all that the parser and the renderers read.
public struct Declaration: Sendable, Equatable {
  /// The forms a parameter can take on the command line.
  public enum Form: Sendable, Equatable {
    /// `--name`, which takes no value.
    case flag
    /// `--name PLACEHOLDER`. Given again, it adds a value or else is refused.
    case option(placeholder: String, repeats: Bool)
    /// A word, or as many as `count` allows.
    case argument(count: ClosedRange<Int>)
    /// Every word after `--`.
    case trailing(minimum: Int)
  }

  /// The form on the command line.
  public let form: Form
  /// The long name of an option, without its dashes; the placeholder of an argument.
  public let name: String
  /// The letter of an option's short form.
  public private(set) var short: Character?
  /// The environment variable that stands in for an option that is not given.
  public private(set) var environment: String?
  /// How help names the value that holds when none is given.
  public private(set) var defaultText: String?
  /// What a shell offers for the value.
  public private(set) var completion = Completion.none
  /// One sentence for help, man pages and shells.
  public let summary: String
}

extension Declaration {
  /// As messages and help name it, and unique within a command: `--domain`, `NAME`.
  var spelling: String { isOption ? "--\(name)" : name }

  var isOption: Bool {
    switch form {
    case .flag, .option: true
    case .argument, .trailing: false
    }
  }

  /// Whether it may be given again.
  var repeats: Bool {
    if case .option(_, let repeats) = form { repeats } else { true }
  }

  /// The placeholder of an option's value; `nil` for a flag and for an argument.
  var placeholder: String? {
    if case .option(let placeholder, _) = form { placeholder } else { nil }
  }

  var choices: [String] {
    if case .choices(let words) = completion { words } else { [] }
  }

  /// Whether it is the same option with fewer choices: what a command may declare of an option that it inherits.
  func narrows(_ other: Declaration) -> Bool {
    name == other.name && form == other.form && short == other.short && !choices.isEmpty
      && choices.allSatisfy(other.choices.contains)
  }

  func answers(to spelling: String) -> Bool {
    isOption && (spelling == "--\(name)" || short.map { spelling == "-\($0)" } ?? false)
  }

  static let help = Declaration(form: .flag, name: "help", short: "h", summary: "Show help and exit.")
  static let version = Declaration(
    form: .flag, name: "version", short: "V", summary: "Show the version and exit.")
}
