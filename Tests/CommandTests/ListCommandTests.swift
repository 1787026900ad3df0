import TenancyPostgres
import TestSupport
import Testing

@Suite struct ListCommandTests {
  @Test func listsTenantsByName() async throws {
    try await Scene.with(tenants: ["reef", "acme"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.succeed("create lagoon --deactivated --no-migrations")
      try await scene.database.psql(
        "UPDATE tenants SET created_at = '2026-01-02', updated_at = '2026-01-03', plan = 'gold', seats = id")
      func columns(_ index: Int) -> String {
        let id = [1, 2, 3][index]
        return
          #"{"created_at":"2026-01-02T00:00:00","id":"\#(id)","plan":"gold","seats":"\#(id)","updated_at":"2026-01-03T00:00:00"}"#
      }
      try await scene.says(
        "list",
        """
        NAME    STATE        PRIMARY DOMAIN    DOMAINS
        acme    active       acme.example.com        2
        lagoon  deactivated  -                       0
        reef    active       reef.example.com        1

        """,
        json: #"""
          [{"active":true,"applied":2,"bytes":null,"columns":\#(columns(1)),\#
          "domains":["acme.example.com","www.acme.com"],"head":"20260102000000","name":"acme",\#
          "primary_domain":"acme.example.com","schema":"acme","schema_exists":true},\#
          {"active":false,"applied":0,"bytes":null,"columns":\#(columns(2)),"domains":[],"head":null,"name":"lagoon",\#
          "primary_domain":null,"schema":"lagoon","schema_exists":true},\#
          {"active":true,"applied":2,"bytes":null,"columns":\#(columns(0)),\#
          "domains":["reef.example.com"],"head":"20260102000000","name":"reef",\#
          "primary_domain":"reef.example.com","schema":"reef","schema_exists":true}]
          """#)
      try await scene.prints(
        "list --format csv",
        """
        name,state,primary_domain,domains
        acme,active,acme.example.com,2
        lagoon,deactivated,,0
        reef,active,reef.example.com,1

        """)
      let lines = try await scene.run("list --format ndjson").stdout.split(separator: "\n")
      #expect(lines.count == 3)
      #expect(lines[1].contains(#""name":"lagoon""#))
    }
  }

  @Test func columns() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock", "pond"]) { scene in
      try await scene.succeed("create young --no-migrations --deactivated")
      try await scene.database.psql(
        """
        ALTER TABLE tenants ALTER created_at TYPE date USING '2026-01-01'; UPDATE tenants SET created_at = '2026-01-02';
        UPDATE tenants SET seats = 9, plan = 'a,b' WHERE name = 'acme'; UPDATE tenants SET seats = 10 WHERE name = 'reef';
        UPDATE tenants SET seats = -3 WHERE name = 'young';
        COMMENT ON TABLE reef.schema_migrations IS NULL; DROP SCHEMA rock CASCADE;
        ALTER TABLE pond.schema_migrations ADD CHECK (version <> '');
        -- Else an ANALYZE of autovacuum tells the size that a locked table is taken to have.
        ALTER TABLE acme.tanks SET (autovacuum_enabled = false);
        INSERT INTO acme.tanks SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i
        """)
      try await scene.prints(
        "list --columns name,schema,state,head,applied,created,domains,plan,seats --sort -seats",
        """
        NAME   SCHEMA  STATE        HEAD            APPLIED  CREATED     DOMAINS  PLAN  SEATS
        reef   reef    active       20260102000000        2  2026-01-02        1  -     10
        acme   acme    active       20260102000000        2  2026-01-02        1  a,b   9
        young  young   deactivated  -                     0  2026-01-02        0  -     -3
        pond   pond    active       -                     -  2026-01-02        1  -     -
        rock   rock    active       -                     -  2026-01-02        1  -     -

        """)
      try await scene.prints(
        "list --format csv --sort seats --columns plan,name,seats",
        "plan,name,seats\n,young,-3\n\"a,b\",acme,9\n,reef,10\n,pond,\n,rock,\n")
      // By these names other commands know them, and a file of new tenants.
      try await scene.database.psql("ALTER TABLE tenants ADD \"Seats\" int, ADD \"my col\" int")
      let odd = try await scene.run([
        "list", "--format", "csv", "--columns", "name,Seats,seats,my col", "--match", "nobody",
      ])
      #expect(odd.stdout.hasPrefix("name,Seats,seats,my col\n"), "\(odd)")
      try await scene.prints("list --quiet --sort -size --active", "acme\npond\nreef\nrock\n")
      let size = try await scene.database.psql(
        "SELECT sum(pg_total_relation_size(c)) FROM unnest('{acme.tanks,acme.schema_migrations}'::regclass[]) c"
      )
      let json = try await scene.run("list --format json --columns size --match ?c*")
      #expect(json.stdout.contains(#""bytes":\#(size),"#), "\(json)")
      #expect(
        try await scene.run("list --format json --sort size --match rock").stdout.contains(#""bytes":null,"#))
      // One tenant's lock holds up nobody's list.
      let holder = try await scene.database.connect()
      _ = try await holder.pipeline(["BEGIN", "LOCK TABLE acme.tanks"])
      try await scene.prints("list --quiet --sort -size --active", "pond\nreef\nacme\nrock\n")
      #expect(try await scene.run("list --columns name,size").status == 0)
      #expect(
        try await scene.run(["exec", "acme", "reef", "--order-by", "size", "-c", "SELECT 1"]).status == 0)
      #expect(try await scene.run("show acme").status == 0)
      await holder.close()
    }
  }

  /// Other commands take the values as list prints them.
  @Test func arrays() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("ALTER TABLE tenants ADD tags text[]")
      try await scene.succeed("set acme tags={x,y}")
      let file = "name,tags\nacme,\"{x,y}\"\n"
      try await scene.prints("list --columns name,tags --format csv", file)
      try await scene.prints("list --where tags={x,y} --quiet", "acme\n")
      #expect(try await scene.run("list --format json").stdout.contains(#""tags":"{x,y}""#))
      try await scene.prints(
        "create --from-file - --no-migrations --quiet", "", stdin: file.replacing("acme", with: "reef"))
      #expect(
        try await scene.database.psql("SELECT tags[2] FROM tenants WHERE name = 'reef'") == "y")
    }
  }

  /// What costs is read when it is asked for, and then for all of them at once.
  @Test func queriesDoNotGrowWithTheTenants() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      func count(_ line: String) async throws -> Int {
        try await scene.run("--verbose \(line)").stderr.ranges(of: "SELECT").count
      }
      for line in [
        "list", "list --columns name,state,domains", "list --columns head,size,created,plan --sort size",
      ] {
        let three = try await count("\(line) --match *")
        let twin = try await scene.inTwin { twin in
          for number in 0..<30 {
            try await twin.database.psql(
              "CREATE SCHEMA x\(number); INSERT INTO tenants (name) VALUES ('x\(number)')")
          }
          return try await twin.run("--verbose \(line)").stderr.ranges(of: "SELECT").count
        }
        #expect(three == twin, "\(line)")
      }
      let usual = try await scene.run("--verbose list").stderr
      #expect(
        !usual.contains("pg_description") && !usual.contains("to_jsonb")
          && !usual.contains("pg_total_relation_size"))
    }
  }

  @Test func filters() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.succeed("deactivate rock")
      try await scene.succeed("create behind --no-migrations")
      for (options, names) in [
        ("", "acme\nbehind\nreef\nrock\n"), ("--active", "acme\nbehind\nreef\n"), ("--deactivated", "rock\n"),
        ("--match r*", "reef\nrock\n"), ("--match ?e*", "behind\nreef\n"), ("--match r* --active", "reef\n"),
        ("--behind", "behind\n"), ("--match zebra", ""),
      ] {
        try await scene.prints("list --quiet \(options)", names)
      }
    }
  }

  /// jsonb cannot hold it, and one row must not hide the others.
  @Test func aValueThatJSONBCannotHold() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        #"ALTER TABLE tenants ADD bio json; UPDATE tenants SET bio = '{"a":"b\u0000c"}' WHERE name = 'acme'"#
      )
      for line in [
        "list --format json", "list --columns name,plan", "show acme --format json", "list --where plan=x",
      ] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 0, "\(outcome)")
      }
    }
  }

  @Test func anEmptyListIsAList() async throws {
    try await Scene.with { scene in
      #expect(try await scene.run("list") == Outcome(stdout: "", stderr: "no tenants\n", status: 0))
      try await scene.prints("list --format json", "[]\n")
      try await scene.prints("list --format csv", "name,state,primary_domain,domains\n")
      try await scene.prints("list --quiet", "")
    }
  }

  /// The columns of list itself are named too.
  @Test(arguments: [
    ("--columns nmae", "nmae", "did you mean name? "), ("--columns id,Name", "Name", "did you mean name? "),
    ("--sort domian", "domian", "did you mean domain, domains? "), ("--sort -colour", "colour", ""),
  ])
  func unknownColumns(options: String, column: String, suggestion: String) async throws {
    try await Scene.with { scene in
      try await scene.refuses([
        Refusal(
          "list \(options)", 2, "unknown_column", "column \(column) of table public.tenants does not exist",
          hint: """
            \(suggestion)columns: name, schema, state, domain, domains, head, applied, size, created, created_at, id, plan, \
            seats, updated_at
            """)
      ])
    }
  }

  @Test func refuses() async throws {
    try await Scene.empty { scene in
      try await scene.refuses([
        Refusal(
          "list", 3, "registry_missing", "tables public.tenants and public.domains do not exist",
          hint:
            Refusal.withoutRegistry
        ),
        Refusal(
          "list --columns name,,size", 2, "usage",
          "invalid --columns 'name,,size': expected columns separated by commas, such as name,head,size",
          hint: "see 'tenantctl list --help'"),
        Refusal(
          "list --active --deactivated", 2, "usage", "--active and --deactivated cannot be used together",
          hint: "see 'tenantctl list --help'"),
      ])
    }
  }
}
