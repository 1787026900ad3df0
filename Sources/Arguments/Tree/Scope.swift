/// A command and the groups that lead to it: what may be typed there.
struct Scope<Action: Sendable>: Sendable {
  /// From the root down, without the command itself.
  private(set) var groups: [Command<Action>] = []
  private(set) var command: Command<Action>
  let peers: @Sendable () -> [String: [String]]

  init(_ tree: CommandTree<Action>) { (command, peers) = (tree.root, tree.peers) }

  var program: String { (groups.first ?? command).name }

  var parent: Scope? {
    guard let group = groups.last else { return nil }
    var scope = self
    scope.groups.removeLast()
    scope.command = group
    return scope
  }

  /// The words that lead here, without the program's name.
  var path: [String] { groups.isEmpty ? [] : groups.dropFirst().map { $0.name } + [command.name] }

  /// The command line up to here: `tenantctl domain add`.
  var line: String { (groups + [command]).map(\.name).joined(separator: " ") }

  /// The command's own first, then those of its groups, the root's last, without those that the command narrows.
  var parameters: [any Parameter] {
    // A loop: every command line passes here, and the generic types of a chain cost more than the work.
    var all = command.parameters
    let own = all.map(\.declaration)
    for group in groups.reversed() {
      for parameter in group.parameters where !own.contains(where: { $0.narrows(parameter.declaration) }) {
        all.append(parameter)
      }
    }
    return all
  }

  var inheritedOptions: [Declaration] {
    let own = command.options
    return groups.reversed().flatMap(\.options).filter { option in !own.contains { $0.narrows(option) } }
  }

  /// All that may be typed here. A command may have an option named as a built-in one.
  var options: [Declaration] { command.options + inheritedOptions + [.help, .version] }

  /// The heading under which the program's help lists the command: its own or that of its nearest group.
  var section: String {
    ([command] + groups.reversed()).lazy.map(\.section).first { !$0.isEmpty } ?? ""
  }

  func entering(_ name: String) -> Scope? {
    for child in command.subcommands where child.name == name { return entering(child) }
    return nil
  }

  private func entering(_ child: Command<Action>) -> Scope {
    var scope = self
    scope.groups.append(command)
    scope.command = child
    return scope
  }

  /// Every scope under this one, depth first, in the order of declaration.
  var descendants: [Scope] {
    command.subcommands.map(entering).flatMap { [$0] + $0.descendants }
  }

  /// As `descendants`, without what is hidden.
  var visibleDescendants: [Scope] {
    command.subcommands.filter { !$0.hidden }.map(entering).flatMap { [$0] + $0.visibleDescendants }
  }
}

extension CommandTree {
  /// The scope of a path of command names; throws `unknownCommand` for one that does not exist.
  func scope(at path: [String]) throws(UsageError) -> Scope<Action> {
    var scope = Scope(self)
    for name in path {
      guard let next = scope.entering(name) else { throw scope.unknownCommand(name) }
      scope = next
    }
    return scope
  }
}
