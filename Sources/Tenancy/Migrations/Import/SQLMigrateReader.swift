internal import SQLText

/// Reads the files of sql-migrate (`sqlparse.ParseMigration` of its version 1): one for both directions, divided by lines
/// that begin with `-- +migrate `, within strings too. Each direction may come again; what stands before the first one does
/// not run.
struct SQLMigrateReader {
  private let file: SourceFile
  /// What belongs to each direction, in order.
  private var parts: [MigrationDirection: [Range<Int>]] = [:]
  private var direction: MigrationDirection?
  /// The lines of annotations, and of what looks like one.
  private var annotations: [Range<Int>] = []
  /// Where a block of StatementBegin began.
  private var block: Int?
  /// Where the blocks end.
  private var ends: [Int] = []
  /// The directions whose statements are sent one by one.
  private var apart: Set<MigrationDirection> = []
  private var problems: [ImportProblem] = []

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    for name in folder.names {
      guard name.hasSuffix(".sql"), let version = SourceVersion(number: name.prefix(while: \.isDigit)) else {
        reading.ignore(name, in: folder)
        continue
      }
      guard let file = folder.read(name, &reading.problems) else { continue }
      var reader = SQLMigrateReader(file: file)
      reader.readLines()
      let (up, down) = (reader.section(.up), reader.section(.down))
      reading.problems += reader.problems
      reading.migrations.append(
        ImportedMigration(
          fileName: name, sources: [file.path], version: version, up: up ?? .empty, down: down))
    }
    return reading
  }

  private init(file: SourceFile) {
    self.file = file
  }

  private mutating func readLines() {
    for line in file.lines {
      let text = file.text(line)
      let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.joined().drop(while: { $0 == "-" }).hasPrefix("+migrate"), words[0].hasPrefix("--") else {
        continue
      }
      annotations.append(line)
      // The tool tells upper from lower case, and passes over what it does not know.
      let isAnnotation = text.hasPrefix("-- +migrate ") && annotation(Array(words.dropFirst(2)), line)
      if !isAnnotation { refuse(.unknownAnnotation(words.joined(separator: " ")), at: line.lowerBound) }
    }
    if direction == nil {
      refuse(.malformed("no '-- +migrate Up' or '-- +migrate Down' line"), at: file.start)
    }
    if let block {
      refuse(.malformed("'-- +migrate StatementBegin' without StatementEnd"), at: block)
    }
  }

  /// Returns whether it is one.
  private mutating func annotation(_ words: [String], _ line: Range<Int>) -> Bool {
    switch words.first {
    case "Up": begin(.up, words, line)
    case "Down": begin(.down, words, line)
    case "StatementBegin": block = direction == nil ? nil : block ?? line.lowerBound
    case "StatementEnd":
      if block != nil { ends.append(line.lowerBound) }
      block = nil
    default: return false
    }
    return true
  }

  private mutating func begin(_ next: MigrationDirection, _ words: [String], _ line: Range<Int>) {
    if block != nil {
      refuse(
        .malformed("'-- +migrate \(words[0])' between StatementBegin and StatementEnd"), at: line.lowerBound)
    }
    if let direction { end(direction, at: line.lowerBound) }
    // Comments at the start are kept, such as a license.
    let head = SQLScript(valid: file.bytes, in: file.start..<line.lowerBound, countedFrom: file.start)
    let keepsHead = direction == nil && head.statements.isEmpty && head.problems.isEmpty
    parts[next, default: []].append((keepsHead ? file.start : line.upperBound)..<file.bytes.count)
    if words.contains("notransaction") { apart.insert(next) }
    direction = next
  }

  private mutating func end(_ direction: MigrationDirection, at offset: Int) {
    guard let last = parts[direction]?.popLast() else { return }
    parts[direction]?.append(last.lowerBound..<offset)
  }

  private mutating func section(_ direction: MigrationDirection) -> ImportedSection? {
    guard let parts = parts[direction], let first = parts.first, let last = parts.last else { return nil }
    let gaps = zip(parts, parts.dropFirst()).map { $0.upperBound..<$1.lowerBound }
    let lines = annotations.filter { line in !gaps.contains { $0.overlaps(line) } }
    let ends = ends.filter { end in !gaps.contains { $0.contains(end) } }
    return ImportedSection(
      file.blanking(gaps), first.lowerBound..<last.upperBound,
      without: (lines + gaps).sorted { $0.lowerBound < $1.lowerBound }, endingAt: ends,
      sent: apart.contains(direction) ? .statements : .transaction, &problems)
  }

  private mutating func refuse(_ reason: ImportProblem.Reason, at offset: Int) {
    problems.append(ImportProblem(reason, file: file.path, at: file.location(at: offset)))
  }
}

extension Character {
  fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}

extension SourceFile {
  /// The file with nothing in these places, so that the others stay where they are.
  fileprivate func blanking(_ ranges: [Range<Int>]) -> SourceFile {
    var bytes = bytes
    for index in ranges.joined() where !ASCII.isNewline(bytes[index]) { bytes[index] = UInt8(ascii: " ") }
    return SourceFile(path: path, bytes: bytes)
  }
}

extension ImportSource {
  static let sqlMigrate = ImportSource(
    title: "sql-migrate", historyTable: "gorp_migrations", read: SQLMigrateReader.read
  ) { table in
    """
    SELECT coalesce(substring(id FROM '^[0-9]+'), id) AS version, 'applied' AS event, '' AS kind, true AS finished,
      NULL AS checksum, applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table) ORDER BY applied_at, id
    """
  }
}
