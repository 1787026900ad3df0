import TestSupport
import Testing

/// One set of options for every command that takes tenants.
@Suite struct SelectionTests {
  /// Five tenants with a plan and seats, two of them deactivated; us_2 lacks a migration.
  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with { scene in
      let rows = "eu_1,gold,5\neu_2,free,\nus_1,free,7\nus_2,,9\nzz,free,10\n"
      try scene.folder.write("name,plan,seats\n\(rows)", to: "tenants.csv")
      try await scene.succeed("create --from-file tenants.csv")
      try await scene.succeed("rollback us_2 --to 20260102000000 --yes")
      try await scene.database.psql(
        "UPDATE tenants SET created_at = '2100-01-01' WHERE name = 'zz'; DELETE FROM us_2.schema_migrations; COMMENT ON TABLE us_2.schema_migrations IS NULL"
      )
      try await scene.succeed("deactivate eu_2 zz")
      try await body(scene)
    }
  }

  private static let cases: [([String], String)] = [
    (["--match", "eu_*", "--match", "zz"], "eu_1 eu_2 zz"), (["--match", "{eu,us}_[1]"], "eu_1 us_1"),
    (["--all", "--exclude", "eu*", "--exclude", "zz"], "us_1 us_2"),
    (["--where", "plan=free"], "eu_2 us_1 zz"),
    (["--where", "plan = free", "--where", "seats >= 8"], "zz"), (["--where", "plan!=free"], "eu_1 us_2"),
    (["--where", "plan<>free"], "eu_1 us_2"),
    (["--where", "plan IS NULL"], "us_2"),
    (["--where", "seats is not null", "--where", "seats<9"], "eu_1 us_1"),
    (["--where", "name>us"], "us_1 us_2 zz"), (["--active"], "eu_1 us_1 us_2"),
    (["--deactivated"], "eu_2 zz"),
    (["--behind"], "us_2"), (["--has", "20260102000000", "--active"], "eu_1 us_1"), (["--has", "7"], ""),
    (["--all", "--limit", "2"], "eu_1 eu_2"),
    (["--all", "--order-by", "name:desc", "--limit", "2"], "zz us_2"),
    (["--all", "--order-by", "seats"], "eu_1 us_1 us_2 zz eu_2"),
    (["--all", "--order-by", "seats:desc"], "zz us_2 us_1 eu_1 eu_2"),
    (["--where", "plan=free", "--order-by", "created:desc", "--limit", "1"], "zz"),
    (["zz", "eu_1", "--active"], "eu_1"),
    (["--from-file", "some", "--from-file", "others", "zz"], "eu_1 us_1 zz"),
  ]

  @Test(arguments: cases) func selects(options: [String], names: String) async throws {
    try await with { scene in
      try scene.folder.write("eu_1\n", to: "some")
      try scene.folder.write("us_1\n", to: "others")
      let listed = try await scene.run(["list", "--quiet"] + options)
      #expect(listed.stdout.split(separator: "\n").joined(separator: " ") == names, "\(listed)")
      // The same of a run over the fleet, in the same order.
      let run = try await scene.run(["exec", "-c", "SELECT 1", "--format", "json"] + options)
      #expect(
        run.stdout.matches(of: #/"tenant":"(\w+)"/#).map { String($0.1) }.joined(separator: " ") == names,
        "\(run)")
    }
  }

  @Test func orderBySize() async throws {
    try await with { scene in
      try await scene.database.psql(
        "INSERT INTO us_1.tanks (name) SELECT repeat('x', 1000) FROM generate_series(1, 200)")
      try await scene.prints("list --order-by size:desc --limit 1 --quiet", "us_1\n")
      let canary = try await scene.run("exec --all --order-by size:desc --canary 1 -c nonsense --format json")
      #expect(canary.stdout.contains(#""failed":1,"not_run":4,"#), "\(canary)")
    }
  }

  /// One name is an object, as it always was; a selection is a list.
  @Test func showsMany() async throws {
    try await with { scene in
      try await scene.prints("show --where plan=free --quiet", "eu_2\nus_1\nzz\n")
      let many = try await scene.run("show eu_1 us_2 --format json")
      #expect(many.stdout.hasPrefix("[{") && many.stdout.contains(#""name":"us_2""#), "\(many)")
      let one = try await scene.run("show eu_1 --format json")
      #expect(one.stdout.hasPrefix("{"), "\(one)")
      let lines = try await scene.run("show --deactivated --format ndjson")
      #expect(lines.stdout.split(separator: "\n").count == 2, "\(lines)")
      let text = try await scene.run("show eu_1 zz")
      #expect(text.stdout.contains("\n\nname "), "\(text)")
    }
  }

  @Test func nobody() async throws {
    try await with { scene in
      let hint = "'tenantctl list' shows all tenants"
      try await scene.refuses(
        ["list", "show", "migrate", "status", "exec -c TABLE", "activate", "set plan=x", "drop --yes"].map {
          Refusal(
            "\($0) --match x* --require-match", 3, "no_match", "the selection has no tenants", hint: hint)
        })
      for line in [
        "migrate --match x*", "activate --match x*", "set plan=x --match x*", "drop --yes --match x*",
      ] {
        let outcome = try await scene.run(line)
        #expect(
          outcome.status == 0 && outcome.stderr.contains("the selection has no tenants"),
          "\(line): \(outcome)")
      }
    }
  }

  @Test func refuses() async throws {
    try await with { scene in
      try await scene.refuses([
        Refusal(
          "list --where seats=many", 2, "bad_value",
          #"column seats: invalid input syntax for type integer: "many""#, hint: nil),
        Refusal(
          "drop --where seats=many --yes", 2, "bad_value",
          #"column seats: invalid input syntax for type integer: "many""#, hint: "nothing was changed"),
        Refusal(
          "migrate --where sets=1", 2, "unknown_column", "column sets of table public.tenants does not exist",
          hint: "columns: id, name, created_at, updated_at, deactivated, plan, seats"),
        Refusal(
          "list --order-by sets", 2, "unknown_column", "column sets of table public.tenants does not exist",
          hint: "columns: id, name, created_at, updated_at, deactivated, plan, seats"),
        Refusal(
          "list --where plan==free", 2, "usage",
          "invalid --where 'plan==free': expected COLUMN=VALUE, with = != < <= > or >=, or 'COLUMN IS NULL'",
          hint: "see 'tenantctl list --help'"),
        Refusal(
          "list --where seats", 2, "usage",
          "invalid --where 'seats': expected COLUMN=VALUE, with = != < <= > or >=, or 'COLUMN IS NULL'",
          hint: "see 'tenantctl list --help'"),
        Refusal(
          "list --limit 1 --limit 2", 2, "usage", "option --limit is given twice", hint: "give it once"),
        Refusal(
          "show eu_11", 3, "tenant_not_found", "tenant eu_11 does not exist", hint: "did you mean eu_1?"
        ),
        Refusal(
          "drop eu_1 atlantis --yes", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
    }
  }

  /// A condition is a value, never SQL, and a column a name.
  @Test(arguments: [
    "plan='; DROP TABLE tenants; --", "plan=x' OR 'a'='a", "plan=$1", #"plan" = '' OR "plan=x"#,
    "plan) OR (true=x",
  ]) func conditionsAreValues(condition: String) async throws {
    try await with { scene in
      let outcome = try await scene.run(["list", "--quiet", "--where", condition])
      #expect(outcome.stdout == "" && [0, 2].contains(outcome.status), "\(outcome)")
      try await scene.prints("list --quiet --limit 1", "eu_1\n")
    }
  }

  /// What `list --quiet` prints selects the same tenants, whatever an app has called them.
  @Test func oddNamesInAFile() async throws {
    try await Scene.with(tenants: ["acme", "team"]) { scene in
      try await scene.database.psql(
        """
        INSERT INTO tenants (name) SELECT n FROM unnest(array[' acme', 'team # 1', 'u\u{308}', '\u{FC}']) n;
        UPDATE tenants SET deactivated = true WHERE name IN (' acme', 'team # 1', 'u\u{308}')
        """)
      let odd = try await scene.run("list --deactivated --quiet")
      try scene.folder.write(odd.stdout, to: "odd")
      #expect(try await scene.run("list --from-file odd --quiet") == odd)
      let comment = "# \(String(repeating: "long ", count: 100))\n"
      try scene.folder.write(" acme  # the first\n\(comment)\n  \nteam# two\n", to: "plain")
      #expect(try await scene.run("list --from-file plain --quiet").stdout == "acme\nteam\n")
      for (condition, name) in [
        ("name= acme", " acme"), ("name = acme", "acme"), ("name = team # 1", "team # 1"),
      ] {
        #expect(try await scene.run(["list", "--quiet", "--where", condition]).stdout == "\(name)\n")
      }
      #expect(try await scene.run(["list", "--quiet", "--match", "\u{FC}"]).stdout == "\u{FC}\n")
    }
  }

}
