internal import SQLText

/// A migration of another tool's, as tenantctl is to have it.
package struct ImportedMigration: Sendable {
  /// The name of its file here: `00001_tanks.sql`.
  package let fileName: String
  /// The files that it comes from.
  package let sources: [String]
  let version: SourceVersion
  let up: ImportedSection
  let down: ImportedSection?
  /// What the tool may have recorded as the checksum of its file; empty if it records none.
  var checksums: Set<String> = []

  /// What its file here holds.
  var text: String {
    let sections = [(MigrationDirection.up, up)] + (down.map { [(.down, $0)] } ?? [])
    return sections.map { direction, section in
      direction.marker + (section.isTransactional ? "" : " transaction:false") + "\n"
        + (direction == .up && section.isEmpty ? "-- tenantctl:allow empty\n" : "") + section.lines
    }.joined()
  }
}

/// One direction of it.
struct ImportedSection: Sendable {
  /// How the tool sends it, which decides what of it is one transaction.
  enum Sending: Sendable {
    /// As a transaction.
    case transaction
    /// As one message: a transaction of its own, unless it is a single statement that wants none.
    case message
    /// Statement by statement.
    case statements
  }

  /// The SQL.
  let text: String
  /// Whether it is to run in a transaction.
  let isTransactional: Bool
  /// Whether it has no statement.
  let isEmpty: Bool

  /// A direction with nothing to do.
  static let empty = ImportedSection()

  /// The text, ended by a line break.
  fileprivate var lines: String { text.isEmpty || text.utf8.last == ASCII.lineFeed ? text : text + "\n" }

  private init() { (text, isTransactional, isEmpty) = ("", true, true) }

  /// Takes a part of a file. Its own BEGIN and COMMIT go where all of it as one transaction comes to the same: that is what
  /// tenantctl does itself.
  /// - Parameters:
  ///   - cuts: what is no SQL of it, in order.
  ///   - ends: where a statement ends for the tool even without a semicolon, in order. Here it gets one.
  init(
    _ file: SourceFile, _ range: Range<Int>, without cuts: [Range<Int>] = [], endingAt ends: [Int] = [],
    sent: Sending, _ problems: inout [ImportProblem]
  ) {
    let scripts = file.parts(range, endingAt: ends).map {
      SQLScript(valid: file.bytes, in: $0, countedFrom: file.start)
    }
    let statements = scripts.flatMap(\.statements)
    let own = OwnTransactions(statements, sent)
    let gone = Set(own.control.map(\.location))
    problems += scripts.flatMap(\.problems).filter { !gone.contains($0.location) }
      .map { ImportProblem(.script($0.reason), file: file.path, at: $0.location) }
    if let (reason, location) = own.problem {
      problems.append(ImportProblem(reason, file: file.path, at: location))
    }
    let unended = scripts.dropLast().compactMap(\.statements.last).filter {
      $0.text.utf8.last != UInt8(ascii: ";") && !gone.contains($0.location)
    }
    text = file.text(
      range, without: (cuts + own.control.map(file.range)).sorted { $0.lowerBound < $1.lowerBound },
      endingAt: unended.map { file.range(of: $0).upperBound })
    isEmpty = statements.count == own.control.count
    isTransactional =
      switch sent {
      case _ where !own.control.isEmpty: true
      case .transaction: true
      case .statements: statements.isEmpty
      case .message: !statements.wantsNoTransaction
      }
    let bytes = Array(text.utf8)
    let foreign = ForeignSection.all(in: bytes, from: 0)
    for marker in MigrationMarker.all(in: bytes, from: 0) {
      let line = String(decoding: bytes[marker.range], as: UTF8.self)
      let section = foreign.first { $0.range == marker.range }
      problems.append(
        ImportProblem(section.map { .foreignSection(line, $0.tool) } ?? .marker(line), file: file.path))
    }
  }
}

extension SourceFile {
  /// A statement with its semicolon.
  fileprivate func range(of statement: SQLStatement) -> Range<Int> {
    let start = offset(of: statement.textLocation)
    let end = start + statement.text.utf8.count
    return start..<(end < bytes.count && bytes[end] == UInt8(ascii: ";") ? end + 1 : end)
  }

  /// What stands between the ends in it, and before and after them.
  fileprivate func parts(_ range: Range<Int>, endingAt ends: [Int]) -> [Range<Int>] {
    let inner = ends.filter(range.contains)
    return zip([range.lowerBound] + inner, inner + [range.upperBound]).map { $0..<$1 }
  }

  /// The text of a part.
  /// - Parameters:
  ///   - cuts: what is left out, in order.
  ///   - ends: where a semicolon is missing.
  fileprivate func text(_ range: Range<Int>, without cuts: [Range<Int>], endingAt ends: [Int]) -> String {
    var rest = range.lowerBound
    var kept: [UInt8] = []
    func keep(to end: Int) {
      for semicolon in ends where rest < semicolon && semicolon <= end {
        kept += bytes[rest..<semicolon] + [UInt8(ascii: ";")]
        rest = semicolon
      }
      kept += bytes[rest..<end]
    }
    for cut in cuts where range.contains(cut.lowerBound) {
      keep(to: cut.lowerBound)
      rest = cut.upperBound
    }
    keep(to: range.upperBound)
    return String(decoding: kept.drop(while: ASCII.isSpace), as: UTF8.self)
  }
}

extension [SQLStatement] {
  /// Whether PostgreSQL refuses one of them in a transaction, or their only one is a program that may end it.
  fileprivate var wantsNoTransaction: Bool {
    contains { SQLWords($0).isRefusedInTransaction } || count == 1 && contains(where: \.mayEndTransaction)
  }
}
