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

    /// The text, or a dash where there is none.
    static func optional(_ text: String?) -> Cell { text.map { Cell($0) } ?? .none }

    static func count(_ number: Int) -> Cell { Cell(String(number)) }
  }

  let columns: [String]
  let rows: [[Cell]]
  /// The columns of numbers, which stand to the right.
  var numeric: [String] = []

  func lines(_ style: Style) -> [String] {
    let widths = columns.indices.map { column in
      (rows.map { $0[column].text.count } + [columns[column].count]).max() ?? 0
    }
    let heading = line(columns.map { ($0, style.bold($0)) }, widths)
    return [heading] + rows.map { row in line(row.map { ($0.text, $0.styled(style)) }, widths) }
  }

  private func line(_ cells: [(plain: String, styled: String)], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let gap = String(repeating: " ", count: widths[index] - cell.plain.count)
      if index > 0 { line += "  " }
      if numeric.contains(columns[index]) {
        line += gap + cell.styled
      } else {
        line += index == cells.count - 1 ? cell.styled : cell.styled + gap
      }
    }
    return line
  }

  /// RFC 4180, with LF for line ends; the headings are the columns in snake case.
  var csv: [String] {
    let heading = columns.map { $0.lowercased().replacing(" ", with: "_") }
    return ([heading] + rows.map { $0.map { $0.tone == .dim && $0.text == "-" ? "" : $0.text } }).map {
      fields in
      fields.map(Self.quoted).joined(separator: ",")
    }
  }

  /// A field of RFC 4180.
  static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}

extension Table.Cell {
  fileprivate func styled(_ style: Style) -> String {
    switch tone {
    case .plain: text
    case .good: style.green(text)
    case .bad: style.red(text)
    case .dim: style.dim(text)
    }
  }
}
