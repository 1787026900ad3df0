internal import SQLText

/// A line `-- migrate:up` with words that mean nothing there.
struct MarkerRemark: Sendable {
  let location: ScriptLocation
  /// The line.
  let excerpt: String
}

/// A migration file's text, divided at its markers.
struct MigrationSections {
  struct Section {
    let script: SQLScript
    var options = MigrationOptions()
    /// Whether there is nothing in it at all: no statement and no comment.
    var isBlank = false
  }

  struct Problem {
    let reason: MigrationFileError.Reason
    let location: ScriptLocation
  }

  private(set) var up: Section?
  private(set) var down: Section?
  /// The markers with a remark on their line.
  private(set) var remarks: [MarkerRemark] = []
  /// In the order of the text.
  private(set) var problems: [Problem] = []

  private let bytes: [UInt8]
  private let start: Int
  private var cursor: LocationCursor
  private var markerLines: [MigrationDirection: Int] = [:]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    start = ByteOrderMark.count(in: bytes)
    cursor = LocationCursor(bytes, from: start)
    if let problem = SQLScript.encodingProblem(in: bytes, from: start) {
      problems = [Problem(reason: .script(problem.reason), location: problem.location)]
    } else {
      read(MigrationMarker.all(in: bytes, from: start))
      problems.sort { $0.location < $1.location }
    }
  }

  private mutating func read(_ markers: [MigrationMarker]) {
    let found = markers.filter(\.isWellFormed)
    let foreign = found.isEmpty ? foreignSection() : nil
    if let foreign {
      let comment = foreign.excerpt(of: bytes)
      report(
        foreign.liquibase.map { .liquibase(comment: comment, $0) }
          ?? .foreignSection(comment: comment, foreign.tool),
        at: foreign.range.lowerBound)
    }
    for marker in markers where !marker.isWellFormed && foreign == nil {
      report(.malformedMarker(marker.direction), at: marker.range.lowerBound)
    }
    guard let first = found.first else {
      up = Section(script: script(in: start..<bytes.count))
      return
    }
    read(found, after: first)
  }

  /// The first comment of another tool's that divides the file.
  private func foreignSection() -> ForeignSection? {
    ForeignSection.all(in: bytes, from: start).first { section in
      (!section.needsStatementBefore || hasStatement(in: start..<section.range.lowerBound))
        && (!section.needsStatement || hasStatement(in: section.range.upperBound..<bytes.count))
    }
  }

  private func hasStatement(in range: Range<Int>) -> Bool {
    let script = SQLScript(valid: bytes, in: range, countedFrom: start)
    return !script.statements.isEmpty || !script.problems.isEmpty
  }

  private mutating func read(_ markers: [MigrationMarker], after first: MigrationMarker) {
    let preamble = script(in: start..<first.range.lowerBound)
    if preamble.problems.isEmpty, let statement = preamble.statements.first {
      problems.append(Problem(reason: .statementBeforeMarker, location: statement.location))
    }
    let ends = markers.dropFirst().map(\.range.lowerBound) + [bytes.count]
    for (marker, end) in zip(markers, ends) { read(marker, to: end) }
  }

  private mutating func read(_ marker: MigrationMarker, to end: Int) {
    let location = cursor.location(at: marker.range.lowerBound)
    let line = location.line
    if marker.hasRemark {
      let excerpt = String(decoding: bytes[marker.range], as: UTF8.self)
      remarks.append(MarkerRemark(location: location, excerpt: excerpt))
    }
    if let firstLine = markerLines[marker.direction] {
      return report(.repeatedMarker(marker.direction, firstLine: firstLine), at: marker.range.lowerBound)
    }
    markerLines[marker.direction] = line
    if marker.direction == .down, up == nil { report(.downBeforeUp, at: marker.range.lowerBound) }
    let range = marker.range.upperBound..<end
    let section = Section(
      script: script(in: range), options: options(of: marker), isBlank: bytes[range].allSatisfy(ASCII.isSpace)
    )
    switch marker.direction {
    case .up: up = section
    case .down: down = section
    }
  }

  private mutating func script(in range: Range<Int>) -> SQLScript {
    let script = SQLScript(valid: bytes, in: range, countedFrom: start)
    problems += script.problems.map { Problem(reason: .script($0.reason), location: $0.location) }
    return script
  }

  private mutating func options(of marker: MigrationMarker) -> MigrationOptions {
    var options = MigrationOptions()
    for pair in marker.pairs {
      do {
        try options.read(key: pair.key, value: pair.value)
      } catch {
        report(error, at: marker.range.lowerBound)
      }
    }
    return options
  }

  private mutating func report(_ reason: MigrationFileError.Reason, at offset: Int) {
    problems.append(Problem(reason: reason, location: cursor.location(at: offset)))
  }
}
