/// The manual: one page for the program, and one for each of its commands, as `git` has them.
public enum ManPage {
  /// Every page in mdoc(7), with the name of its file: `tenantctl.1`, `tenantctl-domain-add.1`.
  public static func pages<Action>(for tree: CommandTree<Action>) -> [(fileName: String, text: String)] {
    let root = Scope(tree)
    return ([root] + root.visibleDescendants).map { scope in
      let head = [
        ".Dd \(tree.date)",
        ".Dt \(scope.pageName.uppercased()) 1",
        ".Os \(Mdoc.argument(tree.versionText))",
      ]
      let body = ordered(scope.sections(of: tree)).flatMap { [".Sh \($0.title)"] + $0.lines }
      return ("\(scope.pageName).1", (head + body).joined(separator: "\n") + "\n")
    }
  }

  /// mdoc(7)'s order of sections, with those that it does not know after OPTIONS. Sections of one title are
  /// joined, and those without a line left out.
  private static func ordered(_ sections: [Section]) -> [Section] {
    let titles = sections.filter { !$0.lines.isEmpty }.map(\.title).distinct
    let known = conventional.filter(titles.contains)
    let own = titles.filter { !conventional.contains($0) }
    let early = known.prefix { $0 != "ENVIRONMENT" && !late.contains($0) }
    return (early + own + known.dropFirst(early.count)).map { title in
      Section(title, sections.filter { $0.title == title }.flatMap(\.lines))
    }
  }

  private static let conventional =
    ["NAME", "SYNOPSIS", "DESCRIPTION", "ARGUMENTS", "COMMANDS", "OPTIONS", "ENVIRONMENT"] + late
  private static let late = [
    "FILES", "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS", "COMPATIBILITY", "SEE ALSO", "STANDARDS", "HISTORY",
    "AUTHORS", "CAVEATS", "BUGS", "SECURITY CONSIDERATIONS",
  ]
}

/// A section of a page, its lines in mdoc.
private struct Section {
  let title: String
  let lines: [String]

  init(_ title: String, _ lines: [String]) { (self.title, self.lines) = (title, lines) }

  init(_ section: ManSection) { self.init(section.title, Mdoc.text(section.text)) }
}

extension Scope {
  fileprivate var pageName: String { ([program] + path).joined(separator: "-") }

  fileprivate func sections(of tree: CommandTree<Action>) -> [Section] {
    let isRoot = parent == nil
    let options = isRoot ? command.options + [.help, .version] : command.options
    return [
      Section("NAME", [".Nm \(pageName)", ".Nd \(Mdoc.nameLine(command.summary))"]),
      Section("SYNOPSIS", synopsis),
      Section("DESCRIPTION", Mdoc.prose(command.summary) + Mdoc.text(command.discussion, continued: true)),
      Section("ARGUMENTS", Mdoc.list(command.arguments.map { ($0.term, $0.meaning) })),
      Section("COMMANDS", isRoot ? commandsBySection : list(visibleDescendants)),
      Section("OPTIONS", Mdoc.list(options.map { ($0.term, $0.meaning) })),
      Section("ENVIRONMENT", Mdoc.list(command.options.compactMap(\.environmentItem))),
      Section("EXAMPLES", examples),
    ] + (isRoot ? rootSections(of: tree) : command.manSections.map(Section.init) + pointers)
  }

  private func rootSections(of tree: CommandTree<Action>) -> [Section] {
    let statuses = tree.exitStatuses().map { (term: "\($0.0)", lines: Mdoc.prose($0.1)) }
    return [Section("EXIT STATUS", Mdoc.list(statuses))]
      + tree.manSections().map(Section.init)
  }

  private var pointers: [Section] {
    let page = reference(program, end: " .")
    return [
      Section(
        "OPTIONS", (command.options.isEmpty ? [] : [".Pp"]) + ["The global options are described in", page]),
      Section("FILES", ["The files are described in", page]),
      Section("EXIT STATUS", ["The exit status is described in", page]),
      Section("SEE ALSO", seeAlso),
    ]
  }

  private var synopsis: [String] {
    let words = path.isEmpty ? [] : [".Cm \(path.map(Mdoc.argument).joined(separator: " "))"]
    let own = path.isEmpty ? [".Op Ar OPTIONS"] : command.options.map { ".\($0.macros)" }
    let rest = command.isGroup ? [".Ar COMMAND"] : command.arguments.map { ".\($0.macros)" }
    return [".Nm \(program)"] + words + own + rest
  }

  private var examples: [String] {
    command.examples.enumerated().flatMap { index, example in
      (index > 0 ? [".Pp"] : []) + Mdoc.prose(example.meaning) + Mdoc.literal(["$ \(example.command)"])
    }
  }

  private var commandsBySection: [String] {
    visibleDescendants.map(\.section).distinct.flatMap { section in
      [".Ss \(section.isEmpty ? "Other" : section)"]
        + list(visibleDescendants.filter { $0.section == section })
    }
  }

  private func list(_ scopes: [Scope]) -> [String] {
    Mdoc.list(scopes.map { ("Xr \($0.pageName) 1", Mdoc.prose($0.command.summary)) })
  }

  /// The groups above, and the pages beside and below.
  private var seeAlso: [String] {
    let above = sequence(first: self) { $0.parent }.map(\.pageName)
    let beside = groups.count > 1 ? parent?.visibleDescendants.map(\.pageName) ?? [] : []
    let below = visibleDescendants.map(\.pageName)
    let names = (above + beside + below).distinct.filter { $0 != pageName }.sorted()
    return names.dropLast().map { reference($0, end: " ,") } + names.suffix(1).map { reference($0) }
  }

  private func reference(_ page: String, end: String = "") -> String { ".Xr \(page) 1\(end)" }
}

extension Declaration {
  /// How an entry of a list names it, as macros.
  fileprivate var term: String {
    switch form {
    case .flag, .option: flags(separator: " ,")
    case .argument, .trailing: "Ar \(Mdoc.argument(name))"
    }
  }

  /// How the synopsis shows it, as macros.
  fileprivate var macros: String {
    switch form {
    case .flag: "Op \(flags(separator: " |"))"
    case .option(_, let repeats): "Op \(flags(separator: " |"))" + (repeats ? " ..." : "")
    case .argument(let count):
      (count.lowerBound == 0 ? "Op " : "") + "Ar \(Mdoc.argument(name))"
        + (count.upperBound > 1 ? " ..." : "")
    case .trailing(let minimum): (minimum == 0 ? "Op " : "") + "Fl \\- Ar \(Mdoc.argument(name)) ..."
    }
  }

  private func flags(separator: String) -> String {
    let short = short.map { "Fl \(Mdoc.argument(String($0)))\(separator) " } ?? ""
    return "\(short)Fl \(Mdoc.argument("-\(name)"))" + (placeholder.map { " Ar \(Mdoc.argument($0))" } ?? "")
  }

  fileprivate var meaning: [String] {
    var sentences = [summary]
    if case .option(_, repeats: true) = form { sentences.append("May be given more than once.") }
    if !choices.isEmpty { sentences.append("One of \(choices.alternatives).") }
    if let defaultText { sentences.append("The default is \(defaultText).") }
    return sentences.flatMap(Mdoc.prose)
  }

  fileprivate var environmentItem: (term: String, lines: [String])? {
    environment.map {
      ("Ev \(Mdoc.argument($0))", ["Used if", ".Fl \(Mdoc.argument("-\(name)"))", "is not given."])
    }
  }
}
