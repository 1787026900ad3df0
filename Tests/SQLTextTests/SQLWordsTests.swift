import Glibc
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
    func time(_ lines: Int) throws -> Double {
      let text = "SELECT \(quote)\(String(repeating: line, count: lines))\(quote)"
      let start = processorTime()
      #expect(try wordsOf(text).words.count == 2)
      return Double(processorTime() - start)
    }
    // Eight times as many would take 64 times as long, if each cost as much as all before it.
    let few = try time(5_000)
    let many = try time(40_000)
    #expect(many < 30 * few, "\(many / few)")
  }

  /// The processor time of this thread, which does not depend on the machine's other work, in nanoseconds.
  private func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  private func wordsOf(_ text: String) throws -> SQLWords {
    SQLWords(try #require(SQLScript.statements(in: Array(text.utf8)).first))
  }
}
