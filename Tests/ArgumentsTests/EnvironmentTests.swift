import Testing

@testable import Arguments

@Suite struct EnvironmentTests {
  private static let read = Command<Toy.Action>(
    "read", summary: "Read.",
    action: { "\($0[Toy.database] ?? "none") \($0[Toy.format]) \($0[Toy.quiet])" })
  private static let tree = CommandTree<Toy.Action>(
    "toy", versionText: "", date: "", summary: "", parameters: [Toy.database, Toy.format, Toy.quiet],
    commands: [read])

  private func outcome(_ words: [String], _ environment: [String: String]) throws -> String {
    guard
      case .run(let action, let path, let input) = try Parser(Self.tree).read(
        words, environment: environment
      ).request()
    else { return "no command" }
    #expect(path == ["read"])
    return try action(input)
  }

  @Test(arguments: [
    ([:], "none text false"),
    (["TOY_DATABASE": "u", "TOY_FORMAT": "json", "TOY_QUIET": "1"], "u json true"),
    (["TOY_DATABASE": "", "TOY_FORMAT": "", "TOY_QUIET": ""], "none text false"),
    (["TOY_QUIET": "TRUE"], "none text true"), (["TOY_QUIET": "yes"], "none text true"),
    (["TOY_QUIET": "on"], "none text true"), (["TOY_QUIET": "0"], "none text false"),
    (["TOY_QUIET": "False"], "none text false"), (["TOY_QUIET": "no"], "none text false"),
    (["TOY_QUIET": "off"], "none text false"),
  ])
  func fillsIn(environment: [String: String], outcome expected: String) throws {
    #expect(try outcome(["read"], environment) == expected)
  }

  @Test func wordsWin() throws {
    let environment = ["TOY_DATABASE": "u", "TOY_FORMAT": "bogus", "TOY_QUIET": "0"]
    #expect(try outcome(["-dv", "read", "--format=json", "-q"], environment) == "v json true")
  }

  @Test(arguments: [
    (
      ["TOY_FORMAT": "xml"],
      "invalid --format 'xml' in the environment variable TOY_FORMAT: expected text or json"
    ),
    (
      ["TOY_QUIET": "maybe"],
      "invalid --quiet 'maybe' in the environment variable TOY_QUIET: expected 1, true, yes, on, 0, false, no or off"
    ),
  ])
  func refuses(environment: [String: String], message: String) {
    let error = #expect(throws: UsageError.self) { try outcome(["read"], environment) }
    #expect(error?.message == message)
    #expect(error?.commandPath == ["read"])
  }

  @Test func aMistakeInTheWordsComesFirst() {
    let error = #expect(throws: UsageError.self) { try outcome(["read", "x"], ["TOY_FORMAT": "xml"]) }
    #expect(error?.message == "unexpected argument 'x'")
  }

  @Test func helpNeedsNoValidEnvironment() throws {
    #expect(try outcome(["read", "--help"], ["TOY_FORMAT": "xml"]) == "no command")
  }
}
