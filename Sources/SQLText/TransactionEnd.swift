/// Whether a statement ends the transaction that it runs in, or begins another one in its place: COMMIT, END, ROLLBACK, ABORT,
/// each also with AND CHAIN, and PREPARE TRANSACTION. Not so ROLLBACK TO, which goes back to a savepoint.
///
/// Of a statement that begins with another letter than these nothing but that is read.
package func endsTransaction(_ statement: String) -> Bool {
  guard let first = statement.utf8.first(where: { !ASCII.isSpace($0) }),
    ["C", "E", "R", "A", "P", "-", "/", ";"].contains(Character(Unicode.Scalar(first)).uppercased())
  else { return false }
  let bytes = Array(statement.utf8)
  var lexer = SQLLexer(bytes, in: 0..<bytes.count)
  var words: [String] = []
  while words.count < 3, let token = try? lexer.next() {
    switch token {
    case .lineComment, .blockComment: continue
    // To the server an empty statement is no statement.
    case .semicolon where words.isEmpty: continue
    case .word(let range): words.append(ASCII.uppercased(String(decoding: bytes[range], as: UTF8.self)))
    default: words.append("")
    }
  }
  switch words.first {
  case "COMMIT", "END", "ABORT": return true
  case "ROLLBACK": return !words.contains("TO")
  case "PREPARE": return words.dropFirst().first == "TRANSACTION"
  default: return false
  }
}
