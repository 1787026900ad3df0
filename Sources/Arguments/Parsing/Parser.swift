/// Parses the words of a command line into a request, by the rules of getopt_long: options may stand anywhere,
/// `--` ends them. An option that takes one value and is given twice is an error.
public struct Parser<Action: Sendable>: Sendable {
  private let tree: CommandTree<Action>

  /// A parser of what the tree describes.
  public init(_ tree: CommandTree<Action>) { self.tree = tree }

  /// Reads the words, without the program's own name, whatever may be wrong with them.
  ///
  /// The environment fills in options that the words leave out; an empty variable counts as unset.
  public func read(_ words: [String], environment: [String: String] = [:]) -> Reading<Action> {
    var reading = Reading(tree, environment)
    reading.read(words)
    return reading
  }
}

extension Reading {
  /// The request that the words make. `--help` and `--version` win over whatever else is wrong.
  public func request() throws(UsageError) -> Request<Action> {
    if wantsHelp { return .help(path: scope.path) }
    if wantsVersion { return .version }
    if let error { throw error }
    guard case .action(let action) = scope.command.content else {
      throw scope.error(.missingCommand(choices: scope.command.subcommands.filter { !$0.hidden }.map(\.name)))
    }
    do {
      let values = try scope.values(try occurrences(), environment)
      return .run(action, path: scope.path, Input(values: values, error: scope.error))
    } catch {
      throw scope.error(error)
    }
  }

  /// The value of an option, whatever else is wrong with the line: how to report an error must be known before there is a
  /// request. Where nothing valid is given it is as if nothing were.
  public subscript<P: OptionalParameter>(_ option: P) -> P.Value {
    var given = occurrences(of: option.declaration)
    if given.isEmpty { given = option.declaration.occurrences(in: environment) }
    return (try? option.value(of: given)) ?? option.absent
  }
}

/// What the user asks for.
public enum Request<Action: Sendable>: Sendable {
  /// Run the command's action with its values. `path` is the command's names.
  case run(Action, path: [String], Input)
  /// Show the help of the command at `path`; of the program, when empty.
  case help(path: [String])
  /// Show the version.
  case version
}

extension Scope {
  /// The value of each parameter, by its spelling: first those that words give, then the rest.
  fileprivate func values(
    _ given: [String: [Occurrence]], _ environment: [String: String]
  ) throws(UsageError.Problem) -> [String: any Sendable] {
    let parameters = parameters
    var values = [String: any Sendable](minimumCapacity: parameters.count)
    for parameter in parameters {
      guard let words = given[parameter.declaration.spelling] else { continue }
      values[parameter.declaration.spelling] = try parameter.value(of: words)
    }
    for parameter in parameters where values[parameter.declaration.spelling] == nil {
      values[parameter.declaration.spelling] = try parameter.value(
        of: parameter.declaration.occurrences(in: environment))
    }
    return values
  }
}

extension Declaration {
  fileprivate func occurrences(in environment: [String: String]) -> [Occurrence] {
    guard let name = self.environment, let text = environment[name], !text.isEmpty else { return [] }
    return [Occurrence(text: text, source: .environment(name))]
  }
}
