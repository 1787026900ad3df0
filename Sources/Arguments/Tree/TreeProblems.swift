extension CommandTree {
  /// What is wrong with the tree itself, one sentence each: mistakes of its author, which a test should rule
  /// out.
  public func problems() -> [String] {
    ([Scope(self)] + Scope(self).descendants).flatMap { scope in
      (scope.duplicates + scope.argumentProblems + scope.omissions).map { "\(scope.line): \($0)" }
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
