import TestSupport
import Testing

/// What a script relies on: exit statuses, names for the next command, and one shape of JSON.
@Suite struct WhatScriptsReadTests {
  /// What is listed does not decide what is wrong.
  @Test(arguments: ["edited", "gone"]) func aCheckOfWhatIsListed(kind: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let path = "migrations/tenant/20260102000000_litres.sql"
      if kind == "edited" {
        try scene.folder.write(try scene.folder.read(path) + "-- edited\n", to: path)
      } else {
        try scene.folder.remove(path)
      }
      #expect(try await scene.run("status --all --check").status == 4)
      #expect(try await scene.run("status --all --check --pending").status == 4)
    }
  }

  /// The names are for a command that takes tenants; the shared schema is none.
  @Test func namesOfThoseBehind() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("SELECT 1;\n", to: "migrations/shared/20260301000000_a.sql")
      #expect(try await scene.run("migrate --all --check --quiet").status == 6)
      try scene.folder.write("SELECT 1;\n", to: "migrations/tenant/20260302000000_b.sql")
      for line in ["status --all --pending --quiet", "migrate --all --check --quiet"] {
        let names = try await scene.run(line).stdout
        #expect(names == "acme\n", "\(line)")
        try scene.folder.write(names, to: "names")
      }
      try await scene.succeed("migrate --from-file names")
    }
  }

  /// The dry run is refused as the run is.
  @Test func aSharedLedgerThatIsNotTrusted() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("SELECT 1;\n", to: "migrations/shared/20260301000000_a.sql")
      try await scene.database.psql(
        "CREATE TABLE x (version text); CREATE VIEW schema_migrations AS SELECT * FROM x")
      let dry = try await scene.run("migrate --all --dry-run")
      #expect(dry.status == 5 && dry.stderr.contains("(public)"), "\(dry)")
    }
  }

  /// A list has the shape of a list, with however many names.
  @Test(arguments: ["show", "set --protect", "set --unprotect", "drop --yes"]) func aListOfOne(
    command: String
  )
    async throws
  {
    try await Scene.with(tenants: ["acme", "reef", "tank"], files: ["one": "acme\n", "two": "reef\ntank\n"]) {
      scene in
      let one = try await scene.run("\(command) --from-file one --format json").stdout
      let two = try await scene.run("\(command) --from-file two --format json").stdout
      #expect(one.prefix(12) == two.prefix(12), "\(one) \(two)")
    }
  }

  @Test func aNameThatIsUnknownTwice() async throws {
    try await Scene.with { scene in
      let outcome = try await scene.run("list nope nope")
      #expect(outcome.status == 3 && outcome.stderr.contains("tenant nope does not exist"), "\(outcome)")
    }
  }

  /// It may have been typed, to look for what an app has damaged.
  @Test func aReplacementCharacter() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run([
        "exec", "acme", "-q", "--format", "csv", "-c", "SELECT '\u{FFFD}' AS x",
      ])
      #expect(outcome.stdout == "tenant,x\nacme,\u{FFFD}\n", "\(outcome)")
    }
  }

  @Test func coloursInAPipe() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let exec = try await scene.run(["exec", "acme", "-q", "--color", "always", "-c", "SELECT 1 AS x"])
      #expect(exec.stdout == "TENANT  x\nacme    1\n", "\(exec)")
      let help = try await scene.run(["help", "migrate"], environment: ["FORCE_COLOR": "1"])
      #expect(help.stdout.contains("\u{1B}[1m") && !help.stdout.unicodeScalars.contains("\0"))
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func aCompletionScriptIsQuietToo(shell: String) async throws {
    try await Scene.empty { scene in
      let script = try await scene.run("completion \(shell)")
      let quiet = try await scene.run(["completion", shell], environment: ["TENANTCTL_QUIET": "1"])
      #expect(script == quiet && !script.stdout.contains("\n  \n"))
    }
  }

  /// Findings that differ in their causes, or in how bad they are, are told apart.
  @Test func causesOfFindings() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let long = String(repeating: "x", count: 70)
      try await scene.database.psql("INSERT INTO tenants (name) VALUES ('\(long)'), ('pg_foo')")
      let text = try await scene.run("doctor").stdout
      #expect(text.contains("longer than 63 bytes") && text.contains("one of PostgreSQL's own\n"), "\(text)")
    }
  }

  @Test func aFileWithDOSLineEnds() async throws {
    let text = "[names]\n\nallow_hyphenz = true\n"
    try await Scene.empty(files: ["tenantctl.toml": text]) { scene in
      let first = try await scene.run("migration list")
      try scene.folder.write(text.replacing("\n", with: "\r\n"), to: "tenantctl.toml")
      #expect(try await scene.run("migration list") == first)
      #expect(first.stderr.contains("tenantctl.toml:3:1:"))
    }
  }

  /// Whatever place a connection string got into by mistake.
  @Test(arguments: ["postgresql://u:Sekret1@h/db", "postgresql://admin@corp:Sekret1@h/db"])
  func aConnectionStringInTheWrongPlace(url: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let lines = [
        "list --config", "list --from-file", "migrate --all --migrations", "exec --all -f", "run --all --",
        "create x --schema", "list --columns", "list --order-by", "set acme --unset",
        "migration import --from goose",
        "list", "domain add acme", "exec --all --statement-timeout", "",
      ]
      for line in lines {
        let outcome = try await scene.run(line.split(separator: " ").map(String.init) + [url])
        #expect(outcome.status != 0, "\(line)")
        #expect(!"\(outcome)".contains("Sekret1"), "\(line): \(outcome)")
      }
    }
  }
}
