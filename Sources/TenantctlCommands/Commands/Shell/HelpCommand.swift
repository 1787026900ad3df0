internal import Arguments

enum HelpCommand {
  static let command = Command<Action>(
    "help", summary: "Show the help of a command.",
    parameters: [path],
    examples: [Example("tenantctl help domain add", "Show the help of 'domain add'.")],
    section: Section.shell
  ) { input, session in
    try page(input[path], session.terminal, styled: session.style.isColored)
  }

  static func page(_ path: [String], _ terminal: Terminal, styled: Bool) throws -> CommandResult {
    let page = try HelpPage.text(for: path, in: Tenantctl.tree, width: terminal.width, styled: styled)
    let text = page.replacing("\u{1B}", with: "\(Style.mark)")
    var result = CommandResult(["help": text]) { _ in [String(text.dropLast())] }
    result.isExact = true
    result.names = [String(text.dropLast())]
    return result
  }

  private static let path = RepeatedArgument(
    "COMMAND", parse: { $0 }, summary: "The command. Default: list all commands.")
}
