/// A script taken apart into its statements.
package struct SQLScript: Sendable, Hashable {
  /// The statements that `psql -f` sends for the same text, in order; empty ones are left out.
  package let statements: [SQLStatement]
  /// All that stops the script from being run, in the order of the text; empty for a sound script.
  package let problems: [SQLScriptError]

  /// Takes UTF-8 text apart. A byte order mark at its start is ignored.
  package init(_ bytes: [UInt8]) {
    let start = ByteOrderMark.count(in: bytes)
    if let problem = SQLScript.encodingProblem(in: bytes, from: start) {
      self.init(statements: [], problems: [problem])
    } else {
      self.init(valid: bytes, in: start..<bytes.count, countedFrom: start)
    }
  }

  /// Takes a part of a text apart that is known to be UTF-8. Lines and columns are those of the whole text.
  package init(valid bytes: [UInt8], in range: Range<Int>, countedFrom start: Int) {
    var splitter = StatementSplitter(bytes, in: range, countedFrom: start)
    splitter.run()
    self.init(
      statements: splitter.statements,
      problems: splitter.problems.sorted { $0.location < $1.location })
  }

  private init(statements: [SQLStatement], problems: [SQLScriptError]) {
    self.statements = statements
    self.problems = problems
  }

  /// The statements of a sound script.
  ///
  /// - Throws: the first of its problems.
  package static func statements(in bytes: [UInt8]) throws(SQLScriptError) -> [SQLStatement] {
    let script = SQLScript(bytes)
    if let problem = script.problems.first { throw problem }
    return script.statements
  }

  /// The first byte that PostgreSQL would not take, if there is one.
  package static func encodingProblem(in bytes: [UInt8], from start: Int) -> SQLScriptError? {
    var cursor = LocationCursor(bytes, from: start)
    if let zero = bytes.firstIndex(of: 0) {
      return SQLScriptError(.nulByte, at: cursor.location(at: zero))
    }
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    return SQLScriptError(.invalidUTF8, at: cursor.location(at: validPrefix(of: bytes)))
  }

  private static func validPrefix(of bytes: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { count += scalar.count }
    return count
  }
}

/// The mark that some editors put before UTF-8 text.
package enum ByteOrderMark {
  package static func count(in bytes: [UInt8]) -> Int {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }
}
