import Foundation
import TestSupport
import Testing

@Suite struct ConfigurationTests {
  private static let man = "see 'man 5 tenantctl.toml'"
  private static let tables =
    "known: database, gateway, migrations, names, registry, registry.columns, routing"

  /// What a broken file gets: place, reason, hint.
  @Test(arguments: [
    ("[database", "1:10: expected ] after the table's name", man),
    ("\nurl = \"a\n\"\n", "2:9: the string is not closed", man),
    ("[", "1:2: expected a table's name", man),
    ("[=", "1:2: expected a table's name", man),
    ("a = [\n{ b = 1, [", "2:10: expected a key", man),
    ("[database]\n[database]", "2:1: Error while parsing table header: cannot redefine", man),
    ("a = 1979-05-27T07:32:00Z", "1:5: expected a value: a string in quotes, a list, true or false", man),
    ("a = \"\\x\"", "1:6: unknown escape: write a backslash as \\\\", man),
    ("é = 1", "1:1: expected a key", man),
    ("a = \"\u{1}\"", "1:6: invalid control character (0x1)", man),
    ("[[database]]", "1:1: lists of tables ([[...]]) are not supported", man),
    ("x = 1", "1:1: unknown key x", tables),
    ("[databse]", "1:1: unknown table databse", tables),
    (
      "\n[names]\n  allow_hyphen = true", "3:3: unknown key names.allow_hyphen",
      "known: names.allow_hyphens"
    ),
    ("[names]\nallow_hyphens = 1", "2:1: names.allow_hyphens must be true or false", man),
    (
      "names = 1", "1:1: names is a table of keys, and cannot have a value",
      "write it as allow_hyphens = true under [names]"
    ),
    (
      "database = \"postgresql://app:secret@localhost/shop\"",
      "1:1: database is a table of keys, and cannot have a value\n",
      "write it as url = \"...\" under [database]"
    ),
    (
      "registry = \"tenants\"", "1:1: registry is a table of keys, and cannot have a value",
      "write its keys under [registry]: tenants, domains, schema_prefix"
    ),
    ("names = { allow_hyphens = 1 }", "1:1: names.allow_hyphens must be true or false", man),
    ("registry.columns.name = 1", "1:1: registry.columns.name must be a string", man),
    ("[registry.columns]\n\"name\" = 1", "2:1: registry.columns.name must be a string", man),
    ("[registry]\ntenants = \"a.b.c\"", "2:1: registry.tenants: expected a table, as schema.table", man),
    ("[registry]\ndomains = true", "2:1: registry.domains must be a string, or false", man),
    ("[routing]\nbase_domains = \"a.com\"", "2:1: routing.base_domains must be a list of strings", man),
    ("[routing]\nbase_domains = [\"a b\"]", "2:1: routing.base_domains: 'a b' is not a domain name", man),
    (
      "[migrations]\nlock_timeout = \"soon\"",
      "2:1: migrations.lock_timeout: expected a time such as 2s or 500ms", man
    ),
    ("[migrations]\ndirectory = \"\"", "2:1: migrations.directory is empty", man),
    ("[database]\nurl = \"\"", "2:1: database.url is empty", man),
    ("[registry]\ndomains = \"\"", "2:1: registry.domains is empty", man),
    (
      "[migrations]\nledger = \"\(String(repeating: "x", count: 59))\"",
      "2:1: migrations.ledger: expected a name of 1 to 58 bytes", man
    ),
    (
      "[migrations]\nledger = \"public.versions\"",
      "2:1: migrations.ledger: expected the name of a table, without a schema: each tenant has its own", man
    ),
    (
      "[migrations]\nsearch_path = [\"public, extensions\"]",
      "2:1: migrations.search_path: 'public, extensions' is not the name of a schema", man
    ),
  ])
  func brokenFiles(toml: String, problem: String, hint: String) async throws {
    try await TemporaryFolder.with(files: ["tenantctl.toml": toml + "\n"]) { folder in
      let outcome = try await Tenantctl.run(["list"], workingDirectory: folder.path)
      #expect(outcome.status == 2 && outcome.stdout == "")
      #expect(outcome.stderr.hasPrefix("error: tenantctl.toml:\(problem)"))
      #expect(outcome.stderr.hasSuffix("\nhint: \(hint)\n"))
    }
  }

  @Test func unreadableFiles() async throws {
    let hint = "hint: check the path and its permissions\n"
    let missing = try await Tenantctl.run(["--config", "no.toml", "list"])
    #expect(missing.status == 2 && missing.stderr == "error: no.toml: No such file or directory\n\(hint)")
    let folder = try await Tenantctl.run(["list"], environment: ["TENANTCTL_CONFIG": "/tmp"])
    #expect(folder.status == 2 && folder.stderr == "error: /tmp: Is a directory\n\(hint)")
  }

  /// As of a variable of a script that is not set.
  @Test(arguments: [
    (["list", "--config", ""], "--config"), (["create", "--from-file", ""], "--from-file"),
    (["drop", "--from-file", ""], "--from-file"), (["exec", "--all", "-f", ""], "--file"),
    (["list", "--migrations", ""], "--migrations"), (["migration", "import", "--from", "goose", ""], "DIR"),
  ])
  func anEmptyPath(words: [String], parameter: String) async throws {
    let outcome = try await Tenantctl.run(words)
    #expect(
      outcome.status == 2
        && outcome.stderr.hasPrefix("error: invalid \(parameter) '': expected a path, but it is empty\n"),
      "\(outcome)")
  }

  @Test func textInAnotherEncoding() async throws {
    try await TemporaryFolder.with { folder in
      let latin: [UInt8] = Array("[database]\nurl = \"caf".utf8) + [0xE9] + Array("\"\n".utf8)
      try Data(latin).write(to: URL(fileURLWithPath: folder.path("tenantctl.toml")))
      let outcome = try await Tenantctl.run(["list"], workingDirectory: folder.path)
      #expect(
        outcome.status == 2
          && outcome.stderr.hasPrefix("error: tenantctl.toml:2:11: the text is not valid UTF-8\n")
      )
    }
  }

  @Test func isFoundUpwards() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("[migrations]\ndirectory = \"db\"\n", to: "tenantctl.toml")
      try scene.folder.write("SELECT 1;\n", to: "db/7_one.sql")
      try scene.folder.write("", to: "a/b/c/file")
      let below = try await Tenantctl.run(
        ["migration", "list", "-q"], workingDirectory: scene.folder.path("a/b/c"))
      #expect(below == Outcome(stdout: "7\n", stderr: "", status: 0), "the folder is as seen from the file")
      try scene.folder.write("", to: "a/b/tenantctl.toml")
      let nearer = try await Tenantctl.run(
        ["migration", "list", "-q"], workingDirectory: scene.folder.path("a/b/c"))
      #expect(nearer.stdout == "", "the nearest one counts")
      let named = try await Tenantctl.run(
        ["migration", "list", "-q"], environment: ["TENANTCTL_CONFIG": scene.folder.path("tenantctl.toml")],
        workingDirectory: scene.folder.path("a/b/c"))
      #expect(named.stdout == "7\n")
    }
  }

  @Test func mapsAnotherRegistry() async throws {
    let toml = """
      [registry]
      tenants = "public.customers_client"
      domains = "customers_domain"
      [registry.columns]
      schema = "schema_name"
      deactivated = "!active"
      domain = "domain"
      tenant_id = "client_id"
      [names]
      allow_hyphens = true
      [migrations]
      ledger = "applied"

      """
    try await Scene.empty(files: Scene.files.merging(["tenantctl.toml": toml]) { $1 }) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE customers_client (id uuid PRIMARY KEY, name text UNIQUE, schema_name text UNIQUE, active boolean NOT NULL);
        CREATE TABLE customers_domain (client_id uuid REFERENCES customers_client, domain text UNIQUE, is_primary boolean);
        """)
      try await scene.prints(
        "init",
        "found a registry: public.customers_client (0 tenants), public.customers_domain (0 domains)\n",
        stderr: InitCommandTests.next)
      try await scene.succeed("create acme-corp --domain acme.com --deactivated")
      #expect(
        try await scene.database.psql(
          """
          SELECT name, schema_name, active, domain, is_primary FROM customers_client, customers_domain
          WHERE id = client_id
          """) == "acme-corp|acme-corp|f|acme.com|t")
      #expect(try await scene.database.psql(#"SELECT count(*) FROM "acme-corp".applied"#) == "2")
      try await scene.prints("activate acme-corp", "activated tenant acme-corp\n")
      try await scene.prints("resolve acme.com --quiet", "acme-corp\n")
    }
  }

  /// Each way to name the database gives way to those before it.
  @Test func precedenceOfTheDatabase() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let good = scene.database.url
      let bad = "postgresql:///nowhere?host=/nowhere"
      let toml = { (url: String) in "[database]\nurl = \"\(url)\"\n" }
      let asPG = { (url: String) -> [String: String] in
        let parts = url.split(separator: "host=")
        return ["PGHOST": String(parts[1]), "PGUSER": "postgres", "PGDATABASE": scene.database.name]
      }
      let ways: [(option: String?, own: String?, common: String?, file: String?, pg: Bool)] = [
        (good, bad, bad, bad, false), (nil, good, bad, bad, false), (nil, nil, good, bad, false),
        (nil, nil, nil, good, false), (nil, nil, nil, nil, true), (nil, "", "", nil, true),
      ]
      for way in ways {
        var environment = good.contains("?host=") && way.pg ? asPG(good) : ["PGHOST": "/nowhere"]
        environment["TENANTCTL_DATABASE_URL"] = way.own
        environment["DATABASE_URL"] = way.common
        try await TemporaryFolder.with(files: ["tenantctl.toml": way.file.map(toml) ?? ""]) { folder in
          let outcome = try await Tenantctl.run(
            (way.option.map { ["-d", $0] } ?? []) + ["list", "-q"], environment: environment,
            workingDirectory: folder.path)
          #expect(outcome == Outcome(stdout: "acme\n", stderr: "", status: 0), "\(way)")
        }
      }
    }
  }

  @Test func otherSpellingsOfTheDatabase() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for scheme in ["postgres", "postgresql+psycopg2", "postgresql+asyncpg"] {
        let url = scene.database.url.replacing("postgresql://", with: "\(scheme)://")
        try await scene.prints("-d \(url) list -q", "acme\n")
      }
    }
  }

  @Test func environmentFallsBack() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let lines: [(line: String, environment: [String: String], output: String)] = [
        ("list", ["TENANTCTL_QUIET": "1"], "acme\n"), ("list", ["TENANTCTL_FORMAT": "csv"], "name,state"),
        ("list --format csv", ["TENANTCTL_FORMAT": "json"], "name,state"),
        ("migration list -q", ["TENANTCTL_MIGRATIONS": "migrations/tenant"], "20260101000000\n"),
        ("migrate --all -q", ["TENANTCTL_JOBS": "2", "TENANTCTL_VERBOSE": "no"], ""),
      ]
      for (line, environment, output) in lines {
        let outcome = try await scene.run(line, environment: environment)
        #expect(outcome.status == 0 && outcome.stdout.hasPrefix(output) && outcome.stderr == "", "\(line)")
      }
      let bad = try await scene.run("migrate --all", environment: ["TENANTCTL_JOBS": "many"])
      #expect(
        bad.stderr.hasPrefix(
          "error: invalid --jobs 'many' in the environment variable TENANTCTL_JOBS: expected"))
      #expect(bad.status == 2)
      for words in ["migrate --all", "create --from-file -"] {
        let many = try await scene.run("\(words) --jobs 9223372036854775807")
        #expect(
          many.stderr.hasPrefix("error: invalid --jobs '9223372036854775807': expected a whole number from 1")
        )
        #expect(many.status == 2)
      }
    }
  }
}
