/// Whether a statement ends the transaction that it runs in, or begins another one in its place: COMMIT, END, ROLLBACK, ABORT,
/// each also with AND CHAIN, and PREPARE TRANSACTION. Not so ROLLBACK TO, which goes back to a savepoint.
///
/// Of a statement that begins with another letter than these nothing but that is read.
package func endsTransaction(_ statement: String) -> Bool {
  guard let first = statement.utf8.first(where: { !ASCII.isSpace($0) }),
    ["C", "E", "R", "A", "P", "-", "/", ";"].contains(Character(Unicode.Scalar(first)).uppercased())
  else { return false }
  let words = firstTokens(of: statement, 3)
  switch words.first {
  case "COMMIT", "END", "ABORT": return true
  case "ROLLBACK": return !words.contains("TO")
  case "PREPARE": return words.dropFirst().first == "TRANSACTION"
  default: return false
  }
}

/// What a statement begins with: words in upper case, other tokens as they are written, without comments.
func firstTokens(of statement: String, _ count: Int) -> [String] {
  let bytes = Array(statement.utf8)
  var lexer = SQLLexer(bytes, in: 0..<bytes.count)
  var tokens: [String] = []
  while tokens.count < count, let token = try? lexer.next() {
    let text = String(decoding: bytes[lexer.tokenStart..<lexer.position], as: UTF8.self)
    switch token {
    case .lineComment, .blockComment: continue
    // To the server an empty statement is no statement.
    case .semicolon where tokens.isEmpty: continue
    case .word: tokens.append(ASCII.uppercased(text))
    default: tokens.append(text)
    }
  }
  return tokens
}
