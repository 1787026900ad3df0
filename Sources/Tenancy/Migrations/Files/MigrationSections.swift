internal import SQLText

/// A migration file's text, divided at its markers.
struct MigrationSections {
  struct Section {
    let script: SQLScript
    var options = MigrationOptions()
  }

  struct Problem {
    let reason: MigrationFileError.Reason
    let location: ScriptLocation
  }

  private(set) var up: Section?
  private(set) var down: Section?
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
    for marker in markers where !marker.isWellFormed {
      report(.malformedMarker(marker.direction), at: marker.range.lowerBound)
    }
    let markers = markers.filter(\.isWellFormed)
    guard let first = markers.first else {
      up = Section(script: script(in: start..<bytes.count))
      return
    }
    let preamble = script(in: start..<first.range.lowerBound)
    if preamble.problems.isEmpty, let statement = preamble.statements.first {
      problems.append(Problem(reason: .statementBeforeMarker, location: statement.location))
    }
    let ends = markers.dropFirst().map(\.range.lowerBound) + [bytes.count]
    for (marker, end) in zip(markers, ends) { read(marker, to: end) }
  }

  private mutating func read(_ marker: MigrationMarker, to end: Int) {
    let line = cursor.location(at: marker.range.lowerBound).line
    if let firstLine = markerLines[marker.direction] {
      return report(.repeatedMarker(marker.direction, firstLine: firstLine), at: marker.range.lowerBound)
    }
    markerLines[marker.direction] = line
    if marker.direction == .down, up == nil { report(.downBeforeUp, at: marker.range.lowerBound) }
    let section = Section(script: script(in: marker.range.upperBound..<end), options: options(of: marker))
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
