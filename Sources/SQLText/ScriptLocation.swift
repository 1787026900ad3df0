/// A place in a script, as an editor counts it.
package struct ScriptLocation: Sendable, Hashable, Comparable {
  /// The line, from 1; lines end in LF.
  package var line: Int
  /// The column, from 1, in Unicode code points: PostgreSQL's "characters".
  package var column: Int

  /// The first character of a script.
  package static let start = ScriptLocation(line: 1, column: 1)

  /// A place that is already counted.
  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// In the order of the text.
  package static func < (left: ScriptLocation, right: ScriptLocation) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }

  /// Moves past one byte of UTF-8.
  package mutating func pass(_ byte: UInt8) {
    if byte == ASCII.lineFeed {
      line += 1
      column = 1
    } else if byte & 0b1100_0000 != 0b1000_0000 {
      column += 1
    }
  }
}

/// Turns offsets into places in one pass, as long as they are asked for in order.
package struct LocationCursor {
  private let bytes: [UInt8]
  private let start: Int
  private var offset: Int
  private var location = ScriptLocation.start

  /// Counts from `start`: a byte order mark before it has no column.
  package init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    self.start = start
    offset = start
  }

  package mutating func location(at target: Int) -> ScriptLocation {
    if target < offset {
      offset = start
      location = .start
    }
    while offset < target {
      location.pass(bytes[offset])
      offset += 1
    }
    return location
  }
}
