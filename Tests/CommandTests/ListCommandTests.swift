import TestSupport
import Testing

@Suite struct ListCommandTests {
  @Test func listsTenantsByName() async throws {
    try await Scene.with(tenants: ["reef", "acme"]) { scene in
      try await scene.succeed("domain add acme www.acme.com")
      try await scene.succeed("create lagoon --deactivated --no-migrations")
      try await scene.says(
        "list",
        """
        NAME    STATE        PRIMARY DOMAIN    DOMAINS
        acme    active       acme.example.com        2
        lagoon  deactivated  -                       0
        reef    active       reef.example.com        1

        """,
        json: #"""
          [{"active":true,"applied":2,"domains":["acme.example.com","www.acme.com"],"head":"20260102000000","name":"acme",\#
          "primary_domain":"acme.example.com","schema":"acme","schema_exists":true},\#
          {"active":false,"applied":0,"domains":[],"head":null,"name":"lagoon",\#
          "primary_domain":null,"schema":"lagoon","schema_exists":true},\#
          {"active":true,"applied":2,"domains":["reef.example.com"],"head":"20260102000000","name":"reef",\#
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

  @Test func anEmptyListIsAList() async throws {
    try await Scene.with { scene in
      #expect(try await scene.run("list") == Outcome(stdout: "", stderr: "no tenants\n", status: 0))
      try await scene.prints("list --format json", "[]\n")
      try await scene.prints("list --format csv", "name,state,primary_domain,domains\n")
      try await scene.prints("list --quiet", "")
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
          "list --active --deactivated", 2, "usage", "--active and --deactivated cannot be used together",
          hint: "see 'tenantctl list --help'"),
      ])
    }
  }
}
