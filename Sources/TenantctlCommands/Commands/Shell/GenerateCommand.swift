internal import Arguments

/// Writes man/ and completions/; what `make generate` calls.
enum GenerateCommand {
  static let command = Command<Action>(
    "__generate", summary: "Write the manual pages and the completion scripts.", parameters: [folder],
    formats: [],
    hidden: true
  ) { input, _ in
    let files = generatedFiles()
    for (path, text) in files {
      let full = "\(try input[folder])/\(path)"
      try Files.makeFolder(String(full[..<(full.lastIndex(of: "/") ?? full.endIndex)]))
      try Files.write(full, text)
    }
    return CommandResult(files.map(\.path)) { _ in files.map { "wrote \($0.path)" } }
  }

  /// Every generated file: its path in the repository, and its text.
  static func generatedFiles() -> [(path: String, text: String)] {
    ManPage.pages(for: Tenantctl.tree).map { ("man/\($0.fileName)", $0.text) }
      + [
        ("man/tenantctl.toml.5", ConfigurationManual.text),
        ("completions/tenantctl.bash", CompletionCommand.script(.bash)),
        ("completions/_tenantctl", CompletionCommand.script(.zsh)),
        ("completions/tenantctl.fish", CompletionCommand.script(.fish)),
      ]
  }

  private static let folder = Argument("DIR", parse: { $0 }, summary: "Where man/ and completions/ are.")
}
