/// What a command has to say: one value, with a form for people and one for programs.
struct CommandResult: Sendable {
  /// The form for programs: what `--format json` prints.
  var json: any Encodable & Sendable
  /// The form for people, in lines.
  var text: @Sendable (Style) -> [String]
  /// What a list is made of; only lists have a form as CSV.
  var table: Table?
  /// The elements that `--format ndjson` prints, one a line; `nil` if there is nothing to take apart.
  var elements: (@Sendable () -> [any Encodable])?
  /// The formats in which all of it was printed while the run went on.
  var streamed: Set<OutputFormat> = []
  /// What `--quiet` leaves: the names of a list.
  var names: [String] = []
  /// Whether the text is for a program too, as SQL is, and stays as it is where that is not a terminal.
  var isExact = false
  /// Hints and remarks, for standard error.
  var notes: [String] = []
  /// How the program ends.
  var status = ExitStatus.done

  /// A result that is said in a sentence or a few.
  init(
    _ json: any Encodable & Sendable, names: [String] = [], text: @escaping @Sendable (Style) -> [String]
  ) {
    (self.json, self.names, self.text) = (json, names, text)
  }

  /// A result that is said in a sentence.
  init(_ json: any Encodable & Sendable, names: [String] = [], _ sentence: String) {
    self.init(json, names: names) { _ in [sentence] }
  }

  /// The work is done, and stays so, but not all that there is to say about it could be written.
  /// - Parameter what: what is not there; empty if the error says it.
  mutating func add(_ error: any Error, _ session: Session, _ what: String = "") {
    session.warn("\(what)\(what.isEmpty ? "" : ": ")\(ErrorReport(error).message)")
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
