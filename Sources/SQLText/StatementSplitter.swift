/// Gathers the tokens of a script into statements.
struct StatementSplitter {
  private(set) var statements: [SQLStatement] = []
  private(set) var problems: [SQLScriptError] = []

  private var lexer: SQLLexer
  private var cursor: LocationCursor
  private var current = UnfinishedStatement()

  init(_ bytes: [UInt8], in range: Range<Int>, countedFrom start: Int) {
    lexer = SQLLexer(bytes, in: range)
    cursor = LocationCursor(bytes, from: start)
  }

  /// Reads to the end.
  mutating func run() {
    do {
      while let token = try lexer.next() { read(token) }
      finish()
    } catch {
      report(.unterminated(error.opening), at: error.offset)
    }
  }

  private mutating func read(_ token: SQLLexer.Token) {
    switch token {
    case .lineComment: return
    case .blockComment: noteStart()
    case .semicolon where current.parentheses.depth == 0 && current.routineBody.depth == 0:
      end(before: lexer.position)
    case .backslash: metaCommand()
    case .word(let range):
      noteToken()
      readWord(range)
    default:
      noteToken()
      current.keywordsAreComplete = true
      if token == .openParenthesis { current.parentheses.open(at: lexer.tokenStart) }
      if token == .closeParenthesis { current.parentheses.close() }
    }
  }

  private mutating func noteStart() {
    guard current.start == nil else { return }
    current.start = (lexer.tokenStart, cursor.location(at: lexer.tokenStart))
  }

  private mutating func noteToken() {
    noteStart()
    current.end = lexer.position
    if current.location == nil { current.location = cursor.location(at: lexer.tokenStart) }
  }

  private mutating func readWord(_ range: Range<Int>) {
    if !current.keywordsAreComplete {
      current.keywords.append(String(decoding: lexer.bytes[range], as: UTF8.self).uppercased())
      current.keywordsAreComplete = current.keywords.count == 8
    }
    guard current.parentheses.depth == 0, 3...5 ~= range.count else { return }
    let opens = isWord(range, "begin") || current.routineBody.depth > 0 && isWord(range, "case")
    guard opens || isWord(range, "end"), current.isRoutine else { return }
    if opens { current.routineBody.open(at: range.lowerBound) } else { current.routineBody.close() }
  }

  private func isWord(_ range: Range<Int>, _ lowercase: String) -> Bool {
    lexer.bytes[range].lazy.map { $0 | 0x20 }.elementsEqual(lowercase.utf8)
  }

  /// Ends the statement that is being read.
  private mutating func end(before offset: Int) {
    defer { current = UnfinishedStatement() }
    guard let start = current.start, let location = current.location else { return }
    let range = start.offset..<offset
    let refusal = StatementRefusal(keywords: current.keywords, bytes: lexer.bytes, range: range)
    statements.append(
      SQLStatement(
        text: String(decoding: lexer.bytes[range], as: UTF8.self),
        location: location,
        leadingKeywords: current.keywords,
        refusal: refusal.map { SQLScriptError($0.reason, at: location) },
        textLocation: start.location))
    guard let refusal else { return }
    problems.append(SQLScriptError(refusal.reason, at: location))
    if refusal.isFollowedByData { skipCopyData() }
  }

  /// Ends the last statement, which needs no semicolon.
  private mutating func finish() {
    if current.parentheses.depth > 0 {
      return report(.unterminated(.parenthesis), at: current.parentheses.opened)
    }
    if current.routineBody.depth > 0 {
      return report(.unterminated(.routineBody), at: current.routineBody.opened)
    }
    // Without what follows: a comment that ends in a semicolon would pass for the statement's own.
    end(before: current.end)
  }

  /// Rows after `COPY FROM STDIN`: from the next line to a line of `\.`.
  private mutating func skipCopyData() {
    var line = lexer.bytes[lexer.position..<lexer.end]
    repeat {
      line = lexer.bytes[line.startIndex..<lexer.end].drop { $0 != ASCII.lineFeed }.dropFirst()
    } while !line.isEmpty && !line.starts(with: [ASCII.backslash, UInt8(ascii: ".")])
    lexer.skip(to: line.drop { $0 != ASCII.lineFeed }.startIndex)
  }

  private mutating func metaCommand() {
    let rest = lexer.bytes[lexer.tokenStart..<lexer.end]
    let command = rest.prefix { !ASCII.isSpace($0) }
    report(.metaCommand(String(decoding: command, as: UTF8.self)), at: lexer.tokenStart)
    lexer.skip(to: rest.firstIndex(where: ASCII.isNewline) ?? lexer.end)
  }

  private mutating func report(_ reason: SQLScriptError.Reason, at offset: Int) {
    problems.append(SQLScriptError(reason, at: cursor.location(at: offset)))
  }
}
