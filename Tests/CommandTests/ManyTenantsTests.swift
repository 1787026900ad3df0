import TestSupport
import Testing

/// `create`, `drop`, `set`, `activate` and `deactivate` of many tenants.
@Suite struct ManyTenantsTests {
  private let file = """
    name,domain,plan
    acme,acme.com www.acme.com,gold
    "reef",,"free, for ""now""\"
    rock,rock.com,

    """

  @Test func createsTheTenantsOfAFile() async throws {
    try await Scene.with { scene in
      try scene.folder.write("\u{FEFF}" + file.replacing("\n", with: "\r\n"), to: "t.csv")
      let outcome = try await scene.run("create --from-file t.csv --set seats=3 --jobs 2")
      #expect(outcome.status == 0 && outcome.stderr == "", "\(outcome)")
      #expect(
        outcome.stdout.hasPrefix(
          "created tenant acme, 2 migrations applied; added domain acme.com (primary); added domain www.acme.com\n"
        ))
      #expect(outcome.stdout.contains("\ncreated 3 tenants in "))
      let rows = try await scene.database.psql("SELECT name, plan, seats FROM tenants ORDER BY 1")
      #expect(rows == "acme|gold|3\nreef|free, for \"now\"|3\nrock|NULL|3")
      let again = try await scene.run("create --from-file t.csv")
      #expect(
        again.status == 5
          && again.stderr.contains("hint: --if-not-exists leaves existing tenants as they are")
          || again.stdout.contains("hint: --if-not-exists leaves existing tenants as they are"), "\(again)")
      try await scene.succeed("drop reef --yes")
      let rest = try await scene.run("create --from-file t.csv --if-not-exists --format json")
      #expect(
        rest.stdout.contains(#""summary":{"created":1,"#)
          && rest.stdout.contains(#""unchanged":2,"unfinished":0}"#),
        "\(rest)")
      try await scene.prints("create reef --if-not-exists", "tenant reef already exists\n")
      try await scene.prints("create --from-file - --if-not-exists --quiet", "", stdin: file)
    }
  }

  /// One that cannot be created does not affect the others.
  @Test func oneFails() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("CREATE SCHEMA rock")
      let outcome = try await scene.run("create kelp rock reef --format json")
      #expect(
        outcome.status == 5 && outcome.stdout.contains(#""code":"schema_without_tenant""#), "\(outcome)")
      try await scene.prints("list --quiet", "acme\nkelp\nreef\n")
      let dry = try await scene.run("create lagoon pond --dry-run")
      #expect(dry.stdout.contains("-- lagoon\nBEGIN;") && dry.stdout.contains("-- pond\nBEGIN;"))
      let failing = try await scene.run("create rock pond --dry-run --format json")
      #expect(
        failing.status == 5 && failing.stderr == ""
          && failing.stdout.hasPrefix(
            #"{"dry_run":true,"failures":[{"error":{"code":"schema_without_tenant","#)
          && failing.stdout.contains(#""name":"rock"}],"sql":["#), "\(failing)")
      try await scene.prints("list --quiet", "acme\nkelp\nreef\n")
    }
  }

  @Test func filesThatAreNone() async throws {
    try await Scene.with { scene in
      let files: [(String, String)] = [
        ("acme\n", "1: the first line must name the columns, with commas between them, one of them name"),
        ("name,plan\nacme\n", "2: 1 field, but the first line names 2 columns"),
        ("name,domain\nacme,-x.com\n", "2: invalid domain '-x.com': "),
        ("name\nacme\n\nBad Name\n", "4: invalid tenant name 'Bad Name': "),
        ("name,name\na,b\n", "1: column 'name' is there twice"),
        ("name,plan\nacme,\"gold\n", "2: a quoted field has no end"),
        ("name\racme\rreef\r", "1: the line ends with CR only; save the file with LF or CRLF line ends"),
        ("name,plan\nacme,\"a\"b\n", "2: text after a quoted field"),
      ]
      for (text, message) in files {
        try scene.folder.write(text, to: "t.csv")
        let outcome = try await scene.run("create --from-file t.csv")
        #expect(outcome.status == 2 && outcome.stderr.hasPrefix("error: t.csv:\(message)"), "\(outcome)")
      }
      for (text, code) in [
        ("name,plum\nacme,x\n", "unknown_column"), ("name\nacme\nacme\n", "usage"),
        ("name,schema\na,b\nb,\n", "usage"),
        ("name\nacme\n\nBad Name\n", "invalid_name"),
      ] {
        try scene.folder.write(text, to: "t.csv")
        let outcome = try await scene.run("create --from-file t.csv --format json")
        #expect(outcome.status == 2 && outcome.stderr.contains(#""code":"\#(code)""#), "\(outcome)")
      }
      #expect(try await scene.database.psql("SELECT count(*) FROM tenants") == "0")
      try await scene.refuses([
        Refusal(
          "create", 2, "usage", "NAME or --from-file is required", hint: "see 'tenantctl create --help'"),
        Refusal(
          "create a b --domain x.com", 2, "usage", "--domain is for one tenant",
          hint: "give it in the file of --from-file, in the column domain"),
      ])
    }
  }

  @Test func dropsMany() async throws {
    try await Scene.with(tenants: ["acme", "kelp", "reef", "rock"]) { scene in
      try await scene.succeed("deactivate kelp reef")
      try await scene.succeed("set kelp --protect")
      let before = try await scene.database.contents()
      #expect(try await scene.run("drop --deactivated --yes").status == 4)
      try await scene.refuses([
        Refusal(
          "drop acme reef", 4, "confirmation_needed",
          "1 of them is active, so the app serves it. This removes 2 tenants. It cannot be undone. "
            + "Without a terminal --yes is required.", hint: "add --yes to confirm")
      ])
      #expect(try await scene.database.contents() == before)
      let outcome = try await scene.run("drop --all --exclude kelp --yes")
      #expect(outcome.status == 0 && outcome.stdout.contains("dropped 3 tenants in "), "\(outcome)")
      #expect(outcome.stderr == ["acme", "reef", "rock"].map { "drop \($0) (1 table, 1 domain)\n" }.joined())
      try await scene.prints("list --quiet", "kelp\n")
      #expect(
        try await scene.database.psql(
          "SELECT nspname FROM pg_namespace WHERE nspname IN ('acme', 'reef', 'rock')") == "")
    }
  }

  @Test func setsMany() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.prints("set acme rock plan=gold", "set plan of tenant acme\nset plan of tenant rock\n")
      try await scene.prints("set --where plan!=gold plan=free seats=2", "set plan, seats of tenant reef\n")
      let json = try await scene.run("set --all seats=1 --format json")
      #expect(
        json.stdout.hasPrefix(#"[{"columns":{"seats":"1"},"name":"acme","protected":null},"#), "\(json)")
      #expect(
        try await scene.database.psql("SELECT name, plan, seats FROM tenants ORDER BY 1")
          == "acme|gold|1\nreef|free|1\nrock|gold|1")
      #expect(try await scene.run("set acme atlantis seats=9").status == 3)
      #expect(try await scene.run("set --all seats=many").status == 2)
      #expect(try await scene.database.psql("SELECT DISTINCT seats FROM tenants") == "1")
      try await scene.dryRunTellsTheTruth("set --all --exclude acme plan=x --protect")
    }
  }
}
