extension Scope {
  @Sendable func error(_ problem: UsageError.Problem) -> UsageError {
    UsageError(
      problem: problem, program: program, commandPath: path, usage: usage)
  }

  /// Suggests what other programs mean by the word, commands of the very name further down (`add` is `domain add`), and the
  /// nearest names here.
  func unknownCommand(_ word: String) -> UsageError {
    let names = command.subcommands.filter { !$0.hidden }.map(\.name)
    let namesakes = visibleDescendants.filter { $0.command.name == word }.map {
      $0.path.dropFirst(path.count).joined(separator: " ")
    }
    let peers = peers()[(path + [word]).joined(separator: " ")] ?? []
    let near = peers.isEmpty ? suggestions(for: word, among: names) : []
    let all = peers + namesakes.filter { !peers.contains($0) } + near
    return error(.unknownCommand(word, suggestions: all))
  }

  /// Suggests the nearest long names.
  func unknownOption(_ spelling: String) -> UsageError {
    let name = String(spelling.drop { $0 == "-" })
    let peers = (peers()[spelling] ?? []).filter { our in
      options.contains { $0.spelling == our.prefix { $0 != " " } }
    }
    if !peers.isEmpty { return error(.unknownOption(spelling, suggestions: peers)) }
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
