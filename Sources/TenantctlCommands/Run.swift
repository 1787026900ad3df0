internal import Arguments
internal import Glibc
internal import Tenancy

extension Tenantctl {
  /// Runs the program. Returns its exit status.
  public static func run(_ words: [String], environment: [String: String]) async -> Int32 {
    // A closed pipe ends the program silently; some parents, such as Python, ignore SIGPIPE.
    signal(SIGPIPE, SIG_DFL)
    // A shell ignores SIGINT for background processes: then only a kill would end a read on a broken network. Commands
    // that change something use `Interruption`.
    signal(SIGINT, SIG_DFL)
    // A write beyond `ulimit -f` then fails as on a full disk, and the program can still report what it did.
    signal(SIGXFSZ, SIG_IGN)
    Files.fillStandardDescriptors()
    let terminal = Terminal()
    let printer = Printer(words: words, environment: environment, terminal: terminal)
    do {
      if let word = words.first(where: MangledWord.isMangled) { throw MangledWord(word: word) }
      switch try Parser(tree).parse(words, environment: environment) {
      case .help(let path):
        let page = try HelpCommand.page(path, terminal, styled: printer.colorsOutput)
        try terminal.show(lines: page.text(Style(isColored: false)))
      case .version:
        try terminal.write(lines: [tree.versionText])
      case .run(let action, _, let input):
        return try await run(action, input, environment, printer).rawValue
      }
      return ExitStatus.done.rawValue
    } catch let error as UsageError where words.isEmpty {
      // The bare name lists the commands.
      let page = try? HelpPage.text(in: tree, width: terminal.width)
      return printer.fail(ErrorReport(error), showing: page).rawValue
    } catch {
      return printer.fail(ErrorReport(error)).rawValue
    }
  }

  private static func run(
    _ action: @escaping Action, _ input: Input, _ environment: [String: String], _ printer: Printer
  ) async throws -> ExitStatus {
    let session = Session(input, environment: environment, terminal: printer.terminal)
    session.interruption.ending { _ = printer.fail(ErrorReport(interruptedKnowing: $0)) }
    do {
      let result = try await action(input, session)
      try printer.show(result, session)
      return result.status
    } catch  where session.interruption.isRequested {
      return printer.fail(ErrorReport(interruptedBy: error))
    }
  }
}

/// A word that is not UTF-8. Swift has inserted replacement characters, which would be stored or passed on.
struct MangledWord: Error {
  let word: String

  static func isMangled(_ word: String) -> Bool { word.unicodeScalars.contains("\u{FFFD}") }
}

/// Prints results and errors.
struct Printer: Sendable {
  let terminal: Terminal
  let colorsOutput: Bool
  private let errorStyle: Style
  private let wantsJSON: Bool

  /// Reads the output format before the words are parsed, for usage errors.
  init(words: [String], environment: [String: String], terminal: Terminal) {
    self.terminal = terminal
    let options = words.prefix { $0 != "--" }
    let isOff = environment["TENANTCTL_NO_COLOR"].map { !["", "0", "false", "no", "off"].contains($0) }
    let allowsColor =
      !options.contains("--no-color") && isOff != true && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
    errorStyle = Style(isColored: allowsColor && terminal.stderrIsTerminal)
    colorsOutput = allowsColor && terminal.stdoutIsTerminal
    var format = environment["TENANTCTL_FORMAT"] ?? ""
    for (word, next) in zip(options, options.dropFirst() + [""]) {
      if word == "--format" { format = next }
      if word.hasPrefix("--format=") { format = String(word.dropFirst("--format=".count)) }
    }
    wantsJSON = format == "json" || format == "ndjson"
  }

  func show(_ result: CommandResult, _ session: Session) throws {
    if result.isRaw { return try terminal.write(lines: result.text(session.style)) }
    if !result.isPrinted { try write(result, session) }
    guard session.format == .text, !session.isQuiet else { return }
    for note in result.notes { terminal.note(note) }
  }

  private func write(_ result: CommandResult, _ session: Session) throws {
    switch session.format {
    case .json:
      try terminal.write { output in
        JSON.write(result.json, pretty: terminal.stdoutIsTerminal, to: &output)
        output.write("\n")
      }
    case .ndjson:
      try terminal.write(lines: (result.elements?() ?? [result.json]).map { JSON.text($0) })
    case .csv:
      guard let table = result.table else { throw NoTable() }
      try terminal.write(lines: table.csv)
    case .text:
      if session.isQuiet {
        return try terminal.show(lines: result.isExact ? result.names : result.names.map(\.onOneLine))
      }
      let lines = result.text(session.style)
      if result.isExact { return try terminal.write(lines: lines) }
      try terminal.show(lines: lines.map(HarmlessText.indented))
    }
  }

  /// Prints an error. In JSON the same document goes to both streams, so that a script can read either; a terminal shows
  /// it once.
  /// - Parameter page: a help page to print instead of the error.
  func fail(_ report: ErrorReport, showing page: String? = nil) -> ExitStatus {
    guard wantsJSON else {
      if let page {
        terminal.note(String(page.dropLast()), isMessage: false)
        return report.status
      }
      for line in report.lines(errorStyle) { terminal.note(line) }
      return report.status
    }
    let document = JSON.text(["error": report.document])
    terminal.note(document)
    if !terminal.stdoutIsTerminal { try? terminal.write(document + "\n") }
    return report.status
  }
}
