import TestSupport
import Testing

@Suite struct ExecCommandTests {
  /// Three tenants, each with a tank named after it; reef has a second one without a name.
  private static func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      for name in ["acme", "reef", "rock"] {
        try await scene.database.psql("INSERT INTO \(name).tanks (name, litres) VALUES ('\(name)''s', 100)")
      }
      try await scene.database.psql("INSERT INTO reef.tanks (litres) VALUES (7)")
      try await body(scene)
    }
  }

  @Test func oneTableOfAllTenants() async throws {
    try await Self.with { scene in
      let select = ["exec", "--all", "-c", "SELECT name, litres FROM tanks ORDER BY id"]
      let text = try await scene.run(select + ["--jobs", "3"])
      #expect(
        text.stdout == """
          TENANT  name    litres
          acme    acme's     100
          reef    reef's     100
          reef    -            7
          rock    rock's     100

          """)
      #expect(text.stderr.hasPrefix("4 rows from 3 tenants in ") && text.status == 0)
      let json = try await scene.run(select + ["--format", "json"])
      #expect(
        json.stdout.hasPrefix(
          #"""
          {"failures":[],"rows":[{"litres":100,"name":"acme's","tenant":"acme"},\#
          {"litres":100,"name":"reef's","tenant":"reef"},{"litres":7,"name":null,"tenant":"reef"},\#
          {"litres":100,"name":"rock's","tenant":"rock"}],"summary":{"changed":0,"done":3,
          """#.dropLast()))
      #expect(json.stderr.isEmpty && json.status == 0)
    }
  }

  @Test func aChangeThatHitsNothing() async throws {
    try await Self.with { scene in
      let words = ["exec", "--all", "--write", "-c"]
      let none = try await scene.run(words + ["DELETE FROM tanks WHERE litres < 0"])
      #expect(none.status == 0 && none.stderr.hasPrefix("0 rows changed in 3 tenants in "), "\(none)")
      let query = try await scene.run(words + ["DELETE FROM tanks WHERE litres < 0 RETURNING id"])
      #expect(query.status == 0 && query.stderr.hasPrefix("0 rows from 3 tenants in "), "\(query)")
    }
  }

  @Test func streamsLines() async throws {
    try await Self.with { scene in
      let select = ["exec", "reef", "-c", "SELECT name, '' AS \"e,\" FROM tanks ORDER BY id", "--format"]
      let csv = try await scene.run(select + ["csv"])
      #expect(
        csv == Outcome(stdout: "tenant,name,\"e,\"\nreef,reef's,\"\"\nreef,,\"\"\n", stderr: "", status: 0))
      // As characters, the line end of DOS is one, and so is a comma with an accent.
      let odd = ["exec", "reef", "-c", #"SELECT E'a\r\nb', E',\u0301', E'{"c":\r\n1}'::json"#, "--format"]
      #expect(
        try await scene.run(odd + ["csv"]).stdout.hasSuffix(
          "reef,\"a\r\nb\",\",\u{301}\",\"{\"\"c\"\":\r\n1}\"\n"))
      #expect(try await scene.run(odd + ["ndjson"]).stdout.utf8.count { $0 == 10 } == 1)
      let all = ["exec", "--all", "--jobs", "3", "-c", "SELECT count(*) FROM tanks", "--format", "ndjson"]
      let lines = try await scene.run(all).stdout.split(separator: "\n").sorted()
      #expect(
        lines == [
          #"{"count":1,"tenant":"acme"}"#, #"{"count":1,"tenant":"rock"}"#, #"{"count":2,"tenant":"reef"}"#,
        ])
    }
  }

  @Test(arguments: [
    ("1.50::numeric", #"{"v":1.50,"v_2":1}"#), ("'NaN'::float8", #"{"v":"NaN","v_2":1}"#),
    ("1e300::float8", #"{"v":1e+300,"v_2":1}"#),
    ("9007199254740993::int8", #"{"v":9007199254740993,"v_2":1}"#),
    ("true", #"{"v":true,"v_2":1}"#), ("'1'::text", #"{"v":"1","v_2":1}"#),
    (
      "1234567890123456789012345678901234567890.5::numeric",
      #"{"v":1234567890123456789012345678901234567890.5,"v_2":1}"#
    ),
    (#"'{"aB": [1, null]}'::jsonb"#, #"{"v":{"aB": [1, null]},"v_2":1}"#),
    (#"E'{"a":\n 1}'::json"#, #"{"v":{"a":  1},"v_2":1}"#),
    ("'t'::text", #"{"v":"t","v_2":1}"#), ("NULL::int", #"{"v":null,"v_2":1}"#),
  ])
  func valuesKeepTheirTypes(expression: String, object: String) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run(
        ["exec", "acme", "-c", "SELECT \(expression) AS v, 1 AS v", "--format", "ndjson"])
      #expect(outcome.stdout == "{\"tenant\":\"acme\"," + object.dropFirst() + "\n")
    }
  }

  @Test func readsOnlyUnlessToldOtherwise() async throws {
    try await Self.with { scene in
      let update = ["exec", "acme", "reef", "-c", "UPDATE tanks SET litres = 1"]
      let refused = try await scene.run(update)
      #expect(refused.status == 5 && refused.stdout.isEmpty)
      #expect(
        refused.stderr.contains(
          """
          failed on 2 tenants (acme, reef):
            -c:1:1: cannot execute UPDATE in a read-only transaction
              UPDATE tanks SET litres = 1
            hint: add --write to allow changes
          0 rows from 0 tenants, 2 failed in 
          """))
      let sly = try await scene.run(["exec", "acme", "-c", "SET TRANSACTION READ WRITE; DELETE FROM tanks"])
      #expect(sly.status == 5)
      #expect(try await scene.database.psql("SELECT litres FROM acme.tanks") == "100")

      let written = try await scene.run(update + ["--write"])
      #expect(written.status == 0)
      #expect(written.stdout == "TENANT  affected\nacme           1\nreef           2\n")
      #expect(try await scene.database.psql("SELECT sum(litres) FROM reef.tanks") == "2")
      #expect(try await scene.database.psql("SELECT litres FROM rock.tanks") == "100")
    }
  }

  @Test func oneTenantsFailureIsItsOwn() async throws {
    try await Self.with { scene in
      try await scene.database.psql("DROP TABLE reef.tanks")
      try await scene.database.psql("DROP SCHEMA rock CASCADE")
      let insert = "INSERT INTO tanks (name) VALUES ('new');\nSELECT count(*) FROM tanks"
      let outcome = try await scene.run(["exec", "--all", "--write", "-c", insert])
      #expect(outcome.status == 5)
      #expect(outcome.stdout == "TENANT  count\nacme        2\n")
      #expect(
        outcome.stderr.contains("failed on 1 tenant (reef):\n  -c:1:13: relation \"tanks\" does not exist\n"))
      #expect(
        outcome.stderr.contains("failed on 1 tenant (rock):\n  its schema does not exist"))
      let stopped = try await scene.run([
        "exec", "--all", "--on-error", "stop", "-c", "SELECT 1 / (count(*) - 2) FROM tanks", "--jobs", "1",
        "--format", "json",
      ])
      #expect(stopped.status == 5)
      #expect(stopped.stdout.contains(#""error":{"code":"exec_failed","#))
      #expect(stopped.stdout.contains(#""name":"reef","#) || stopped.stdout.contains(#""name":"acme","#))
      #expect(stopped.stdout.contains(#""failed":1,"#))
    }
  }

  /// Rows alone would look as if that were all.
  @Test(arguments: ["csv", "ndjson"]) func failuresAreToldOfBesideTheRows(format: String) async throws {
    try await Self.with { scene in
      try await scene.database.psql("DROP TABLE reef.tanks")
      let words = ["exec", "--all", "-c", "SELECT count(*) FROM tanks", "--format", format]
      let outcome = try await scene.run(words)
      #expect(outcome.status == 5)
      #expect(
        outcome.stdout.contains("acme") && outcome.stdout.contains("rock") && !outcome.stdout.contains("reef")
      )
      #expect(
        outcome.stderr.hasPrefix(
          """
          failed on 1 tenant (reef):
            -c:1:22: relation "tanks" does not exist

          """)
      )
      #expect(outcome.stderr.contains("\n2 rows from 2 tenants, 1 failed in "))
      let quiet = try await scene.run(words + ["--quiet"])
      #expect(quiet.status == 5 && quiet.stderr.hasPrefix("failed on 1 tenant (reef):"), "\(quiet)")
    }
  }

  @Test func differingColumnsNameTheTenants() async throws {
    try await Self.with { scene in
      try await scene.database.psql("ALTER TABLE reef.tanks ADD glass boolean")
      for format in ["text", "json"] {
        let outcome = try await scene.run(["exec", "--all", "-c", "TABLE tanks", "--format", format])
        #expect(outcome.status == 1)
        for part in ["id, name, litres: acme, rock", "id, name, litres, glass: reef"] {
          #expect(outcome.stderr.contains(part))
        }
      }
    }
  }

  /// They are an error only in the end: by then the SQL has run.
  @Test func differingColumnsDoNotHideThatItWasDone() async throws {
    try await Self.with { scene in
      try await scene.database.psql("ALTER TABLE reef.tanks ADD glass text")
      let delete = "DELETE FROM tanks RETURNING *"
      let outcome = try await scene.run(["exec", "--all", "--write", "-c", delete])
      #expect(outcome.status == 1)
      #expect(
        outcome.stderr.hasPrefix(
          "error: the tenants' results have different columns; the changes are committed\n"))
      #expect(outcome.stderr.contains("hint: do not run it again: "))
      #expect(try await scene.database.psql("SELECT count(*) FROM reef.tanks") == "0")
    }
  }

  @Test func runsAFile() async throws {
    try await Self.with { scene in
      try scene.folder.write("-- a report\nSELECT litres\nFROM tank;\n", to: "report.sql")
      let outcome = try await scene.run("exec acme -f report.sql")
      #expect(outcome.stderr.contains("report.sql:3:6: relation \"tank\" does not exist\n    FROM tank;"))
      let piped = try await scene.run("exec acme -f -", stdin: "SELECT 1; SELECT current_schema AS s;")
      #expect(piped.stdout == "TENANT  s\nacme    acme\n")
      let slow = try await scene.run([
        "exec", "acme", "--statement-timeout", "20ms", "-c", "SELECT pg_sleep(60)",  // Cancelled after 20 ms.
      ])
      #expect(slow.status == 5 && slow.stderr.contains("canceling statement due to statement timeout"))
    }
  }

  @Test func valuesStayOnOneLine() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let outcome = try await scene.run(["exec", "acme", "-c", #"SELECT E'a\nb\x1b[31m' AS v"#])
      #expect(outcome.stdout == "TENANT  v\nacme    a\\nb\\u{1B}[31m\n")
    }
  }

  @Test func worksThroughPgBouncer() async throws {
    try await Self.with { scene in
      try await TestPgBouncer.with(scene.database) { url in
        let outcome = try await scene.run([
          "exec", "--all", "--jobs", "8", "-d", url, "-c", "SELECT name FROM tanks WHERE name IS NOT NULL",
          "--format", "csv",
        ])
        #expect(outcome.status == 0)
        #expect(
          outcome.stdout.split(separator: "\n").sorted() == [
            "acme,acme's", "reef,reef's", "rock,rock's", "tenant,name",
          ])
      }
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("BEGIN; SELECT 1", to: "begin.sql")
      try scene.folder.write(" -- nothing\n", to: "empty.sql")
      try await scene.refuses([
        Refusal(
          "exec -c x", 2, "usage", "no tenants selected",
          hint: "name them, or use --all, --active, --match GLOB, --where COLUMN=VALUE or --from-file FILE"),
        Refusal(
          "exec acme", 2, "usage", "-c or -f is required", hint: "give the SQL with -c, or a file with -f"),
        Refusal(
          "exec acme -c x -f begin.sql", 2, "usage", "-c and -f cannot be used together",
          hint: "see 'tenantctl exec --help'"),
        Refusal(
          "exec --from-file - -f -", 2, "usage", "--from-file - and -f - cannot be used together",
          hint: "both read standard input; name a file for one"),
        Refusal(
          "exec acme -f begin.sql", 2, "script",
          "begin.sql:1:1: BEGIN is not allowed: tenantctl begins and commits the transaction",
          hint: "remove it: the script already runs as one transaction in each tenant"),
        Refusal(
          "exec acme -f empty.sql", 2, "script", "empty.sql: it contains no statement",
          hint: "give the SQL with -c, or a file with -f"),
        Refusal(
          "exec acme -f gone.sql", 1, "file", "gone.sql: No such file or directory",
          hint: "check the path and its permissions"),
        Refusal(
          "exec zebra -c x", 3, "tenant_not_found", "tenant zebra does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }

  @Test func interruptionCancelsOnTheServer() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      let words = ["exec", "--all", "--jobs", "1", "-c", "SELECT pg_sleep(60)"]  // Cancelled by the signal.
      let outcome = try await Tenantctl.start(words + ["-v"], database: scene.database) { program in
        try await program.wrote("pg_sleep")
        program.signal(2)
        try await program.wrote("interrupt again")
        program.signal(2)
        return await program.outcome()
      }
      #expect(outcome.status == 130)
      #expect(outcome.stderr.contains("0 rows from 0 tenants, 2 not run in "))
    }
  }
}
