extension CommandTree {
  /// What is wrong with the tree itself, one sentence each: mistakes of its author, which a test should rule
  /// out.
  public func problems() -> [String] {
    ([Scope(self)] + Scope(self).descendants).flatMap { scope in
      (scope.duplicates + scope.argumentProblems + scope.omissions).map { "\(scope.line): \($0)" }
    } + peerProblems
  }

  /// A word of another program's must not be one of ours, and what it is here must be.
  private var peerProblems: [String] {
    let scopes = Scope(self).descendants
    let paths = Set(scopes.map { $0.path.joined(separator: " ") })
    let options = Set((scopes + [Scope(self)]).flatMap(\.command.options).map(\.spelling))
    return peers().sorted { $0.key < $1.key }.flatMap { word, ours in
      let missing = ours.filter { our in
        our.hasPrefix("-") ? !options.contains(String(our.prefix { $0 != " " })) : !paths.contains(our)
      }
      return (paths.contains(word) || options.contains(word) ? ["\(name): \(word) exists"] : [])
        + missing.map { "\(name): \(word) is to be \($0), which does not exist" }
    }
  }
}

extension Scope {
  /// An option may be named `--version`, which then means something else there; `--help` is help everywhere.
  fileprivate var duplicates: [String] {
    let all = command.options + inheritedOptions
    let names = all.map(\.spelling) + [Declaration.help.spelling]
    let letters = (all + [.help, .version]).compactMap(\.short).map { "-\($0)" }
    let own = command.options.flatMap(\.spellings)
    return
      ((names + letters).repeated.filter(own.contains) + command.arguments.map(\.name).repeated
      + command.subcommands.map(\.name).repeated).map { "\($0) is declared twice" }
  }

  fileprivate var argumentProblems: [String] {
    let counts = command.arguments.compactMap { argument -> (name: String, count: ClosedRange<Int>)? in
      if case .argument(let count) = argument.form { (argument.name, count) } else { nil }
    }
    let late = zip(counts, counts.dropFirst()).filter { $0.count.lowerBound == 0 && $1.count.lowerBound > 0 }
    return late.map { "\($1.name) is required, but follows \($0.name), which is not" }
      + (counts.filter { $0.count.upperBound > 1 }.count > 1 ? ["two arguments repeat"] : [])
      + (command.isGroup && !command.arguments.isEmpty ? ["a group takes no arguments"] : [])
  }

  fileprivate var omissions: [String] {
    let undescribed = command.parameters.map(\.declaration).filter(\.summary.isEmpty)
    return (command.summary.isEmpty ? ["no summary"] : [])
      + undescribed.map { "\($0.spelling) has no summary" }
      + (command.examples.isEmpty && !command.isGroup && !command.hidden ? ["no example"] : [])
  }
}

extension [String] {
  fileprivate var repeated: [String] {
    var seen: Set<String> = []
    return filter { !seen.insert($0).inserted }
  }
}
