internal import Arguments

enum CompletionCommand {
  static let command = Command<Action>(
    "completion", summary: "Print the completion script of a shell.",
    discussion:
      "Completes commands, options, their values, files, and the names of your tenants and domains.",
    parameters: [shell],
    examples: [
      Example("source <(tenantctl completion bash)", "Add this to ~/.bashrc."),
      Example("source <(tenantctl completion zsh)", "Add this to ~/.zshrc, after compinit."),
      Example("tenantctl completion fish | source", "Add this to ~/.config/fish/config.fish."),
    ],
    section: Section.shell
  ) { input, _ in
    let script = script(try input[shell])
    let lines = [String(script.dropLast())]
    var result = CommandResult(["script": script], names: lines) { _ in lines }
    result.isExact = true
    return result
  }

  static func script(_ shell: Shell) -> String {
    switch shell {
    case .bash: BashCompletion.script(for: Tenantctl.tree)
    case .zsh: ZshCompletion.script(for: Tenantctl.tree)
    case .fish: FishCompletion.script(for: Tenantctl.tree)
    }
  }

  enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

  private static let shell = Argument("SHELL", choices: Shell.self, summary: "The shell.")
}
