import Testing

@testable import Arguments

@Suite struct CompletionTests {
  /// What every shell offers. A value after `=` counts without its option.
  static let offers: [(line: String, candidates: [String])] = [
    ("toy dom", ["domain"]),
    ("toy domain ", ["add", "remove"]),
    ("toy domain a", ["add"]),
    ("toy bogus ", []),
    ("toy __", []),
    ("toy --format json domain ", ["add", "remove"]),
    ("toy --format=json -q domain ", ["add", "remove"]),
    ("toy -d url -v domain ", ["add", "remove"]),
    ("toy -durl domain ", ["add", "remove"]),
    ("toy -qd url domain ", ["add", "remove"]),
    ("toy --database ", []),
    ("toy --format ", ["json", "text"]),
    ("toy --format=j", ["json"]),
    ("toy domain add --format ", ["json", "text"]),
    ("toy domain add --format=", ["json", "text"]),
    ("toy domain add --prim", ["--primary"]),
    ("toy domain remove --prim", []),
    ("toy domain remove --verb", ["--verbose"]),
    ("toy domain add ", ["acme", "acme-corp", "beta"]),
    ("toy domain add acm", ["acme", "acme-corp"]),
    ("toy domain add --primary acme ", ["a.acme.com", "b.acme.com:80"]),
    ("toy domain add acme a.", ["a.acme.com"]),
    ("toy domain add acme a.acme.com ", []),
    ("toy migrate acme b", ["beta"]),
    ("toy migrate --exclude b", ["beta"]),
    ("toy migrate --exclude=b", ["beta"]),
    ("toy migrate -ax b", ["beta"]),
    ("toy migrate -x beta -j 3 acme-", ["acme-corp"]),
    ("toy migrate -d bad ", []),
    ("toy adopt --version 3 b", ["beta"]),
    ("toy restore ac", ["acme.dump"]),
    ("toy restore acme.dump ", []),
    ("toy --config my", ["my db.toml"]),
    ("toy run acme -- not", ["notes.txt"]),
    ("toy run acme -- --al", []),
    ("toy completion ", ["json", "text"]),
    ("./toy domain add b", ["beta"]),
    ("absent/toy domain add b", []),
  ]

  @Test(arguments: CompletionScene.Shell.allCases)
  func offers(shell: CompletionScene.Shell) throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    let offered = try scene.candidates(shell, Self.offers.map(\.line))
    #expect(offered.count == Self.offers.count)
    for (expected, candidates) in zip(Self.offers, offered) {
      #expect(values(candidates, for: expected.line) == expected.candidates, "\(shell): \(expected.line)")
    }
  }

  /// Each shell in its own way: fish repeats the option before a value, zsh escapes blanks and falls back to
  /// options.
  private func values(_ candidates: [String], for line: String) -> [String] {
    let wantsOption = line.split(separator: " ").last?.hasPrefix("--") == true && !line.hasSuffix(" ")
    return candidates.map { candidate in
      let value = candidate.replacing("\\ ", with: " ")
      guard value.hasPrefix("--"), let equals = value.firstIndex(of: "=") else { return value }
      return String(value[value.index(after: equals)...])
    }.filter { wantsOption || !$0.hasPrefix("-") }
  }

  @Test(arguments: CompletionScene.Shell.allCases)
  func offersFilesAndFolders(shell: CompletionScene.Shell) throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    let offered = try scene.candidates(
      shell, ["toy --config ", "toy migrate --directory s", "toy run x -- "])
    let names = offered.map { $0.map { $0.replacing("\\ ", with: " ").replacing("/", with: "") } }
    #expect(names[0].contains("my db.toml") && names[0].contains("sub"))
    #expect(names[1].first == "sub" && !names[1].contains("setup.zsh"))
    #expect(names[2].contains("notes.txt"))
  }

  @Test(arguments: CompletionScene.Shell.allCases)
  func asksWithTheWordsTyped(shell: CompletionScene.Shell) throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    _ = try scene.candidates(shell, [#"toy -d "$TOYDB" --config='my.toml' domain add ac"#])
    #expect(
      try scene.asked()
        == "<__complete><tenants><--><-d><url><--config=my.toml><domain><add><ac>")
  }

  /// Readline replaces only what follows a colon.
  @Test func bashKeepsColons() throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    #expect(try scene.candidates(.bash, ["toy domain remove b.acme.com:8"]) == [["80"]])
    let others = try scene.candidates(.fish, ["toy domain remove b.acme.com:8"])
    #expect(others == [["b.acme.com:80"]])
  }

  /// A name that somebody else has chosen runs nothing, and is one word, however the word was begun.
  @Test(arguments: ["", "'", "\""], ["", "--exclude="])
  func bashQuotesNames(quote: String, option: String) throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    let found = try scene.candidates(.bash, ["toy migrate \(option)\(quote)odd"])[0]
    let words = found.map { quote + $0 + quote }.joined(separator: " ")
    let read = try scene.run("bash", ["--norc", "-c", "printf '%s\\n' \(words)"])
    #expect(
      Set(read.split(separator: "\n")) == ["odd a b;c", #"odd'"$(x)`y`"#, #"odd{b,c}\z!"#], "\(found)")
  }

  @Test func zshAndFishDescribe() throws {
    #expect(ZshCompletion.script(for: Toy.tree).contains("'add:Give a tenant a domain'"))
    #expect(FishCompletion.script(for: Toy.tree).contains("-a add -d 'Give a tenant a domain'"))
  }

  @Test(arguments: [
    BashCompletion.script(for: Toy.tree), ZshCompletion.script(for: Toy.tree),
    FishCompletion.script(for: Toy.tree),
  ])
  func leavesHiddenCommandsOut(script: String) {
    #expect(!script.contains(Toy.secret.summary.dropLast()))
    #expect(!script.contains("@" + "id@"))
  }
}

@Suite struct AwkwardCompletionTests {
  /// Summaries and names with signs that mean something to a shell.
  private static let tree = CommandTree<Toy.Action>(
    "toy", versionText: "", date: "", summary: "",
    parameters: [
      Flag("no-color", summary: #"Don't use "colour" [at all]: $HOME `date` \n 100% <b>."#)
    ],
    commands: [
      Command(
        "do-it", summary: #"It's "done": [x] $HOME `date` \n (y) {z}; & | # ~"#, action: Toy.echo("do-it")),
      Command(
        "outer", summary: "O.", parameters: [Toy.database, Toy.exclude],
        subcommands: [
          Command(
            "inner", summary: "I.",
            subcommands: [
              Command("leaf", summary: "L.", parameters: [Toy.tenant, Toy.names], action: Toy.echo("leaf"))
            ])
        ]),
    ])

  @Test(arguments: CompletionScene.Shell.allCases)
  func offers(shell: CompletionScene.Shell) throws {
    let scene = try CompletionScene(Self.tree)
    defer { scene.remove() }
    let lines = [
      "toy d", "toy --no", "toy outer ", "toy outer -d url inner l", "toy outer inner leaf --excl",
      "toy outer -x b", "toy outer inner leaf beta acme acme-", "toy --no-color outer inner -d x leaf be",
    ]
    let expected = [
      ["do-it"], ["--no-color"], ["inner"], ["leaf"], ["--exclude"], ["beta"], ["acme-corp"], ["beta"],
    ]
    #expect(try scene.candidates(shell, lines) == expected)
  }
}
