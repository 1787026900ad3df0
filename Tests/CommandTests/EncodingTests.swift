import Foundation
import TestSupport
import Testing

/// Databases whose text is not UTF-8.
@Suite struct EncodingTests {
  private func scene(encoding: String, _ body: (Scene) async throws -> Void) async throws {
    try await TestDatabase.with(encoding: encoding) { database in
      try await TemporaryFolder.with(files: Scene.files) { folder in
        let scene = Scene(database: database, folder: folder)
        try await scene.succeed("init --no-files")
        try await scene.succeed("create acme --domain acme.example.com")
        try await body(scene)
      }
    }
  }

  /// Two tenants whose names differ in the byte that is not UTF-8, one whose name is what replaces such bytes elsewhere,
  /// one whose name is UTF-8, and a domain.
  private static let rows = """
    INSERT INTO tenants (name, created_at, updated_at, deactivated)
    SELECT unnest(ARRAY[E'caf\\xe9', E'caf\\xe8', E'caf\\xef\\xbf\\xbd', 'bücher']), now(), now(), false;
    INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
    SELECT id, name, E'x\\xe9.com', true FROM tenants WHERE name = 'bücher';
    DO $$ BEGIN
      EXECUTE format('CREATE SCHEMA %I', E'caf\\xe9'); EXECUTE format('CREATE SCHEMA %I', E'caf\\xef\\xbf\\xbd');
      CREATE SCHEMA "bücher";
    END $$
    """

  @Test func aByteIsAProblemOfItsTenant() async throws {
    try await scene(encoding: "SQL_ASCII") { scene in
      try await scene.database.psql(Self.rows)
      try await scene.prints("list -q", "acme\nbücher\ncaf\\xE8\ncaf\\xE9\ncaf\u{FFFD}\n")
      let json = try await scene.run("list --format json")
      let names = try JSONDecoder().decode([Named].self, from: Data(json.stdout.utf8)).map(\.name)
      #expect(Set(names) == ["acme", "bücher", "caf\\xE8", "caf\\xE9", "caf\u{FFFD}"])
      try await scene.prints("domain list -q", "acme.example.com\nx\\xE9.com\n")

      let migrated = try await scene.run("migrate --all --jobs 2")
      #expect(migrated.status == 5 && migrated.stdout.contains("migrated 2 tenants, 1 up to date, 2 failed"))
      #expect(migrated.stdout.contains("bücher: applied"))
      let executed = try await scene.run([
        "exec", "--all", "-c", "SELECT current_schema()", "--format", "csv",
      ])
      #expect(executed.status == 5)
      #expect(
        executed.stdout.split(separator: "\n").sorted()
          == ["acme,acme", "bücher,bücher", "caf\u{FFFD},caf\u{FFFD}", "tenant,current_schema"])

      let doctor = try await scene.run("doctor")
      #expect(doctor.status == 1)
      #expect(
        doctor.stdout.contains("not valid UTF-8, so no command can use it (2)\n  caf\\xE8\n  caf\\xE9\n"))
      #expect(doctor.stdout.contains("not valid UTF-8, so no request can match it\n  x\\xE9.com (bücher)\n"))
      try await scene.succeed("status --all")
      // Nothing has happened in the schema that cannot be named, nor in another one instead.
      let tables = try await scene.database.psql(
        "SELECT count(*) FROM pg_class WHERE relname = 'tanks' AND relnamespace::regnamespace::text LIKE '%caf%'"
      )
      #expect(tables == "1")
    }
  }

  private struct Named: Decodable { let name: String }

  /// What is done for each tenant is done for the others; what is done for all or none is refused, until the tenant is left out.
  @Test func aByteStopsNoOtherTenant() async throws {
    try await scene(encoding: "SQL_ASCII") { scene in
      try await scene.database.psql(Self.rows)
      try await scene.succeed("migrate acme bücher")
      let failed = "failed on 2 tenants (caf\\xE8, caf\\xE9):\n"
      let show = try await scene.run("show --all")
      #expect(show.status == 5 && show.stderr.hasPrefix(failed), "\(show)")
      #expect(show.stdout.contains("bücher") && !show.stdout.contains("\\xE8"))
      let json = try await scene.run("show --all --format json")
      #expect(json.status == 5 && json.stderr.hasPrefix(failed), "\(json)")
      #expect(
        try JSONDecoder().decode([Named].self, from: Data(json.stdout.utf8)).map(\.name)
          == ["acme", "bücher", "caf\u{FFFD}"])
      let sizes = try await scene.run("list --columns name,size")
      #expect(sizes.status == 0 && sizes.stdout.contains("caf\\xE8"), "\(sizes)")
      for basis in ["--version 20260101000000", "--like acme"] {
        let adopt = try await scene.run("adopt --all \(basis)")
        #expect(adopt.status == 5 && adopt.stderr.contains("caf\\xE8, caf\\xE9"), "\(adopt)")
      }

      try await scene.database.psql("COMMENT ON TABLE bücher.tanks IS E'\\xe9'")
      let dumped = try await scene.run("migration new initial --from acme --migrations other")
      #expect(dumped.status == 0, "\(dumped)")
      let refused = try await scene.run("migration new initial --from bücher --migrations other")
      #expect(
        refused.status == 1
          && refused.stderr.hasPrefix("error: the schema has a name or a text that is not valid UTF-8"),
        "\(refused)")

      let before = try await scene.database.contents()
      for line in [
        "activate --all", "deactivate --match *", "set --all --protect", "drop --all --yes",
        "drop --all --dry-run", "deactivate --all --dry-run",
      ] {
        let outcome = try await scene.run(line)
        #expect(
          outcome.status == 1 && outcome.stdout == ""
            && outcome.stderr.hasPrefix(
              "error: the name of tenant caf\\xE8 or of its schema caf\\xE8 is not valid UTF-8")
            && outcome.stderr.contains("; --exclude leaves the tenant out"), "\(line): \(outcome)")
      }
      #expect(try await scene.database.contents() == before)
      try await scene.succeed("show --all --exclude caf*")
      try await scene.succeed("deactivate --all --exclude caf*")
      try await scene.succeed("drop --all --exclude caf* --yes")
      try await scene.prints("list -q", "caf\\xE8\ncaf\\xE9\ncaf\u{FFFD}\n")
    }
  }

  @Test func valuesOfNoEncodingArePrinted() async throws {
    try await scene(encoding: "SQL_ASCII") { scene in
      let sql = "SELECT E'a\\xff,\\xc3\\xa9' AS v, E'\\x80' AS w"
      let text = try await scene.run(["exec", "acme", "-c", sql])
      #expect(text.stdout == "TENANT  v        w\nacme    a\\xFF,é  \\x80\n")
      let csv = try await scene.run(["exec", "acme", "-c", sql, "--format", "csv"])
      #expect(csv.stdout == "tenant,v,w\nacme,\"a\\xFF,é\",\\x80\n")
      let json = try await scene.run(["exec", "acme", "-c", sql, "--format", "ndjson"])
      #expect(json.stdout == #"{"tenant":"acme","v":"a\\xFF,é","w":"\\x80"}"# + "\n")
    }
  }

  @Test(arguments: ["LATIN1", "WIN1252", "LATIN9"]) func otherEncodingsAreTranslated(encoding: String)
    async throws
  {
    try await scene(encoding: encoding) { scene in
      try await scene.database.psql(
        """
        SET client_encoding TO UTF8;
        INSERT INTO tenants (name, created_at, updated_at, deactivated) VALUES ('acmé', now(), now(), false);
        CREATE SCHEMA "acmé"
        """)
      try await scene.succeed("migrate acmé")
      try await scene.succeed("domain add acmé www.acme.com")
      try await scene.prints("list -q", "acme\nacmé\n")
      let resolved = try await scene.run("resolve www.acme.com -q")
      #expect(resolved.stdout == "acmé\n")
      try await scene.succeed("rename acmé acmf")
      // What the encoding has no character for is nobody's name.
      for line in ["show 日本", "migrate acme 日本", "resolve 日本.example.com"] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 3, "\(line): \(outcome)")
      }
    }
  }

  @Test func namesOfAFileAreUTF8() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try Data([0x61, 0xE9, 0x0A]).write(to: URL(fileURLWithPath: scene.folder.path("names")))
      let outcome = try await scene.run("exec --from-file names -c SELECT")
      #expect(
        outcome
          == Outcome(
            stdout: "", stderr: "error: the content of names is not UTF-8\nhint: save the file as UTF-8\n",
            status: 2))
    }
  }

  /// Excel's "Unicode text".
  @Test(arguments: ["UTF-16", "UTF-16LE", "UTF-16BE"]) func filesInUTF16(encoding: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let lines = [
        ("tenantctl create --from-file c.csv", "the content of c.csv is not UTF-8"),
        ("tenantctl list --from-file - <c.csv", "the content of standard input is not UTF-8"),
        ("tenantctl list --config c.csv", "c.csv:1:"),
      ]
      for (line, message) in lines {
        let outcome = try await Tenantctl.script(
          "printf 'name\\nacme\\n' | iconv -t \(encoding) >c.csv; \(line)", database: scene.database,
          workingDirectory: scene.folder.path)
        #expect(
          outcome.status == 2 && outcome.stderr.hasPrefix("error: \(message)")
            && outcome.stderr.hasSuffix("\nhint: save the file as UTF-8\n"), "\(outcome)")
      }
    }
  }
}
