extension Scope {
  @Sendable func error(_ problem: UsageError.Problem) -> UsageError {
    UsageError(
      problem: problem, program: program, commandPath: path, usage: usage)
  }

  /// Suggests the nearest names here, and commands of the very name further down: `add` is `domain add`.
  func unknownCommand(_ word: String) -> UsageError {
    let names = command.subcommands.filter { !$0.hidden }.map(\.name)
    let namesakes = visibleDescendants.filter { $0.command.name == word }.map {
      $0.path.dropFirst(path.count).joined(separator: " ")
    }
    return error(.unknownCommand(word, suggestions: namesakes + suggestions(for: word, among: names)))
  }

  /// Suggests the nearest long names.
  func unknownOption(_ spelling: String) -> UsageError {
    let name = String(spelling.drop { $0 == "-" })
    let names = name.count > 1 ? suggestions(for: name, among: options.map(\.name)) : []
    return error(.unknownOption(spelling, suggestions: names.map { "--\($0)" }))
  }

  func knows(_ spelling: String) -> Bool { options.contains { $0.answers(to: spelling) } }

  /// `tenantctl domain add [OPTIONS] NAME HOST`
  var usage: String {
    let words = command.isGroup ? ["COMMAND"] : command.arguments.map(\.synopsis)
    return ([line, "[OPTIONS]"] + words).joined(separator: " ")
  }
}

extension Declaration {
  /// As a usage line shows it: `NAME`, `[NAME...]`, `[--jobs N]`.
  var synopsis: String {
    switch form {
    case .flag: "[\(spelling)]"
    case .option(let placeholder, let repeats): "[\(spelling) \(placeholder)]" + (repeats ? "..." : "")
    case .argument(let count):
      switch (count.lowerBound, count.upperBound) {
      case (0, 1): "[\(name)]"
      case (0, _): "[\(name)...]"
      case (_, 1): name
      default: "\(name)..."
      }
    case .trailing(0): "[-- \(name)...]"
    case .trailing: "-- \(name)..."
    }
  }
}
