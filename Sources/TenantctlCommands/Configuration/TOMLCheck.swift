/// Checks that a text is TOML before the library reads it.
///
/// toml++ has assertions that an input can violate: two bytes, `[` and a line break, abort the program, and without
/// assertions its behaviour is undefined. So it gets only what this grammar accepts: TOML 1.0.0 with tables, dotted keys,
/// strings, lists, inline tables, booleans and plain numbers. `tenantctl.toml` needs no dates and no lists of tables.
struct TOMLCheck {
  /// What is wrong, and where: line and column from 1, columns in characters.
  struct Problem: Error, Hashable {
    let line: Int
    let column: Int
    let message: String
    /// What to do about it, if the manual does not say it.
    var hint: String?
  }

  private let bytes: [UInt8]
  private var position = 0

  /// Throws the first `Problem` of the text.
  static func check(_ bytes: [UInt8]) throws(Problem) {
    var check = TOMLCheck(bytes: bytes)
    try check.encoding()
    try check.characters()
    try check.document()
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private func problem(_ message: String, at place: Int? = nil) -> Problem {
    let before = bytes[..<min(place ?? position, bytes.count)]
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let characters = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count
    let mark = start == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 1 : 0
    return Problem(
      line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: characters + 1 - mark, message: message)
  }

  private func characters() throws(Problem) {
    for (index, byte) in bytes.enumerated() {
      let isBreak =
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
        || byte == UInt8(ascii: "\r") && bytes.dropFirst(index + 1).first == UInt8(ascii: "\n")
      if byte < 0x20 && !isBreak || byte == 0x7F {
        var problem = problem("invalid control character (0x\(String(byte, radix: 16)))", at: index)
        // A file in UTF-16 has zero bytes.
        if byte == 0 { problem.hint = FileNotUTF8.hint }
        throw problem
      }
    }
  }

  private func encoding() throws(Problem) {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var (start, length) = (0, 0)
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        length = UTF8.width(scalar)
        start += length
      case .emptyInput: return
      case .error:
        var problem = problem("the text is not valid UTF-8", at: start)
        problem.hint = FileNotUTF8.hint
        throw problem
      }
    }
  }
}

// MARK: - Lines

extension TOMLCheck {
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func isNext(_ text: StaticString) -> Bool {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return bytes.count - position >= wanted.count && bytes[position...].starts(with: wanted)
  }

  private mutating func take(_ text: StaticString) -> Bool {
    guard isNext(text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  private mutating func skipBlanks() {
    while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { position += 1 }
  }

  private mutating func skipComment() {
    guard next == UInt8(ascii: "#") else { return }
    while let byte = next, byte != UInt8(ascii: "\n") { position += 1 }
  }

  /// Line breaks, comments and blanks, as they may stand in a list.
  private mutating func skipLines() {
    repeat {
      skipBlanks()
      skipComment()
    } while take("\n") || take("\r\n")
  }

  private mutating func document() throws(Problem) {
    while true {
      skipLines()
      guard next != nil else { return }
      if next == UInt8(ascii: "[") { try heading() } else { try entry(depth: 0) }
      skipBlanks()
      skipComment()
      guard next == nil || isNext("\n") || isNext("\r\n") else {
        throw problem("expected the end of the line")
      }
    }
  }

  private mutating func heading() throws(Problem) {
    if isNext("[[") { throw problem("lists of tables ([[...]]) are not supported") }
    position += 1
    try key("a table's name")
    guard take("]") else { throw problem("expected ] after the table's name") }
  }

  private mutating func entry(depth: Int) throws(Problem) {
    try key("a key")
    guard take("=") else { throw problem("expected = after the key") }
    skipBlanks()
    try value(depth: depth)
  }

  /// A key with its dots, and the blanks after it.
  private mutating func key(_ what: String) throws(Problem) {
    repeat {
      skipBlanks()
      if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
        if isNext("\"\"\"") || isNext("'''") { throw problem("a key cannot span lines: expected one quote") }
        try string()
      } else {
        let start = position
        while let byte = next, Self.isBare(byte) { position += 1 }
        if position == start { throw problem("expected \(what)") }
      }
      skipBlanks()
    } while take(".")
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

// MARK: - Values

extension TOMLCheck {
  private mutating func value(depth: Int) throws(Problem) {
    guard depth < 16 else { throw problem("lists and tables are nested too deep") }
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try string()
    case UInt8(ascii: "["): try list(depth: depth)
    case UInt8(ascii: "{"): try inlineTable(depth: depth)
    default: try word()
    }
  }

  private mutating func list(depth: Int) throws(Problem) {
    position += 1
    skipLines()
    while !take("]") {
      try value(depth: depth + 1)
      skipLines()
      guard take(",") || next == UInt8(ascii: "]") else { throw problem("expected , or ] in the list") }
      skipLines()
    }
  }

  private mutating func inlineTable(depth: Int) throws(Problem) {
    position += 1
    skipBlanks()
    if take("}") { return }
    repeat {
      try entry(depth: depth + 1)
      skipBlanks()
    } while take(",")
    guard take("}") else { throw problem("expected , or } in the table") }
  }

  private mutating func word() throws(Problem) {
    let start = position
    while let byte = next, Self.isBare(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".") {
      position += 1
    }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    if word == "true" || word == "false" || Self.isNumber(word) { return }
    throw problem("expected a value: a string in quotes, a list, true or false", at: start)
  }

  /// `12`, `-3.5`: people write them instead of strings.
  private static func isNumber(_ word: String) -> Bool {
    let digits = word.utf8.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } == true
    let parts = (digits ? word.utf8.dropFirst() : word.utf8[...]).split(
      separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count <= 2
      && parts.allSatisfy { part in
        (1...15).contains(part.count)
          && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      } && (parts[0].count == 1 || parts[0].first != UInt8(ascii: "0"))
  }

  private mutating func string() throws(Problem) {
    if take("\"\"\"") { return try rest(of: "\"\"\"", hasEscapes: true, hasLines: true) }
    if take("'''") { return try rest(of: "'''", hasEscapes: false, hasLines: true) }
    if take("\"") { return try rest(of: "\"", hasEscapes: true, hasLines: false) }
    position += 1
    try rest(of: "'", hasEscapes: false, hasLines: false)
  }

  private mutating func rest(of quote: StaticString, hasEscapes: Bool, hasLines: Bool) throws(Problem) {
    while !take(quote) {
      guard let byte = next, hasLines || byte != UInt8(ascii: "\n") else {
        throw problem("the string is not closed")
      }
      if hasEscapes && byte == UInt8(ascii: "\\") {
        try escape(hasLines: hasLines)
      } else {
        position += 1
      }
    }
    // Two quotes may stand before the three that end it.
    if hasLines {
      let mark = quote.utf8Start[0]
      for _ in 0..<2 where next == mark { position += 1 }
    }
  }

  private mutating func escape(hasLines: Bool) throws(Problem) {
    let start = position
    position += 1
    guard let byte = next else { throw problem("the string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "b"), UInt8(ascii: "t"), UInt8(ascii: "n"), UInt8(ascii: "f"), UInt8(ascii: "r"),
      UInt8(ascii: "\""), UInt8(ascii: "\\"):
      return
    case UInt8(ascii: "u"): try codePoint(digits: 4, from: start)
    case UInt8(ascii: "U"): try codePoint(digits: 8, from: start)
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
      position -= 1
      skipBlanks()
      guard hasLines, take("\n") || take("\r\n") else { fallthrough }
    default: throw problem("unknown escape: write a backslash as \\\\", at: start)
    }
  }

  private mutating func codePoint(digits: Int, from start: Int) throws(Problem) {
    let text = String(decoding: bytes[position..<min(position + digits, bytes.count)], as: UTF8.self)
    guard text.utf8.count == digits, text.utf8.first != UInt8(ascii: "+"),
      let value = UInt32(text, radix: 16),
      value != 0, Unicode.Scalar(value) != nil
    else { throw problem("expected \(digits) hexadecimal digits of a character", at: start) }
    position += digits
  }
}
