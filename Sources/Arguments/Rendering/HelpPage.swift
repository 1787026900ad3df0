/// What `--help` shows.
public struct HelpPage: Sendable {
  private let width: Int
  private let styled: Bool
  private var lines: [String] = []

  /// The help of the command at `path`; of the program, when empty.
  ///
  /// Lines are filled to `width` columns, kept between 40 and 120. `styled` makes headings bold with ANSI escapes.
  /// Throws `unknownCommand` where the path leads nowhere.
  public static func text<Action>(
    for path: [String] = [], in tree: CommandTree<Action>, width: Int = 80, styled: Bool = false
  ) throws(UsageError) -> String {
    let scope = try tree.scope(at: path)
    var page = HelpPage(width: min(max(width, 40), 120), styled: styled)
    page.addUsage(scope.usage)
    page.addText(scope.command.summary)
    page.addText(scope.command.discussion)
    page.addCommands(of: scope)
    page.addTable("Arguments", scope.command.arguments.map { ($0.synopsis, $0.helpText) })
    page.addOptions(of: scope)
    page.addExamples(scope.command.examples)
    return page.lines.joined(separator: "\n") + "\n"
  }

  private init(width: Int, styled: Bool) {
    self.width = width
    self.styled = styled
  }

  private func bold(_ text: String) -> String { styled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  private mutating func addUsage(_ usage: String) {
    let label = "Usage:"
    let filled = fill(usage, width: width - label.count - 1)
    for (index, line) in filled.enumerated() {
      let margin = index == 0 ? bold(label) : spaces(label.count)
      lines.append("\(margin) \(line)")
    }
  }

  private mutating func addText(_ text: String) {
    for block in blocks(of: text) {
      lines.append("")
      switch block {
      case .paragraph(let words): lines += fill(words, width: width)
      case .literal(let kept): lines += kept.map { "    \($0)" }
      }
    }
  }

  private mutating func addHeading(_ title: String) { lines += ["", bold("\(title):")] }

  /// Two columns; a label that is too long for the first has a line to itself.
  private mutating func addTable(_ title: String, _ rows: [(label: String, text: String)]) {
    guard !rows.isEmpty else { return }
    addHeading(title)
    let longest = rows.map(\.label.count).filter { $0 <= width * 2 / 5 }.max() ?? 0
    for row in rows {
      let filled = fill(row.text, width: width - longest - 4)
      let fits = row.label.count <= longest
      lines.append(
        "  \(row.label)" + (fits ? spaces(longest - row.label.count + 2) + (filled.first ?? "") : ""))
      lines += filled.dropFirst(fits ? 1 : 0).map { spaces(longest + 4) + $0 }
    }
  }

  /// The commands under the heading of their section, in the order of declaration.
  private mutating func addCommands<Action>(of scope: Scope<Action>) {
    let rows = scope.visibleDescendants.filter { !$0.command.isGroup }.map { leaf in
      (section: leaf.section, label: leaf.path.dropFirst(scope.path.count).joined(separator: " "), leaf)
    }
    var titles: [String] = []
    for row in rows where !titles.contains(row.section) { titles.append(row.section) }
    if !scope.path.isEmpty { titles = titles.isEmpty ? [] : ["Commands"] }
    for title in titles {
      let own = rows.filter { !scope.path.isEmpty || $0.section == title }
      addTable(title.isEmpty ? "Commands" : title, own.map { ($0.label, $0.2.command.summary) })
    }
  }

  private mutating func addOptions<Action>(of scope: Scope<Action>) {
    let isRoot = scope.groups.isEmpty
    let own = scope.command.options + (isRoot ? [.help, .version] : [])
    addTable(isRoot ? "Global options" : "Options", own.map { ($0.label, $0.helpText) })
    guard !isRoot else {
      let line = "'\(scope.command.name) COMMAND --help' tells more about a command."
      lines += [""] + fill(line, width: width)
      return
    }
    let names = (scope.inheritedOptions + [.help, .version]).map(\.spelling).joined(separator: ", ")
    addHeading("Global options")
    let program = scope.groups[0].name
    lines += fill("\(names); see '\(program) --help'.", width: width - 2).map { "  \($0)" }
  }

  private mutating func addExamples(_ examples: [Example]) {
    guard !examples.isEmpty else { return }
    addHeading("Examples")
    for example in examples {
      lines.append("  \(example.command)")
      lines += fill(example.meaning, width: width - 6).map { "      \($0)" }
    }
  }
}

private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

extension Declaration {
  /// `-d, --database URL`, with room for the short form where there is none.
  fileprivate var label: String {
    let short = short.map { "-\($0), " } ?? "    "
    return short + spelling + (placeholder.map { " \($0)" } ?? "")
  }

  /// The summary and, in brackets, what values there are, which one holds, and where else it is looked for.
  fileprivate var helpText: String {
    let notes = [
      choices.isEmpty ? nil : "[choices: \(choices.joined(separator: ", "))]",
      defaultText.map { "[default: \($0)]" },
      environment.map { "[env: \($0)]" },
    ]
    return ([summary] + notes.compactMap(\.self)).joined(separator: " ")
  }
}
