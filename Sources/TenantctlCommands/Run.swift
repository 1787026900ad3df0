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
      // The bare name lists the commands.
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
    } catch TenancyProblem.tenantNotFound(let name) {
      let report = ErrorReport(TenancyProblem.tenantNotFound(name))
      return printer.fail(report.suggesting(await session.tenants(like: name)))
    }
  }
}

/// A word that is not UTF-8. Swift has inserted replacement characters, which would be stored or passed on.
struct MangledWord: Error {
  let word: String

  static func isMangled(_ word: String) -> Bool { word.unicodeScalars.contains("\u{FFFD}") }
}
