/// Words that do not make a command: what is wrong with them, and where.
public struct UsageError: Error, Sendable {
  /// What is wrong.
  public enum Problem: Error, Sendable {
    /// A word where a command's name belongs.
    case unknownCommand(String, suggestions: [String])
    /// A group without one of its commands.
    case missingCommand(choices: [String])
    /// An option that the command does not have, as it was typed.
    case unknownOption(String, suggestions: [String])
    /// An option without its value. `next` is the option that stands in the value's place.
    case missingValue(option: String, placeholder: String, next: String?)
    /// An option with one value that is given twice: to drop one of the two in silence would surprise.
    case repeatedOption(String)
    /// `--flag=value`
    case unexpectedValue(option: String, value: String)
    /// Too few words; the placeholder of the first that is missing.
    case missingArgument(String)
    /// Too many words; the first that has no place.
    case unexpectedArgument(String)
    /// A value that the parameter's type refuses, and why.
    case invalidValue(
      parameter: String, value: String, source: Occurrence.Source, underlying: any Error)
    /// What only the command itself can judge, such as options that exclude each other.
    case refused(message: String, hint: String?)
  }

  /// What is wrong.
  public let problem: Problem
  /// The program's name.
  public let program: String
  /// The command that the words had reached, without the program's name; empty for the program itself.
  public let commandPath: [String]
  /// How that command is called: `tenantctl domain add [OPTIONS] NAME HOST`.
  public let usage: String

  /// One sentence, without a full stop. Passwords in connection strings are masked.
  public var message: String { message { "\($0)" } }

  /// As `message`, where `reason` words the error that a parameter's type threw.
  public func message(reason: (any Error) -> String) -> String {
    switch problem {
    case .unknownCommand(let word, _): "\(masked(word)) is not a command of \(line)"
    case .missingCommand: "\(line) needs a command"
    case .unknownOption(let option, _): "unknown option \(masked(option))"
    case .missingValue(let option, let placeholder, _): "option \(option) needs a value \(placeholder)"
    case .repeatedOption(let option): "option \(option) is given twice"
    case .unexpectedValue(let option, let value): "option \(option) takes no value, but got \(masked(value))"
    case .missingArgument(let placeholder): "missing argument \(placeholder)"
    case .unexpectedArgument(let word): "unexpected argument \(masked(word))"
    case .invalidValue(let parameter, let value, .word, let error):
      "invalid \(parameter) \(masked(value)): \(reason(error))"
    case .invalidValue(let parameter, let value, .environment(let name), let error):
      "invalid \(parameter) \(masked(value)) in the environment variable \(name): \(reason(error))"
    case .refused(let message, _): message
    }
  }

  /// What to do about it.
  public var hint: String {
    switch problem {
    case .unknownCommand(_, let names) where !names.isEmpty,
      .unknownOption(_, let names) where !names.isEmpty:
      "did you mean \(names.alternatives)?"
    case .missingCommand(let choices): "choose one of: \(choices.joined(separator: ", "))"
    case .missingValue(let option, _, let next?):
      "\(next) is an option; to use it as the value, write \(option)\(option.hasPrefix("--") ? "=" : "")\(next)"
    case .repeatedOption: "give it once"
    case .missingArgument, .unexpectedArgument: "usage: \(usage)"
    case .refused(_, let hint?): hint
    default: "see '\(line) --help'"
    }
  }

  private var line: String { ([program] + commandPath).joined(separator: " ") }
}
