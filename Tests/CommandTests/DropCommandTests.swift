import TestSupport
import Testing

@Suite struct DropCommandTests {
  @Test func removesRowsAndSchema() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.says(
        "drop acme --yes", "dropped tenant acme (1 table, 1 domain)\n",
        json: #"""
          {"domains":["acme.example.com"],"had_row":true,"had_schema":true,"name":"acme","schema":"acme","tables":1}
          """#)
      try await scene.prints("list --quiet", "reef\n")
      try await scene.prints("domain list --quiet", "reef.example.com\n")
      try await scene.prints("drop -qy reef", "")
      #expect(
        try await scene.database.psql("SELECT nspname FROM pg_namespace WHERE nspname IN ('acme', 'reef')")
          == "")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      let sql = try await scene.run("drop acme --dry-run")
      #expect(sql.status == 0 && sql.stderr == "", "a dry run destroys nothing, so it does not ask")
      #expect(sql.stdout.contains(#"DROP SCHEMA "acme" CASCADE;"#))
      try await scene.dryRunTellsTheTruth("drop acme --yes")
    }
  }

  /// The app serves them by the first label of a host.
  @Test func tenantsWithoutADomainAreActive() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.succeed("domain remove acme.example.com")
      let outcome = try await scene.run("drop --all")
      #expect(
        outcome.stderr.hasPrefix(
          "error: All of them are active, so the app serves them. This removes 2 tenants."), "\(outcome)")
    }
  }

  /// A selection of one tenant is confirmed as the tenant is.
  @Test func aSelectionOfOneTenant() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      let refused = try await scene.run("drop --match ac*")
      #expect(
        refused.status == 4 && refused.stderr.hasPrefix("error: Tenant acme is active, so the app serves it.")
      )
      let outcome = try await Tenantctl.onTerminal(
        ["drop", "--match", "ac*"], database: scene.database, workingDirectory: scene.folder.path
      ) { program in
        try await program.wrote("Type acme to confirm: ")
        program.type("acme\n")
        return await program.outcome()
      }
      #expect(outcome.status == 0, "\(outcome)")
      try await scene.prints("list --quiet", "reef\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("CREATE SCHEMA left_over")
      try await scene.refuses([
        Refusal(
          "drop acme", 4, "confirmation_needed",
          "Tenant acme is active, so the app serves it. This removes the tenant acme: 1 table, domains acme.example.com. It cannot be undone. "
            + "Without a terminal --yes is required.",
          hint: "add --yes to confirm"),
        Refusal(
          "drop atlantis --yes", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "drop left_over --yes", 4, "schema_without_tenant",
          "schema left_over belongs to no tenant",
          hint:
            "inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA \"left_over\" CASCADE"
        ),
        Refusal(
          "drop acme left_over --yes", 4, "schema_without_tenant", "schema left_over belongs to no tenant",
          hint:
            "inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA \"left_over\" CASCADE"
        ),
        Refusal(
          "drop public --yes", 3, "tenant_not_found", "tenant public does not exist",
          hint: "'tenantctl list' shows all tenants"),
      ])
      try await scene.database.psql(
        "CREATE TABLE invoices (tenant int REFERENCES tenants (id)); INSERT INTO invoices SELECT id FROM tenants"
      )
      try await scene.refuses([
        Refusal(
          "drop acme --yes", 4, "tenant_referenced",
          "rows of other tables refer to tenant acme or its domains: table public.invoices",
          hint: "remove or change those rows first; nothing was changed")
      ])
    }
  }

  /// Rows of shared tables that a foreign key deletes or changes.
  @Test func namesWhatGoesAlong() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE invoices (tenant int REFERENCES tenants ON DELETE CASCADE);
        CREATE TABLE notes (tenant int REFERENCES tenants ON DELETE SET NULL);
        INSERT INTO invoices SELECT id FROM tenants; INSERT INTO notes SELECT id FROM tenants
        """)
      let along = """
        deletes rows of public.invoices, by foreign keys to the registry
        removes references to it from rows of public.notes, by foreign keys to the registry
        """.split(separator: "\n")
      let dry = try await scene.run("drop acme reef --dry-run")
      #expect(dry.status == 0 && dry.stderr == along.map { "warning: \($0)\n" }.joined(), "\(dry)")
      let unconfirmed = try await scene.run("drop acme")
      #expect(
        unconfirmed.stderr.contains(along.map { "This \($0). " }.joined() + "This removes the tenant acme"),
        "\(unconfirmed)")
      let dropped =
        "dropped tenant acme (1 table, 1 domain, deleted rows of public.invoices, changed rows of public.notes)"
      try await scene.says(
        "drop acme --yes", "\(dropped)\n",
        json: #"""
          {"domains":["acme.example.com"],"had_row":true,"had_schema":true,"name":"acme","other_tables":["public.invoices",\#
          "public.notes"],"schema":"acme","tables":1}
          """#)
    }
  }

  @Test func namesWhatDependsOnIt() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("CREATE SCHEMA lib; CREATE VIEW lib.v AS SELECT * FROM acme.tanks")
      try await scene.refuses([
        Refusal(
          "drop acme --yes", 4, "schema_referenced",
          """
          cannot drop schema acme of tenant acme because 1 object outside of it depends on it:
            view lib.v
          """, hint: "drop or change it first; nothing was changed")
      ])
      try await scene.database.psql("CREATE TABLE lib.o (tank int CONSTRAINT tank REFERENCES acme.tanks)")
      try await scene.refuses([
        Refusal(
          "drop acme --dry-run", 4, "schema_referenced",
          """
          cannot drop schema acme of tenant acme because 2 objects outside of it depend on it:
            constraint tank on table lib.o
            view lib.v
          """, hint: "drop or change them first; nothing was changed")
      ])
    }
  }

  @Test func removesTheRowOfATenantWithoutASchema() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql("DROP SCHEMA acme CASCADE")
      try await scene.prints("drop acme --yes", "dropped tenant acme (its schema did not exist, 1 domain)\n")
    }
  }

  @Test func believesTheNameTypedBack() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      let answers: [(typed: String, status: Int32, end: String)] = [
        ("acm\n", 4, "error: not confirmed; nothing was changed\r\n"),
        ("\n", 4, "error: not confirmed; nothing was changed\r\n"),
        ("\u{4}", 4, "to confirm: \r\nerror: not confirmed; nothing was changed\r\n"),
        ("\u{3}", 130, ""),
        ("acme\n", 0, "dropped tenant acme (1 table, 1 domain)\r\n"),
      ]
      for (typed, status, end) in answers {
        let before = try await scene.database.contents()
        let outcome = try await Tenantctl.onTerminal(
          ["drop", "acme", "--color=never"], database: scene.database, workingDirectory: scene.folder.path
        ) { program in
          try await program.wrote("Type acme to confirm: ")
          program.type(typed)
          return await program.outcome()
        }
        #expect(outcome.status == status, "\(typed)")
        #expect(
          outcome.stdout.hasPrefix(
            "Tenant acme is active, so the app serves it.\r\n"
              + "This removes the tenant acme: 1 table, domains acme.example.com. It cannot be undone.\r\n"))
        #expect(outcome.stdout.hasSuffix(end), "\(typed)")
        #expect(try await (scene.database.contents() == before) == (status != 0), "\(typed)")
      }
    }
  }

  /// Rows of the app that refer to a tenant or a domain are found before anything is dropped; a deferred key too.
  @Test(arguments: [("tenants", "tenant initech"), ("domains", "domain initech.example.com")])
  func rowsThatReferToOneKeepThemAll(table: String, subject: String) async throws {
    try await Scene.with(tenants: ["acme", "initech"]) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE members (id serial, ref int NOT NULL REFERENCES \(table) DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO members (ref) SELECT id FROM \(table) WHERE \(table == "tenants" ? "name" : "tenant_name") = 'initech'
        """)
      let before = try await scene.database.contents()
      for line in [
        "drop --all --yes", "drop --all --dry-run", "drop initech --yes", "drop initech --dry-run",
      ] {
        let outcome = try await scene.run(line)
        #expect(outcome.status == 4 && outcome.stderr.contains("refer to \(subject)"), "\(line): \(outcome)")
        #expect(outcome.stderr.contains("table public.members"), "\(line): \(outcome)")
      }
      #expect(try await scene.database.contents() == before)
      try await scene.succeed("drop acme --yes")
      if table == "domains" {
        let removed = try await scene.run("domain remove initech.example.com")
        #expect(removed.status == 4 && removed.stderr.contains("refer to \(subject)"), "\(removed)")
      }
    }
  }
}
