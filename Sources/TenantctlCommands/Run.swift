package import Arguments
internal import Glibc
internal import Tenancy

extension Tenantctl {
  /// Runs the program. Returns its exit status.
  public static func run(_ words: [String], environment: [String: String]) async -> Int32 {
    await tree.run(words, environment: environment)
  }
}

extension CommandTree<Action> {
  /// Runs the program that the tree describes. Returns its exit status.
  package func run(_ words: [String], environment: [String: String]) async -> Int32 {
    // A closed pipe ends the program silently; some parents, such as Python, ignore SIGPIPE.
    signal(SIGPIPE, SIG_DFL)
    // A shell ignores SIGINT for background processes: then only a kill would end a read on a broken network. Commands
    // that change something use `Interruption`.
    signal(SIGINT, SIG_DFL)
    Interruption.endAtOnce(on: [SIGTERM, SIGHUP])
    // A write beyond `ulimit -f` then fails as on a full disk, and the program can still report what it did.
    signal(SIGXFSZ, SIG_IGN)
    Files.fillStandardDescriptors()
    let line = Parser(self).read(words, environment: environment)
    var printer = Printer(line, environment)
    let report = RunReport(line[RunOptions.report])
    do {
      if let word = words.first(where: MangledWord.isMangled) { throw MangledWord(word: word) }
      switch try line.request() {
      case .help(let path):
        try printer.terminal.show(lines: HelpCommand.page(path, of: self, printer).text(printer.style))
      case .version:
        try printer.terminal.write(lines: [versionText])
      case .run(let action, let path, let input):
        if action.formats.isEmpty { printer.format = .text }
        if [.json, .ndjson].contains(printer.format) {
          Interruption.endAtOnceInJSON(on: [SIGINT, SIGTERM, SIGHUP], printer.terminal)
        }
        let session = Session(line, printer, environment, report)
        return await run(action, path, input, session).rawValue
      }
      return ExitStatus.done.rawValue
    } catch let error as UsageError where words.isEmpty {
      // The bare name lists the commands.
      let page = try? HelpPage.text(in: self, width: printer.terminal.width)
      return printer.fail(ErrorReport(error), showing: page).rawValue
    } catch {
      let failure = ErrorReport(error).omitting(ErrorReport.Assurance.allCases)
      report.fail(failure, of: (error as? UsageError)?.commandPath ?? [])
      return printer.fail(failure).rawValue
    }
  }

  private func run(
    _ action: Action, _ path: [String], _ input: Input, _ session: Session
  ) async -> ExitStatus {
    let (printer, report) = (session.printer, session.report)
    let inapplicable = input.inapplicable
    @Sendable func fail(_ error: ErrorReport) -> ExitStatus {
      let error = error.omitting(inapplicable)
      report.fail(error, of: path)
      return printer.fail(error)
    }
    session.interruption.ending { _ = fail(ErrorReport(interruptedKnowing: $0)) }
    do {
      let result = try await action.run(input, session)
      try printer.show(result)
      report.complete(result.status, of: path)
      return result.status
    } catch TenancyProblem.tenantNotFound(let name) where !session.interruption.isRequested {
      let error = ErrorReport(TenancyProblem.tenantNotFound(name))
      return fail(error.suggesting(await session.tenants(like: name)))
    } catch {
      return fail(
        session.interruption.isRequested ? ErrorReport(interruptedBy: error) : ErrorReport(error))
    }
  }
}

extension Input {
  /// What hints must not say: a command that changes something by itself has --dry-run.
  fileprivate var inapplicable: [ErrorReport.Assurance] {
    if self[Shared.dryRun] { return [.changesMade] }
    let changes =
      takes(DoctorCommand.fix)
      ? self[DoctorCommand.fix]
      : takes(Shared.dryRun) && !self[MigrateCommand.check] || self[ExecCommand.write]
    return changes ? [] : ErrorReport.Assurance.allCases
  }
}

/// A word that is not UTF-8. Swift has inserted replacement characters, which would be stored or passed on.
struct MangledWord: Error {
  let word: String

  /// A replacement character may have been typed: then the word is as it was given.
  static func isMangled(_ word: String) -> Bool {
    guard word.unicodeScalars.contains("\u{FFFD}") else { return false }
    let given = CommandLine.unsafeArgv
    return !(0..<Int(CommandLine.argc)).contains { index in
      given[index].flatMap { String(validatingCString: $0) } == word
    }
  }
}
