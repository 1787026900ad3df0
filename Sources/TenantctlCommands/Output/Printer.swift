internal import Arguments
internal import Tenancy

/// Prints results and errors where they belong, in the format and with the colours that the user wants.
struct Printer: Sendable {
  let terminal = Terminal()
  var format: OutputFormat
  /// Whether only data is printed.
  let isQuiet: Bool
  /// `nil`: on a terminal.
  private let usesColor: Bool?

  /// Before the line is understood, how to report an error must be known.
  init(_ line: Reading<Action>, _ environment: [String: String]) {
    format = line[Global.format()]
    isQuiet = line[Global.quiet]
    usesColor =
      switch line[Global.color] {
      case .always: true
      case .never: false
      case .auto: Self.usesColor(environment)
      }
  }

  /// How standard output stands out.
  var style: Style { Style(isColored: (usesColor ?? terminal.stdoutIsTerminal) && format == .text) }

  /// How standard error stands out.
  var errorStyle: Style { Style(isColored: usesColor ?? terminal.stderrIsTerminal) }

  /// https://no-color.org and https://force-color.org, where an empty variable counts as unset.
  private static func usesColor(_ environment: [String: String]) -> Bool? {
    if environment["NO_COLOR"]?.isEmpty == false { return false }
    switch environment["FORCE_COLOR"] {
    case nil, "": return environment["TERM"] == "dumb" ? false : nil
    case "0", "false": return false
    default: return true
    }
  }

  func show(_ result: CommandResult) throws {
    let isStreamed = result.streamed.contains(format)
    for loss in result.losses { terminal.note(loss) }
    var hasFailures = result.formatsWithFailures.contains(format)
    do {
      if !isStreamed { try write(result) }
    } catch let error as OutputClosed where !result.failures.isEmpty {
      // The failures of the run matter more, and the status stays theirs.
      terminal.note("\(errorStyle.yellow("warning:")) \(ErrorReport(error).message)")
      hasFailures = false
    }
    if !hasFailures { result.failures.forEach { terminal.note($0) } }
    // Streamed rows have no place for the rest.
    guard !isQuiet, format == .text || isStreamed && result.status != .done else { return }
    for note in result.notes { terminal.note(note) }
  }

  private func write(_ result: CommandResult) throws {
    switch format {
    case .json:
      try terminal.write { output in
        JSON.write(result.json, pretty: terminal.stdoutIsTerminal, to: &output)
        output.write("\n")
      }
    case .ndjson: try terminal.write(lines: (result.elements?() ?? [result.json]).map { JSON.text($0) })
    case .sarif, .github: try terminal.write(lines: result.foreign?(format) ?? [])
    case .csv: try terminal.write(lines: result.table?.csv ?? [])
    case .text:
      let lines = isQuiet ? result.names : result.text(style)
      if result.isExact {
        // A terminal gets colours with all else that it is to see, a pipe what is asked for.
        return try terminal.write(
          lines: terminal.stdoutIsTerminal ? lines : lines.map(HarmlessText.colored))
      }
      try terminal.show(lines: lines.map(isQuiet ? \.onOneLine : HarmlessText.indented))
    }
  }

  /// In JSON the same document goes to both streams, so that a script may read either; a person sees it once.
  /// - Parameter page: what people see instead of the error.
  func fail(_ report: ErrorReport, showing page: String? = nil) -> ExitStatus {
    guard format == .json || format == .ndjson else {
      if let page {
        terminal.note(String(page.dropLast()), isMessage: false)
        return report.status
      }
      for line in report.lines(errorStyle) { terminal.note(line) }
      return report.status
    }
    let document = report.json
    terminal.note(document)
    if !terminal.stdoutIsTerminal { try? terminal.write(document + "\n") }
    return report.status
  }
}
