/// What the three completion scripts have in common.
extension Scope {
  /// The root and every visible command.
  var visible: [Scope] { [self] + visibleDescendants }

  /// The options that hold here, but not everywhere.
  var localOptions: [Declaration] {
    groups.isEmpty ? [] : command.options + groups.dropFirst().reversed().flatMap(\.options)
  }

  /// The options that hold everywhere, of which the command has none of its own.
  var globalOptions: [Declaration] {
    let own = localOptions.map(\.spelling)
    return ((groups.first ?? command).options + [.help, .version]).filter { !own.contains($0.spelling) }
  }

  var visibleSubcommands: [Command<Action>] { command.subcommands.filter { !$0.hidden } }

  /// The arguments that stand before a `--`.
  var leadingArguments: [Declaration] { command.arguments.filter { !$0.isTrailing } }

  var hasTrailing: Bool { command.arguments.contains(where: \.isTrailing) }
}

extension Declaration {
  var isTrailing: Bool { if case .trailing = form { true } else { false } }

  var isRepeatedArgument: Bool { if case .argument(let count) = form { count.upperBound > 1 } else { false } }

  /// The option's spellings, the long one first: `--jobs`, `-j`.
  var spellings: [String] { [spelling] + (short.map { ["-\($0)"] } ?? []) }
}

extension String {
  /// A sentence as a label beside a word.
  var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }

  /// The program's name as part of a shell function's.
  var asIdentifier: String { String(map { $0.isLetter || $0.isNumber ? $0 : "_" }) }

  /// In single quotes, for bash and zsh.
  var shellQuoted: String { "'\(replacing("'", with: "'\\''"))'" }
}
