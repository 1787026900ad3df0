internal import SQLText

/// Reads the files of goose (`sqlparser.ParseSQLMigration` of its version 3): one for both directions, divided by
/// annotations, which are found line by line, within strings too.
struct GooseReader {
  private let file: SourceFile
  private var sections: [MigrationDirection: Range<Int>] = [:]
  private var direction: MigrationDirection?
  /// The lines of annotations.
  private var cuts: [Range<Int>] = []
  /// Where a block of StatementBegin began.
  private var block: Int?
  /// Where the blocks end.
  private var ends: [Int] = []
  /// Whether each direction is one transaction; otherwise the statements are sent one by one.
  private var isTransaction = true
  private var substitutes = false
  private var problems: [ImportProblem] = []

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    for name in folder.names {
      guard let version = version(of: name) else {
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

  private static func version(of name: String) -> SourceVersion? {
    let parts = name.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let version = SourceVersion(number: parts[0]), version.parts != [""],
      name.hasSuffix(".sql") || name.hasSuffix(".go") && !name.hasSuffix("_test.go")
    else { return nil }
    return version
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
      if block == nil { return refuse("StatementEnd without StatementBegin", at: line.lowerBound) }
      block = nil
      ends.append(line.lowerBound)
    case "no transaction": isTransaction = false
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
    let first = text.split(whereSeparator: \.isWhitespace).first
    if direction == nil, let first, !first.hasPrefix("--") {
      refuse("a statement before '-- +goose Up'", at: line.lowerBound)
    }
  }

  private mutating func refuse(_ rule: String, at offset: Int) {
    problems.append(ImportProblem(.malformed(rule), file: file.path, at: file.location(at: offset)))
  }

  private mutating func importedSections() -> (up: ImportedSection, down: ImportedSection?) {
    func section(_ direction: MigrationDirection) -> ImportedSection? {
      sections[direction].map {
        ImportedSection(
          file, $0, without: cuts, endingAt: ends, sent: isTransaction ? .transaction : .statements, &problems
        )
      }
    }
    return (section(.up) ?? .empty, section(.down))
  }
}

extension ImportSource {
  static let goose = ImportSource(
    title: "goose", historyTable: "goose_db_version", read: GooseReader.read
  ) { table in
    // Before version 3 the way down was a row, too. Version 0 is that of an empty table.
    """
    SELECT version_id::text AS version, CASE WHEN is_applied THEN 'applied' ELSE 'undone' END AS event, '' AS kind,
      true AS finished, NULL AS checksum, tstamp AS applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table) WHERE version_id > 0 ORDER BY id
    """
  }
}
