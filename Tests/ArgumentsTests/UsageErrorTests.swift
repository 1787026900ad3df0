import Testing

@testable import Arguments

@Suite struct UsageErrorTests {
  private func error(_ line: String) -> UsageError? {
    #expect(throws: UsageError.self) {
      try Parser(Toy.tree).read(line.split(separator: " ").map(String.init)).request()
    }
  }

  @Test func saysWhereItHappened() {
    #expect(error("domain add")?.commandPath == ["domain", "add"])
    #expect(error("domain add")?.program == "toy")
    #expect(error("domain bogus")?.commandPath == ["domain"])
    #expect(error("--bogus domain add")?.commandPath == [])
    #expect(error("run")?.usage == "toy run [OPTIONS] [NAME...] -- COMMAND...")
  }

  @Test func theFirstMistakeIsReported() {
    #expect(error("--databse x bogus")?.message == "unknown option '--databse'")
    #expect(error("migrate --bogus -j x")?.message == "unknown option '--bogus'")
  }

  @Test func theCallerWordsTheReason() {
    #expect(error("migrate -j x")?.message { _ in "is what it is" } == "invalid --jobs 'x': is what it is")
  }

  @Test func aCommandRefusesInput() throws {
    guard case .run(_, _, let input) = try Parser(Toy.tree).read(["domain", "remove", "h"]).request() else {
      return
    }
    let bare = input.refusal("name tenants or give --all")
    #expect(bare.message == "name tenants or give --all")
    #expect(bare.hint == "see 'toy domain remove --help'")
    #expect(bare.commandPath == ["domain", "remove"])
    #expect(input.refusal("no", hint: "yes").hint == "yes")
  }

  @Test(arguments: [
    ("word", "'word'"),
    ("postgres://user:p@ss@host:5432/db?x=a@b", "'postgres://user:***@b'"),
    ("postgresql+psycopg2://u:p@h", "'postgresql+psycopg2://u:***@h'"),
    ("user:p@ss@host", "'user:***@host'"), ("a:b", "'a:b'"),
    ("postgres://user@host:5432/db", "'postgres://user@host:5432/db'"),
    ("postgres://u:p/w?x@h:1/db", "'postgres://u:***@h:1/db'"),
    ("postgres://host:5432/db", "'postgres://host:5432/db'"),
    ("postgres://host/db?user=u&password=p&x=y", "'postgres://host/db?user=u&password=***&x=y'"),
    ("host=h password=p user=u", "'host=h password=*** user=u'"),
    ("host=h password='p q' user=u", "'host=h password=*** user=u'"),
    (#"host=h password='it\'s q"#, "'host=h password=***'"),
    ("host=h PASSWORD = p", "'host=h PASSWORD = ***'"),
    ("host=h sslpassword=p", "'host=h sslpassword=***'"),
  ])
  func masksPasswords(word: String, shown: String) {
    #expect(masked(word) == shown)
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "abcd", 1),
    ("abc", "axc", 1), ("kitten", "sitting", 3), ("ca", "abc", 3), ("databse", "database", 1),
  ])
  func editDistances(a: String, b: String, distance: Int) {
    #expect(editDistance(a, b) == distance)
    #expect(editDistance(b, a) == distance)
  }

  @Test(arguments: [
    ("mirgate", ["migrate"]), ("mig", ["migrate", "migration"]), ("m", []), ("mgrations", ["migration"]),
    ("stat", ["status"]), ("zzz", []),
  ])
  func suggests(word: String, names: [String]) {
    #expect(suggestions(for: word, among: ["migrate", "migration", "status", "set", "drop"]) == names)
  }

  /// Between names of one letter every other one is a letter away.
  @Test func suggestsNoOtherLetter() {
    #expect(suggestions(for: "a", among: ["c", "ab", "a"]) == ["a"])
    #expect(suggestions(for: "ba", among: ["ab", "b", "c"]) == ["ab", "b"])
  }
}
