internal import Arguments

enum HelpCommand {
  static let command = Command<Action>(
    "help", summary: "Show the help of a command.",
    parameters: [path],
    examples: [Example("tenantctl help domain add", "Show the help of 'domain add'.")],
    section: Section.shell
  ) { input, session in
    try page(input[path], of: Tenantctl.tree, session.printer)
  }

  static func page(_ path: [String], of tree: CommandTree<Action>, _ printer: Printer) throws -> CommandResult
  {
    let page = try HelpPage.text(
      for: path, in: tree, width: printer.terminal.width, styled: printer.style.isColored)
    let text = page.replacing("\u{1B}", with: "\(Style.mark)")
    let lines = [String(text.dropLast())]
    var result = CommandResult(["help": text], names: lines) { _ in lines }
    result.isExact = true
    return result
  }

  static let path = RepeatedArgument(
    "COMMAND", completion: .dynamic(CompleteCommand.Kind.command.rawValue), parse: { $0 },
    summary: "The command. Default: list all commands.")
}
