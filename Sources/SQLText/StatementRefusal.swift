/// What tenantctl never runs, told from a statement's first words.
struct StatementRefusal {
  let reason: SQLScriptError.Reason
  /// Whether rows, and not SQL, stand after the statement.
  var isFollowedByData = false

  init?(keywords: [String], bytes: [UInt8], range: Range<Int>) {
    if let control = StatementRefusal.transactionControl(keywords) {
      reason = .transactionControl(control)
    } else if StatementRefusal.changesStrings(keywords, bytes, range) {
      reason = .oldStrings
    } else if keywords.first == "COPY", let stream = StatementRefusal.copyStream(bytes, range) {
      reason = .copyStream(stream)
      isFollowedByData = stream.hasPrefix("COPY FROM")
    } else {
      return nil
    }
  }

  /// The keywords of a statement that starts or ends a transaction. Savepoints do neither.
  private static func transactionControl(_ keywords: [String]) -> String? {
    let second = keywords.dropFirst().first
    switch (keywords.first, second) {
    case ("ROLLBACK", "TO"): return nil
    case ("ROLLBACK", "WORK"), ("ROLLBACK", "TRANSACTION"):
      return keywords.dropFirst(2).first == "TO" ? nil : "ROLLBACK"
    case ("PREPARE", "TRANSACTION"), ("START", "TRANSACTION"), ("COMMIT", "PREPARED"),
      ("ROLLBACK", "PREPARED"):
      return keywords.prefix(2).joined(separator: " ")
    case ("BEGIN", _), ("COMMIT", _), ("END", _), ("ROLLBACK", _), ("ABORT", _): return keywords.first
    default: return nil
    }
  }

  /// `SET standard_conforming_strings` to anything but on, which pg_dump writes.
  private static func changesStrings(_ keywords: [String], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard keywords.first == "SET", keywords.prefix(3).contains("STANDARD_CONFORMING_STRINGS") else {
      return false
    }
    var lexer = SQLLexer(bytes, in: range)
    var last = ""
    while let token = try? lexer.next() {
      switch token {
      case .lineComment, .blockComment, .semicolon: continue
      default: last = String(decoding: bytes[lexer.tokenStart..<lexer.position], as: UTF8.self)
      }
    }
    return !["on", "'on'", "true", "'true'"].contains(last.lowercased())
  }

  /// `COPY FROM STDIN` and the like. PostgreSQL takes either stream's name in either direction.
  private static func copyStream(_ bytes: [UInt8], _ range: Range<Int>) -> String? {
    var lexer = SQLLexer(bytes, in: range)
    var depth = 0
    var previous = ""
    while let token = try? lexer.next() {
      switch token {
      case .lineComment, .blockComment: continue
      case .openParenthesis: depth += 1
      case .closeParenthesis: depth -= 1
      case .word(let range) where depth == 0:
        let word = String(decoding: bytes[range], as: UTF8.self).uppercased()
        if ["FROM", "TO"].contains(previous), ["STDIN", "STDOUT"].contains(word) {
          return "COPY \(previous) \(word)"
        }
        previous = word
        continue
      default: break
      }
      previous = ""
    }
    return nil
  }
}
