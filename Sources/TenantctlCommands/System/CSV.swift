/// Comma-separated values as RFC 4180 has them: a field in double quotes may hold commas, line breaks and doubled quotes.
enum CSV {
  /// A text that is not CSV.
  struct Problem: Error {
    let line: Int
    let message: String
    /// Of the error, for scripts.
    var code = "usage"
  }

  /// A record and the line that it begins on, from 1.
  struct Record {
    let line: Int
    var fields: [String]
  }

  /// The records; empty lines are left out.
  static func records(in text: String) throws(Problem) -> [Record] {
    var reader = Reader(text)
    var records: [Record] = []
    while let record = try reader.next() { records.append(record) }
    return records.filter { $0.fields != [""] }
  }

  private struct Reader {
    private var rest: Substring.UnicodeScalarView
    private var line = 1

    init(_ text: String) {
      rest = text[...].unicodeScalars
      // Spreadsheets write an invisible byte order mark.
      if rest.first == "\u{FEFF}" { rest.removeFirst() }
    }

    mutating func next() throws(Problem) -> Record? {
      if rest.isEmpty { return nil }
      var record = Record(line: line, fields: [])
      repeat { record.fields.append(try field()) } while take(",")
      let hasReturn = take("\r")
      if !take("\n"), !rest.isEmpty {
        throw Problem(
          line: line,
          message: hasReturn
            ? "the line ends with CR only; save the file with LF or CRLF line ends"
            : "text after a quoted field")
      }
      line += 1
      return record
    }

    private mutating func field() throws(Problem) -> String {
      guard take("\"") else {
        let plain = rest.prefix { $0 != "," && $0 != "\r" && $0 != "\n" }
        rest = rest[plain.endIndex...]
        return String(plain)
      }
      var text = ""
      let start = line
      while let scalar = rest.popFirst() {
        if scalar == "\"", !take("\"") { return text }
        if scalar == "\n" { line += 1 }
        text.unicodeScalars.append(scalar)
      }
      throw Problem(line: start, message: "a quoted field has no end")
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard rest.first == scalar else { return false }
      rest.removeFirst()
      return true
    }
  }
}
