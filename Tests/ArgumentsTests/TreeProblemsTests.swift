import Testing

@testable import Arguments

@Suite struct TreeProblemsTests {
  @Test func theToyHasNone() {
    #expect(Toy.tree.problems() == [])
  }

  @Test func findsEachMistake() {
    let action = Toy.echo("x")
    let required = Argument("B", parse: { $0 }, summary: "B.")
    let example = [Example("t x", "X.")]
    let tree = CommandTree<Toy.Action>(
      "t", versionText: "t 1", date: "", summary: "T.",
      parameters: [Toy.database],
      commands: [
        Command("twice", summary: "T.", parameters: [Toy.database], examples: example, action: action),
        Command(
          "late", summary: "T.", parameters: [Toy.target, required], examples: example, action: action),
        Command(
          "many", summary: "T.", parameters: [Toy.names, Toy.names], examples: example, action: action),
        Command(
          "mute", summary: "",
          parameters: [Flag("loud", short: "V", summary: ""), Flag("help", summary: "H.")], action: action),
        Command("group", summary: "G.", parameters: [Toy.host], subcommands: []),
        Command("group", summary: "G.", subcommands: []),
      ])
    #expect(
      tree.problems() == [
        "t: group is declared twice",
        "t twice: --database is declared twice",
        "t twice: -d is declared twice",
        "t late: B is required, but follows TARGET, which is not",
        "t many: NAME is declared twice",
        "t many: two arguments repeat",
        "t mute: --help is declared twice",
        "t mute: -V is declared twice",
        "t mute: no summary",
        "t mute: --loud has no summary",
        "t mute: no example",
        "t group: a group takes no arguments",
      ])
  }
}
