internal import SQLText

/// Reads the files of goose (`sqlparser.ParseSQLMigration` of its version 3): one for both directions, divided by
/// annotations, which goose finds line by line, within strings too.
struct GooseReader {
  private let file: SourceFile
  private var sections: [MigrationDirection: Range<Int>] = [:]
  private var direction: MigrationDirection?
  /// The lines of annotations.
  private var cuts: [Range<Int>] = []
  /// Where a block of StatementBegin, or a statement outside of one, began.
  private var block: Int?
  private var statement: Int?
  /// What goose sends in one message each.
  private var messages: [Range<Int>] = []
  private var isTransactional = true
  private var substitutes = false
  private var problems: [ImportProblem] = []

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    for name in folder.names {
      let parts = name.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let version = SourceVersion(number: parts[0]), version.parts != [""],
        name.hasSuffix(".sql") || name.hasSuffix(".go") && !name.hasSuffix("_test.go")
      else {
        reading.ignore(name, in: folder)
        continue
      }
      if name.hasSuffix(".go") {
        reading.refuse(folder.path(of: name), .noSQL("a migration in Go"))
      } else if let file = folder.read(name, &reading.problems) {
        var reader = GooseReader(file: file)
        reader.readLines()
        let sections = reader.importedSections()
        reading.problems += reader.problems
        reading.migrations.append(
          ImportedMigration(
            fileName: name, sources: [file.path], version: version, up: sections.up, down: sections.down))
      }
    }
    return reading
  }

  private init(file: SourceFile) {
    self.file = file
  }

  private mutating func readLines() {
    for line in file.lines {
      let text = file.text(line)
      if text.drop(while: \.isWhitespace).hasPrefix("--"), text.contains("+goose") {
        cuts.append(line)
        annotation(text, line)
      } else {
        sql(text, line)
      }
    }
    if let direction { sections[direction] = sections[direction].map { $0.lowerBound..<file.bytes.count } }
    if sections[.up] == nil { refuse("no '-- +goose Up' line", at: file.start) }
    if let block { refuse("'-- +goose StatementBegin' without StatementEnd", at: block) }
  }

  private mutating func annotation(_ text: String, _ line: Range<Int>) {
    guard text.first?.isWhitespace == false else {
      return refuse("white space before an annotation", at: line.lowerBound)
    }
    let words = text.replacing("--", with: "").split(whereSeparator: \.isWhitespace)
    switch words.dropFirst().joined(separator: " ").lowercased() {
    case "up" where direction == nil: begin(.up, line)
    case "down" where direction == .up && block == nil: begin(.down, line)
    case "statementbegin" where direction != nil && block == nil: block = line.lowerBound
    case "statementend":
      guard let start = block else {
        return refuse("StatementEnd without StatementBegin", at: line.lowerBound)
      }
      messages.append(start..<line.lowerBound)
      block = nil
    case "no transaction": isTransactional = false
    case "envsub on": substitutes = true
    case "envsub off": substitutes = false
    default:
      refuse(
        "'\(text.split(whereSeparator: \.isNewline).first ?? "")' is not expected here", at: line.lowerBound)
    }
  }

  private mutating func begin(_ next: MigrationDirection, _ line: Range<Int>) {
    if let direction, let start = sections[direction]?.lowerBound {
      sections[direction] = start..<line.lowerBound
    }
    // What stands before the first annotation is only comments.
    sections[next] = (next == .up ? file.start : line.upperBound)..<file.bytes.count
    direction = next
  }

  private mutating func sql(_ text: String, _ line: Range<Int>) {
    if substitutes, text.contains("$") {
      let column = text.utf8.firstIndex(of: ASCII.dollar).map {
        text.utf8.distance(from: text.startIndex, to: $0)
      }
      problems.append(
        ImportProblem(
          .substitution(String(text.drop { $0 != "$" }.prefix { !$0.isWhitespace })), file: file.path,
          at: file.location(at: line.lowerBound + (column ?? 0))))
    }
    let words = text.split(whereSeparator: \.isWhitespace)
    let isComment = words.first?.hasPrefix("--") ?? true
    if direction == nil {
      if !isComment { refuse("a statement before '-- +goose Up'", at: line.lowerBound) }
      return
    }
    guard block == nil else { return }
    if statement == nil, !isComment { statement = line.lowerBound }
    let last = words.prefix { !$0.hasPrefix("--") }.last
    guard let start = statement, last?.hasSuffix(";") ?? false else { return }
    messages.append(start..<line.upperBound)
    statement = nil
  }

  private mutating func refuse(_ rule: String, at offset: Int) {
    problems.append(ImportProblem(.malformed(rule), file: file.path, at: file.location(at: offset)))
  }

  private mutating func importedSections() -> (up: ImportedSection, down: ImportedSection?) {
    if !isTransactional {
      for message in messages {
        let statements = SQLScript(valid: file.bytes, in: message, countedFrom: file.start).statements
        guard statements.count > 1 else { continue }
        problems.append(ImportProblem(.severalStatements, file: file.path, at: statements[1].location))
      }
    }
    func section(_ range: Range<Int>) -> ImportedSection {
      ImportedSection(
        file, range, without: cuts, sent: isTransactional ? .transaction : .statements, &problems)
    }
    return (sections[.up].map(section) ?? .empty, sections[.down].map(section))
  }
}
