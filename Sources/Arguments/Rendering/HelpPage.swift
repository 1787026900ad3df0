/// What `--help` shows.
public struct HelpPage: Sendable {
  private let width: Int
  private let styled: Bool
  private var lines: [String] = []

  /// The help of the command at `path`; of the program, when empty.
  ///
  /// Lines are filled to `width` columns, kept between 40 and 120. `styled` makes headings bold with ANSI
  /// escapes. Throws `unknownCommand` where the path leads nowhere.
  public static func text<Action>(
    for path: [String] = [], in tree: CommandTree<Action>, width: Int = 80, styled: Bool = false
  ) throws(UsageError) -> String {
    let scope = try tree.scope(at: path)
    var page = HelpPage(width: min(max(width, 40), 120), styled: styled)
    page.addUsage(scope.usage)
    page.addText(scope.command.summary)
    page.addText(scope.command.discussion)
    page.addTable("Arguments", scope.command.arguments.map { Row($0.synopsis, $0.summary, $0.notes) })
    if scope.groups.isEmpty && !scope.command.isGroup {
      page.addTable("Options", (scope.command.options + [.help, .version]).map(Row.init))
    } else if scope.groups.isEmpty {
      page.addSections(of: scope)
      page.addTable("Global options", (scope.command.options + [.help, .version]).map(Row.init))
    } else {
      page.addTable(
        "Commands", scope.visibleDescendants.filter { !$0.command.isGroup }.map { Row($0, below: scope) })
      page.addTable("Options", scope.command.options.map(Row.init))
      page.addInheritedOptions(of: scope)
    }
    page.addExamples(scope.command.examples)
    return page.lines.joined(separator: "\n") + "\n"
  }

  private init(width: Int, styled: Bool) {
    self.width = width
    self.styled = styled
  }

  private mutating func addUsage(_ usage: String) {
    let label = "Usage:"
    let filled = fill(usage, width: width - label.count - 1)
    for (index, line) in filled.enumerated() {
      lines.append((index == 0 ? bold(label) : spaces(label.count)) + " " + line)
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

  /// The program's commands under the heading of their section, in the order of declaration.
  private mutating func addSections<Action>(of scope: Scope<Action>) {
    let commands = scope.visibleDescendants.filter { !$0.command.isGroup }
    let column = columnWidth(commands.map { Row($0, below: scope) })
    for section in commands.map(\.section).distinct {
      let rows = commands.filter { $0.section == section }.map { Row($0, below: scope) }
      addTable(section.isEmpty ? "Commands" : section, rows, column: column)
    }
    lines.append("")
    lines += fill("'\(scope.line) COMMAND --help' describes a command.", width: width)
  }

  private mutating func addInheritedOptions<Action>(of scope: Scope<Action>) {
    let names = (scope.inheritedOptions + [.help, .version]).map(\.spelling).joined(separator: ", ")
    addHeading("Global options")
    lines += fill("\(names); see '\(scope.program) --help'.", width: width - 2).map { "  \($0)" }
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

extension HelpPage {
  /// A label and what it means.
  private struct Row {
    let label: String
    let text: String
    let notes: [String]

    init(_ label: String, _ text: String, _ notes: [String] = []) {
      (self.label, self.text, self.notes) = (label, text, notes)
    }

    /// `-d, --database URL`, with space for a missing short form.
    init(_ option: Declaration) {
      let short = option.short.map { "-\($0), " } ?? "    "
      let placeholder = option.placeholder.map { " \($0)" } ?? ""
      self.init(short + option.spelling + placeholder, option.summary, option.notes)
    }

    init<Action>(_ scope: Scope<Action>, below group: Scope<Action>) {
      let name = scope.path.dropFirst(group.path.count).joined(separator: " ")
      self.init(name, scope.command.summary)
    }
  }

  private mutating func addHeading(_ title: String) { lines += ["", bold("\(title):")] }

  /// Two columns; a label that is too long for the first has a line to itself.
  private mutating func addTable(_ title: String, _ rows: [Row], column: Int? = nil) {
    guard !rows.isEmpty else { return }
    addHeading(title)
    let column = column ?? columnWidth(rows)
    for row in rows {
      var filled = fill(row.text, notes: row.notes, width: width - column - 4)[...]
      let gap = column - row.label.count
      lines.append("  " + row.label + (gap < 0 ? "" : spaces(gap + 2) + (filled.popFirst() ?? "")))
      lines += filled.map { spaces(column + 4) + $0 }
    }
  }

  /// That of the longest label among those that leave most of the line to the text.
  private func columnWidth(_ rows: [Row]) -> Int {
    rows.map(\.label.count).filter { $0 <= width * 2 / 5 }.max() ?? 0
  }

  private func bold(_ text: String) -> String { styled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}

private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }

extension Declaration {
  /// The allowed values, the default, and the environment variable.
  fileprivate var notes: [String] {
    [
      choices.isEmpty ? nil : "[choices: \(choices.joined(separator: ", "))]",
      defaultText.map { "[default: \($0)]" },
      environment.map { "[env: \($0)]" },
    ].compactMap(\.self)
  }
}

extension [String] {
  /// Without repetitions, in the order of first appearance.
  var distinct: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
