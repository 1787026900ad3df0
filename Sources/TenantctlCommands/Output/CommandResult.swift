/// The result of a command: one value, with a form for people and one for programs.
struct CommandResult: Sendable {
  /// The form for programs: what `--format json` prints.
  var json: any Encodable & Sendable
  /// The form for people, in lines.
  var text: @Sendable (Style) -> [String]
  /// The table of a list; only lists have a CSV form.
  var table: Table?
  /// The elements that `--format ndjson` prints, one a line; `nil` if the result has none.
  var elements: (@Sendable () -> [any Encodable])?
  /// What the formats of other tools print, in lines, for a command that has such.
  var foreign: (@Sendable (OutputFormat) -> [String])?
  /// The formats in which it was printed during the run, so that only the notes are left.
  var streamed: [OutputFormat] = []
  /// What `--quiet` prints: the names of a list.
  var names: [String] = []
  /// Whether the text is also for programs, as SQL is, and escaped only on a terminal.
  var isExact = false
  /// What failed, for standard error, with --quiet too. A person and a script read it once: not in a format whose data says
  /// it.
  var failures: [String] = []
  /// The formats whose data has the failures.
  var formatsWithFailures: [OutputFormat] = [.json, .ndjson]
  /// Warnings about output that was not written, in every format.
  var losses: [String] = []
  /// Hints and remarks, for standard error.
  var notes: [String] = []
  /// The exit status.
  var status = ExitStatus.done

  /// A result of some lines.
  init(
    _ json: any Encodable & Sendable, names: [String] = [], text: @escaping @Sendable (Style) -> [String]
  ) {
    (self.json, self.names, self.text) = (json, names, text)
  }

  /// A result of one sentence.
  init(_ json: any Encodable & Sendable, names: [String] = [], _ sentence: String) {
    self.init(json, names: names) { _ in [sentence] }
  }

  /// Adds a failure to write output. The command's changes are made and stay.
  /// - Parameter what: what was not written; empty if the error says it.
  mutating func add(_ error: any Error, _ style: Style, _ what: String = "") {
    losses.append(
      "\(style.yellow("warning:")) \(what)\(what.isEmpty ? "" : ": ")\(ErrorReport(error).message)")
    if status == .done { status = .failed }
  }

  /// A list.
  init<Element: Encodable & Sendable>(list: [Element], names: [String], table: Table, whenEmpty: String) {
    self.init(list, names: names) { style in table.rows.isEmpty ? [] : table.lines(style) }
    self.table = table
    elements = { list }
    notes = table.rows.isEmpty ? [whenEmpty] : []
  }
}
