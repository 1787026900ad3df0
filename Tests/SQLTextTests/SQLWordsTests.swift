import Testing

@testable import SQLText

@Suite("Words of a statement") struct SQLWordsTests {
  @Test(arguments: [
    ("SELECT 'a''b' , '' , '''' , 'c'", ["SELECT", "'a''b'", ",", "''", ",", "''''", ",", "'c'"]),
    (#"SELECT "a""B"."c""""d""#, ["SELECT", #"a"B"#, ".", #"c""d"#]),
    ("SELECT 'a' -- b\n'c' /* d */ 'e'", ["SELECT", "'a'", "'c'", "'e'"]),
    (#"SELECT 'a'"b"'c'"#, ["SELECT", "'a'", "b", "'c'"]),
    ("select E'a''b' 'c'''", ["SELECT", "E'a''b'", "'c'''"]),
  ])
  func doubledQuotes(text: String, words: [String]) throws {
    #expect(try wordsOf(text).words.map(\.text) == words)
  }

  /// A page of text may have tens of thousands of them; each costs as much as another character.
  @Test(arguments: ["'", "\""])
  func manyDoubledQuotes(quote: String) throws {
    let line = String(repeating: "x", count: 70) + quote + quote + "\n"
    let text = "SELECT \(quote)\(String(repeating: line, count: 40_000))\(quote)"
    var count = 0
    let duration = try ContinuousClock().measure { count = try wordsOf(text).words.count }
    #expect(count == 2 && duration < .seconds(5), "\(duration)")
  }

  private func wordsOf(_ text: String) throws -> SQLWords {
    SQLWords(try #require(SQLScript.statements(in: Array(text.utf8)).first))
  }
}
