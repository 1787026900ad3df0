internal import Tenancy

/// Rows under headings: aligned for people, or as CSV.
struct Table: Sendable {
  /// A cell, and what it is to stand out as.
  struct Cell: Sendable, ExpressibleByStringLiteral {
    enum Tone: Sendable { case plain, good, bad, dim }

    var text: String
    var tone = Tone.plain

    init(_ text: String, _ tone: Tone = .plain) {
      self.text = text
      self.tone = tone
    }

    init(stringLiteral value: String) { text = value }

    static let none = Cell("-", .dim)

    /// The text, or a dash for `nil`.
    static func optional(_ text: String?) -> Cell { text.map { Cell($0) } ?? .none }

    static func count(_ number: Int) -> Cell { Cell(String(number)) }
  }

  let columns: [String]
  let rows: [[Cell]]
  /// The columns of numbers, which stand to the right.
  var numeric: [String] = []
  /// The columns in CSV, where they are not the headings in snake case.
  var csvColumns: [String]?

  func lines(_ style: Style) -> [String] {
    let heading = columns.map(\.onOneLine).map { (text: style.bold($0), width: $0.displayWidth) }
    let cells =
      [heading]
      + rows.map { row in
        row.map { cell in
          let text = cell.text.onOneLine
          return (text: cell.styled(text, style), width: text.displayWidth)
        }
      }
    let widths = columns.indices.map { column in cells.map { $0[column].width }.max() ?? 0 }
    let isNumeric = columns.map(numeric.contains)
    return cells.map { row in
      var line = ""
      for (index, cell) in row.enumerated() {
        let gap = widths[index] - cell.width
        if index > 0 { line += "  " }
        if isNumeric[index] { line.pad(gap) }
        line += cell.text
        if !isNumeric[index], index < row.count - 1 { line.pad(gap) }
      }
      return line
    }
  }

  /// RFC 4180, with LF for line ends.
  var csv: [String] {
    let heading = csvColumns ?? columns.map { $0.lowercased().replacing(" ", with: "_") }
    return ([heading] + rows.map { $0.map { $0.tone == .dim && $0.text == "-" ? "" : $0.text } }).map {
      fields in
      fields.map(Self.quoted).joined(separator: ",")
    }
  }

  /// A field of RFC 4180.
  static func quoted(_ field: String) -> String {
    guard field.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else {
      return field.replacingScalars { $0 == "\0" ? "\\" : nil }
    }
    return "\"" + field.replacingScalars { $0 == "\"" ? "\"\"" : $0 == "\0" ? "\\" : nil } + "\""
  }
}

extension Table.Cell {
  fileprivate func styled(_ text: String, _ style: Style) -> String {
    switch tone {
    case .plain: text
    case .good: style.green(text)
    case .bad: style.red(text)
    case .dim: style.dim(text)
    }
  }
}

extension String {
  private static let blanks = String(repeating: " ", count: 64)

  /// Appends blanks: in pieces, because `String(repeating:count:)` puts them together one by one.
  fileprivate mutating func pad(_ count: Int) {
    for start in stride(from: 0, to: count, by: 64) {
      self += Substring(Self.blanks.utf8.prefix(min(64, count - start)))
    }
  }
}
