internal import Arguments
internal import Glibc
internal import Tenancy

extension Tenantctl {
  /// The whole program: words in, output and exit status out.
  public static func run(_ words: [String], environment: [String: String]) async -> Int32 {
    // Who closes a pipe early has seen enough; some parents, such as Python, would have us complain.
    signal(SIGPIPE, SIG_DFL)
    // A script's shell ignores SIGINT for what it starts in the background: then nothing but a kill would end a read on a
    // network that has died. What changes something has its own way, see `Interruption`.
    signal(SIGINT, SIG_DFL)
    // Past `ulimit -f` a write fails, as it does on a full disk, and the program can still say what it has done.
    signal(SIGXFSZ, SIG_IGN)
    Files.fillStandardDescriptors()
    let line = Parser(tree).read(words, environment: environment)
    var printer = Printer(line, environment)
    do {
      if let word = words.first(where: MangledWord.isMangled) { throw MangledWord(word: word) }
      switch try line.request() {
      case .help(let path):
        try printer.terminal.show(lines: HelpCommand.page(path, printer).text(printer.style))
      case .version:
        try printer.terminal.write(lines: [tree.versionText])
      case .run(let action, _, let input):
        if action.formats.isEmpty { printer.format = .text }
        return try await run(action, input, Session(line, printer, environment)).rawValue
      }
      return ExitStatus.done.rawValue
    } catch let error as UsageError where words.isEmpty {
      // Whoever types the bare name wants to know what there is.
      let page = try? HelpPage.text(in: tree, width: printer.terminal.width)
      return printer.fail(ErrorReport(error), showing: page).rawValue
    } catch {
      return printer.fail(ErrorReport(error)).rawValue
    }
  }

  private static func run(_ action: Action, _ input: Input, _ session: Session) async throws -> ExitStatus {
    let printer = session.printer
    session.interruption.ending { _ = printer.fail(ErrorReport(interruptedKnowing: $0)) }
    do {
      let result = try await action.run(input, session)
      try printer.show(result)
      return result.status
    } catch  where session.interruption.isRequested {
      return printer.fail(ErrorReport(interruptedBy: error))
    }
  }
}

/// A word that is not UTF-8. Swift has put replacement characters into it, which would be stored, or handed on.
struct MangledWord: Error {
  let word: String

  static func isMangled(_ word: String) -> Bool { word.unicodeScalars.contains("\u{FFFD}") }
}
