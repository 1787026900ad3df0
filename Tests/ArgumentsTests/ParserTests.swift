import Testing

@testable import Arguments

@Suite struct ParserTests {
  @Test(arguments: [
    ("domain add acme a.com", "add acme a.com false"),
    ("domain add acme a.com --primary", "add acme a.com true"),
    ("domain add --primary acme a.com", "add acme a.com true"),
    ("domain --primary add acme a.com", "add acme a.com true"),
    ("--primary domain add acme a.com", "add acme a.com true"),
    ("domain add --primary --primary acme a.com", "add acme a.com true"),
    ("domain add acme - --primary", "add acme - true"),
    ("domain add -- acme --primary", "add acme --primary false"),
    ("domain add acme -- --primary", "add acme --primary false"),
    ("domain add acme -- --", "add acme -- false"),
    ("domain add acme -- -h", "add acme -h false"),
    ("-- domain add acme a.com", "add acme a.com false"),
    ("domain add -5 -7.5", "add -5 -7.5 false"),
    ("migrate", "migrate [] false 4 []"),
    ("migrate a b", #"migrate ["a", "b"] false 4 []"#),
    ("migrate a --jobs 2 b --all", #"migrate ["a", "b"] true 2 []"#),
    ("migrate --jobs=2", "migrate [] false 2 []"),
    ("migrate -j2", "migrate [] false 2 []"),
    ("migrate -j 2", "migrate [] false 2 []"),
    ("migrate -j -2", "migrate [] false -2 []"),
    ("migrate --jobs -2", "migrate [] false -2 []"),
    ("migrate -qaj2", "migrate [] true 2 []"),
    ("migrate -qvaj 2", "migrate [] true 2 []"),
    ("-j2 -a migrate", "migrate [] true 2 []"),
    ("migrate -j2 -j3 --jobs 5", "option --jobs is given twice; give it once"),
    ("migrate -x a --exclude b -xc", #"migrate [] false 4 ["a", "b", "c"]"#),
    ("migrate -x=a --exclude=b=c", #"migrate [] false 4 ["=a", "b=c"]"#),
    ("migrate --exclude=", #"migrate [] false 4 [""]"#),
    ("migrate -x -- -- b", "option -x needs a value GLOB; see 'toy migrate --help'"),
    ("migrate -x -y", #"migrate [] false 4 ["-y"]"#),
    ("migrate -x --y=1", #"migrate [] false 4 ["--y=1"]"#),
    ("adopt a --version 3", #"adopt ["a"] 3"#),
    ("run a b -- ls -l --help", #"run ["a", "b"] ["ls", "-l", "--help"]"#),
    ("run -- ls -- -V", #"run [] ["ls", "--", "-V"]"#),
    ("restore f", "restore f -1"),
    ("restore f 7", "restore f 7"),
    ("completion json", "completion json"),
    ("__complete", "__complete "),
  ])
  func runs(line: String, outcome: String) {
    #expect(Toy.outcome(line) == outcome)
  }

  @Test(arguments: [
    ("--help", "help []"),
    ("-h", "help []"),
    ("-qh", "help []"),
    ("domain --help", #"help ["domain"]"#),
    ("--help domain add", #"help ["domain", "add"]"#),
    ("domain add --help", #"help ["domain", "add"]"#),
    ("domain add --bogus 1 2 3 --help", #"help ["domain", "add"]"#),
    ("domain bogus remove --help", #"help ["domain"]"#),
    ("migrate --jobs --help", #"help ["migrate"]"#),
    ("migrate --jobs x -h", #"help ["migrate"]"#),
    ("--bogus -V", "version"),
    ("--version", "version"),
    ("domain --version", "version"),
    ("domain --version --help", #"help ["domain"]"#),
    ("adopt -V", "version"),
    ("adopt -h --version 3", #"help ["adopt"]"#),
  ])
  func helpAndVersionWin(line: String, outcome: String) {
    #expect(Toy.outcome(line) == outcome)
  }

  @Test(arguments: [
    ("", "toy needs a command; choose one of: domain, migrate, adopt, run, restore, completion"),
    ("-q domain", "toy domain needs a command; choose one of: add, remove"),
    ("migrte", "'migrte' is not a command of toy; did you mean migrate?"),
    ("res", "'res' is not a command of toy; did you mean restore?"),
    ("add acme", "'add' is not a command of toy; did you mean domain add?"),
    ("domain ad", "'ad' is not a command of toy domain; did you mean add?"),
    ("domain zzz", "'zzz' is not a command of toy domain; see 'toy domain --help'"),
    ("__complet", "'__complet' is not a command of toy; see 'toy --help'"),
    ("--databse x migrate", "unknown option '--databse'; did you mean --database?"),
    ("--ver migrate", "unknown option '--ver'; did you mean --verbose or --version?"),
    ("migrate --zzz=1", "unknown option '--zzz'; see 'toy migrate --help'"),
    ("migrate -z", "unknown option '-z'; see 'toy migrate --help'"),
    ("migrate -qz", "unknown option '-z'; see 'toy migrate --help'"),
    ("migrate -format json", "unknown option '-format'; did you mean --format?"),
    ("--primary migrate", "unknown option '--primary'; see 'toy migrate --help'"),
    ("migrate --jobs", "option --jobs needs a value N; see 'toy migrate --help'"),
    (
      "migrate --jobs --all",
      "option --jobs needs a value N; --all is an option; to use it as the value, write --jobs=--all"
    ),
    (
      "migrate --jobs --database=postgres://u:secret@h",
      "option --jobs needs a value N; --database is an option; to use it as the value, write --jobs=--database"
    ),
    ("migrate -j -a", "option -j needs a value N; -a is an option; to use it as the value, write -j-a"),
    ("migrate --all=yes", "option --all takes no value, but got 'yes'; see 'toy migrate --help'"),
    ("migrate -a=yes", "option -a takes no value, but got 'yes'; see 'toy migrate --help'"),
    ("domain add", "missing argument NAME; usage: toy domain add [OPTIONS] NAME HOST"),
    ("domain add acme", "missing argument HOST; usage: toy domain add [OPTIONS] NAME HOST"),
    ("domain remove a b", "unexpected argument 'b'; usage: toy domain remove [OPTIONS] HOST"),
    ("migrate -- --all", #"migrate ["--all"] false 4 []"#),
    ("run a", "missing argument -- COMMAND; usage: toy run [OPTIONS] [NAME...] -- COMMAND..."),
    ("migrate -j x", "invalid --jobs 'x': not a whole number; see 'toy migrate --help'"),
    ("restore f x", "invalid TARGET 'x': not a whole number; see 'toy restore --help'"),
    ("completion tcsh", "invalid SHELL 'tcsh': expected text or json; see 'toy completion --help'"),
    ("migrate --format xml", "invalid --format 'xml': expected text or json; see 'toy migrate --help'"),
    (
      "domain remove a postgres://u:secret@h/db",
      "unexpected argument 'postgres://u:***@h/db'; usage: toy domain remove [OPTIONS] HOST"
    ),
    (
      "domain remove a password=secret",
      "unexpected argument 'password=***'; usage: toy domain remove [OPTIONS] HOST"
    ),
  ])
  func explains(line: String, outcome: String) {
    #expect(Toy.outcome(line) == outcome)
  }
}

@Suite struct UndeclaredParameterTests {
  /// A command reads what it does not declare as not given: there is no way to crash.
  @Test func isReadAsNotGiven() throws {
    guard case .run(_, _, let input) = try Parser(Toy.tree).read(["domain", "remove", "acme.com"]).request()
    else {
      Issue.record("no request")
      return
    }
    #expect(try input[Toy.host] == "acme.com")
    #expect(input[Toy.jobs] == 4 && input[Toy.directory] == nil && !input[Toy.all])
    #expect(input[Toy.exclude] == [] && input[Toy.names] == [] && input[Toy.command] == [])
    #expect(throws: UsageError.self) { try input[Toy.file] }
  }
}

@Suite struct WrongLineTests {
  /// How to report an error must be known, whatever the error is.
  @Test(arguments: [
    "bogus --format json", "--format json", "migrate --bogus --format=json", "migrate --jobs --format json",
    "migrate --jobs x --format json", "--format text domain remove --format json",
  ])
  func optionsOfAWrongLineAreRead(line: String) {
    let reading = Parser(Toy.tree).read(line.split(separator: " ").map(String.init))
    #expect(throws: UsageError.self) { try reading.request() }
    #expect(reading[Toy.format] == .json)
  }

  @Test func nonsenseIsAsIfItWereNotGiven() {
    let reading = Parser(Toy.tree).read(["--format", "xml"], environment: ["TOY_QUIET": "maybe"])
    #expect(reading[Toy.format] == .text && !reading[Toy.quiet])
    #expect(Parser(Toy.tree).read([], environment: ["TOY_FORMAT": "json"])[Toy.format] == .json)
    #expect(Parser(Toy.tree).read(["run", "acme", "--", "--format", "json"])[Toy.format] == .text)
  }
}
