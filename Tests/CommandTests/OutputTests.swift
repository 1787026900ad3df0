import Foundation
import TestSupport
import Testing

@Suite struct OutputTests {
  /// A format that the command does not have is refused before anything runs, wherever it was asked for.
  @Test func formatsAreDeclared() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let before = try await scene.database.contents()
      for line in [
        "init", "create reef", "drop acme --yes", "rename acme reef", "set acme plan=gold", "deactivate acme",
        "domain add acme a.com", "domain remove acme.example.com", "migrate --all", "migration new plans",
        "show acme", "psql acme",
      ] {
        let names = line.contains(#/^(migrate|create|drop|show)/#) ? "text, json or ndjson" : "text or json"
        let outcome = try await scene.run("\(line) --format csv")
        #expect(outcome.status == 2 && outcome.stdout.isEmpty, "\(line)")
        #expect(
          outcome.stderr.hasPrefix("error: invalid --format 'csv': expected \(names)\nhint: "), "\(line)")
        let other = try await scene.run(line, environment: ["TENANTCTL_FORMAT": "csv"])
        #expect(
          other.status == 2 && other.stderr.contains("TENANTCTL_FORMAT: expected \(names)\n"), "\(line)")
      }
      #expect(try await scene.database.contents() == before)
      #expect(try scene.folder.files() == Scene.files.keys.sorted())
    }
  }

  @Test func quietKeepsTheSQLOfADryRun() async throws {
    try await Scene.with { scene in
      // Each run has a mark of its own.
      func sql(_ words: String) async throws -> String {
        try await scene.run(words).stdout.replacing(#/being created, [0-9a-f]+/#, with: "")
      }
      let loud = try await sql("create acme --dry-run")
      #expect(try await sql("create acme --dry-run --quiet") == loud && loud.hasPrefix("BEGIN;"))
      let json = try await scene.run("create acme --dry-run --format json")
      #expect(json.stdout.hasPrefix(#"{"dry_run":true,"sql":["BEGIN;","#))
    }
  }

  /// A script need not ask whether a key is there.
  @Test func anErrorHasAllItsKeys() async throws {
    let outcome = try await Tenantctl.run(["migrate", "--format", "json"])
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [String: [String: Any]])
    #expect(document["error"]?.keys.sorted() == ["code", "hint", "message", "sqlstate", "tenant"])
    #expect(document["error"]?["sqlstate"] is NSNull)
    #expect(document["error"]?["code"] as? String == "usage")
  }

  @Test(arguments: [
    ["--format", "json", "bogus"], ["--format=json", "list", "--bogus"],
    ["list", "--format", "json", "--limit"],
  ])
  func usageErrorsAreJSONToo(words: [String]) async throws {
    let outcome = try await Tenantctl.run(words)
    #expect(outcome.status == 2 && outcome.stdout == outcome.stderr)
    #expect(try JSONDecoder().decode(Failure.self, from: Data(outcome.stdout.utf8)).error.code == "usage")
  }

  @Test func aClosedPipeEndsQuietly() async throws {
    try await Scene.with { scene in
      try await scene.database.psql(
        "INSERT INTO tenants (name) SELECT 'tenant_' || n FROM generate_series(1, 5000) n")
      for ignoring in ["", "trap '' PIPE;"] {
        for format in ["text", "json", "csv", "ndjson"] {
          let outcome = try await Tenantctl.script(
            "\(ignoring) { tenantctl list --format \(format); echo $? >&2; } | head -c 20",
            database: scene.database)
          #expect(outcome.stdout.utf8.count == 20)
          #expect(outcome.stderr == "141\n", "\(format)")
        }
      }
      let whole = try await scene.run("list --quiet")
      #expect(whole.stdout.split(separator: "\n").count == 5000)
    }
  }

  /// A run goes on to the last tenant, and ends with the status of the run.
  @Test(arguments: [
    "migrate --all --jobs 1 --format ndjson", "run --all --jobs 1 -- echo done",
    "run --all --format ndjson -- echo done",
  ])
  func aRunIntoAClosedPipe(line: String) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try scene.folder.write("ALTER TABLE tanks ADD colour text;\n", to: "migrations/tenant/3_colour.sql")
      func end() async throws -> String {
        // The reader is gone before the run begins.
        try await Tenantctl.script(
          "rm -f gate; mkfifo gate; { read -r < gate; tenantctl \(line); echo $? >&2; } | { exec <&-; echo > gate; }",
          database: scene.database, workingDirectory: scene.folder.path
        ).stderr
      }
      let text = try await end()
      #expect(text.hasSuffix("0\n") && !text.contains("Broken pipe"), "\(text)")
      guard line.hasPrefix("migrate") else { return }
      try await scene.prints("status --all --check --quiet", "")
      try scene.folder.write(
        "SELECT 1 / (current_schema() <> 'reef')::int;\n", to: "migrations/tenant/4_fails.sql")
      let failed = try await end()
      #expect(failed.hasSuffix("5\n") && !failed.contains("Broken pipe"), "\(failed)")
    }
  }

  @Test func aFullDiskIsAnError() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for words in ["list", "--help", "--version", "completion zsh", "show acme --format json"] {
        let outcome = try await Tenantctl.script("tenantctl \(words) >/dev/full", database: scene.database)
        #expect(outcome.status == 1, "\(words)")
        #expect(outcome.stderr.contains("cannot write the result: No space left on device"), "\(words)")
        #expect(!outcome.stderr.contains("changes are made"), "\(outcome)")
      }
    }
  }

  /// Only of a command that has made changes.
  @Test(arguments: [
    ("set acme plan=gold", true), ("create reef --dry-run", false), ("doctor", false),
    ("doctor --fix --yes", true),
    ("exec acme -c 'SELECT 1'", false), ("exec acme --write -c 'SELECT 1'", true),
    ("migrate --all --check", false),
  ])
  func aFullDiskAfterChanges(line: String, areMade: Bool) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await Tenantctl.script(
        "tenantctl \(line) >/dev/full", database: scene.database, workingDirectory: scene.folder.path)
      #expect(outcome.status == 1, "\(outcome)")
      #expect(
        outcome.stderr.contains("hint: only the output failed: the command's changes are made\n") == areMade,
        "\(outcome)")
    }
  }

  @Test func optionsStandAnywhere() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for line in [
        "-q domain list acme", "domain -q list acme", "domain list -q acme", "domain list acme -q",
        "--format=text domain list acme --quiet", "domain list -q -- acme",
      ] {
        try await scene.prints(line, "acme.example.com\n")
      }
    }
  }

  @Test func verboseShowsTheSQL() async throws {
    try await Scene.with { scene in
      let outcome = try await scene.run("create acme -v")
      #expect(outcome.status == 0 && outcome.stdout == "created tenant acme, 2 migrations applied\n")
      #expect(outcome.stderr.contains(#"CREATE SCHEMA "acme";"#))
      #expect(outcome.stderr.contains("CREATE TABLE tanks"))
    }
  }
}
