/// One pass over the words: which command they name, and what they give to it.
///
/// It goes on after an error, because a later `--help` wins.
public struct Reading<Action: Sendable>: Sendable {
  private(set) var scope: Scope<Action>
  private(set) var error: UsageError?
  private(set) var wantsHelp = false
  private(set) var wantsVersion = false
  /// After an unknown command: the words that follow it mean nothing.
  private var isLost = false
  private var options: [(spelling: String, text: String?)] = []
  private var arguments: [String] = []
  private var trailing: [String] = []
  let environment: [String: String]

  init(_ tree: CommandTree<Action>, _ environment: [String: String]) {
    scope = Scope(tree)
    self.environment = environment
  }

  mutating func read(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        return readVerbatim(rest)
      } else if word.hasPrefix("--") {
        readLong(word, &rest)
      } else if word.hasPrefix("-"), word != "-", !isNegativeNumber(word) {
        readShort(word, &rest)
      } else {
        readPlain(word)
      }
    }
  }

  private mutating func readVerbatim(_ words: ArraySlice<String>) {
    if scope.hasTrailing {
      trailing = Array(words)
    } else {
      words.forEach { readPlain($0) }
    }
  }

  private mutating func readPlain(_ word: String) {
    if !scope.command.isGroup {
      arguments.append(word)
    } else if !isLost, let next = scope.entering(word) {
      scope = next
    } else {
      isLost = true
      note(scope.unknownCommand(word))
    }
  }

  private mutating func readLong(_ word: String, _ rest: inout ArraySlice<String>) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = parts.count > 1 ? parts[1] : nil
    guard let option = option(parts[0]) else { return note(scope.unknownOption(parts[0])) }
    if option.placeholder != nil {
      give(parts[0], option, value, &rest)
    } else if let value {
      note(scope.error(.unexpectedValue(option: parts[0], value: value)))
    } else {
      turnOn(parts[0], option)
    }
  }

  /// A cluster: flags, the last of which may be an option with its value in the same word or in the next.
  private mutating func readShort(_ word: String, _ rest: inout ArraySlice<String>) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let spelling = "-\(letter)"
      guard let option = option(spelling) else {
        return note(scope.unknownOption(scope.knows("-\(word)") ? word : spelling))
      }
      if option.placeholder != nil {
        return give(spelling, option, letters.isEmpty ? nil : String(letters), &rest)
      }
      if letters.first == "=" {
        return note(scope.error(.unexpectedValue(option: spelling, value: String(letters.dropFirst()))))
      }
      turnOn(spelling, option)
    }
  }

  private mutating func give(
    _ spelling: String, _ option: Declaration, _ attached: String?, _ rest: inout ArraySlice<String>
  ) {
    if let attached {
      options.append((spelling, attached))
    } else if let next = rest.first, next != "--", !isOption(next) {
      options.append((spelling, rest.removeFirst()))
    } else {
      note(
        scope.error(
          .missingValue(
            option: spelling, placeholder: option.placeholder ?? "",
            next: rest.first.flatMap { $0 == "--" ? nil : String($0.prefix { $0 != "=" }) })))
    }
  }

  private mutating func turnOn(_ spelling: String, _ option: Declaration) {
    switch option {
    case .help: wantsHelp = true
    case .version: wantsVersion = true
    default: options.append((spelling, nil))
    }
  }

  /// The first mistake is the one to report.
  private mutating func note(_ mistake: UsageError) {
    error = error ?? mistake
  }
}

extension Reading {
  /// The option of that spelling. Before the command is known, any command's will do, and
  /// `occurrences` has the last word.
  private func option(_ spelling: String) -> Declaration? {
    let near = scope.options.first { $0.answers(to: spelling) }
    return near ?? scope.descendants.lazy.flatMap(\.command.options).first { $0.answers(to: spelling) }
  }

  private func isOption(_ word: String) -> Bool {
    guard word.hasPrefix("--") || (word.hasPrefix("-") && word.count == 2) else { return false }
    return option(String(word.prefix { $0 != "=" })) != nil
  }

  private func isNegativeNumber(_ word: String) -> Bool {
    guard word.dropFirst().first?.isNumber == true else { return false }
    return option(String(word.prefix(2))) == nil
  }

  /// What the words give to an option, of whichever command.
  func occurrences(of option: Declaration) -> [Occurrence] {
    options.filter { option.answers(to: $0.spelling) && ($0.text == nil) == (option.placeholder == nil) }
      .map { Occurrence(text: $0.text, source: .word) }
  }

  /// What was given to each parameter of the command, by its spelling.
  func occurrences() throws(UsageError.Problem) -> [String: [Occurrence]] {
    var given: [String: [Occurrence]] = [:]
    for (spelling, text) in options {
      guard
        let option = scope.options.first(where: { $0.answers(to: spelling) }),
        (option.placeholder == nil) == (text == nil)
      else { throw scope.unknownOption(spelling).problem }
      if !option.repeats, given[option.spelling] != nil { throw .repeatedOption(option.spelling) }
      given[option.spelling, default: []].append(Occurrence(text: text, source: .word))
    }
    for (argument, words) in try shares() where !words.isEmpty {
      given[argument.spelling] = words.map { Occurrence(text: $0, source: .word) }
    }
    return given
  }

  /// Deals the words out to the arguments, each as many as it may have while enough are left for those after
  /// it.
  private func shares() throws(UsageError.Problem) -> [(Declaration, ArraySlice<String>)] {
    var rest = arguments[...]
    var needed = scope.command.arguments.reduce(0) { $0 + $1.wordsNeeded }
    var shares: [(Declaration, ArraySlice<String>)] = []
    for argument in scope.command.arguments {
      switch argument.form {
      case .trailing(let minimum):
        guard trailing.count >= minimum else { throw .missingArgument("-- \(argument.name)") }
        shares.append((argument, trailing[...]))
      case .argument(let count):
        needed -= count.lowerBound
        let share = rest.prefix(min(max(rest.count - needed, count.lowerBound), count.upperBound))
        guard share.count >= count.lowerBound else { throw .missingArgument(argument.name) }
        shares.append((argument, share))
        rest = rest.dropFirst(share.count)
      case .flag, .option: break
      }
    }
    if let word = rest.first { throw .unexpectedArgument(word) }
    return shares
  }
}

extension Declaration {
  fileprivate var wordsNeeded: Int { if case .argument(let count) = form { count.lowerBound } else { 0 } }
}
