import Foundation
import TestSupport
import Testing

@Suite struct DoctorCommandTests {
  /// One finding that can be fixed, and one that cannot.
  private func ailing(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "pond", "reef"]) { scene in
      try await scene.database.psql(
        """
        UPDATE domains SET is_primary = false WHERE tenant_name = 'acme';
        DELETE FROM domains WHERE tenant_name = 'reef'; DELETE FROM tenants WHERE name = 'reef'
        """)
      try await body(scene)
    }
  }

  @Test func aFixThatFailsIsNamedWithQuietToo() async throws {
    try await ailing { scene in
      try await scene.database.psql(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$not today$$; END';
        CREATE TRIGGER refuse BEFORE UPDATE ON domains FOR EACH ROW EXECUTE FUNCTION refuse()
        """)
      let quiet = try await scene.run("doctor --fix --yes --quiet")
      #expect(quiet.status == 1 && quiet.stderr.hasPrefix("not fixed: acme (acme.example.com): "), "\(quiet)")
      #expect(quiet.stderr.ranges(of: "not today").count == 1, "\(quiet)")
      let text = try await scene.run("doctor --fix --yes")
      #expect((text.stdout + text.stderr).ranges(of: "not today").count == 1, "\(text)")
      let json = try await scene.run("doctor --fix --yes --quiet --format json")
      #expect(json.stderr == "" && json.stdout.contains("not today"), "\(json)")
    }
  }

  private static let open = """
    warning: the schema looks like a tenant's, but belongs to no tenant
      reef (it has a ledger)
        inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA "reef" CASCADE
    warning: none of the tenant's domains is primary
      acme (acme.example.com)
        --fix: it is made primary
    2 tenants: 2 warnings; 'tenantctl doctor --fix' fixes 1 of them

    """

  private static let fixed = """
    warning: the schema looks like a tenant's, but belongs to no tenant
      reef (it has a ledger)
        inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA "reef" CASCADE
    warning: none of the tenant's domains is primary
      acme (acme.example.com)
        fixed: it is made primary
    2 tenants: 1 warning, 1 fixed

    """

  @Test func aHealthyDatabase() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.says(
        "doctor", "1 tenant: no problems found\n", json: #"{"findings":[],"tenant_count":1}"#)
      try await scene.prints("doctor --fix", "1 tenant: no problems found\n")
      try await scene.prints("doctor --quiet", "")
      try await scene.prints("doctor --dry-run", "")
    }
  }

  @Test func whatIsOnlyToKnow() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for name in ["pond", "reef"] { try await scene.succeed("create \(name)") }
      try await scene.prints(
        "doctor",
        """
        info: the tenant has no domain (2)
          pond
          reef
            'tenantctl domain add NAME HOST' adds one
        3 tenants: 2 info

        """)
    }
  }

  /// Each with the command against it, which works as it stands.
  @Test func privileges() async throws {
    try await Scene.with(tenants: ["acme", "pond"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT CREATE ON SCHEMA acme TO \(role.name);
          CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE TABLE pond.names (n extensions.citext);
          ALTER TABLE acme.tanks OWNER TO \(role.name); CREATE TABLE acme.fish (); CREATE TABLE acme.food ()
          """)
        let user = try await scene.database.psql("SELECT CURRENT_USER")
        let outcome = try await scene.run("doctor")
        #expect(
          outcome.stdout == """
            warning: the extension's types and operators are not in the tenants' search path
              citext in schema extensions, used by tenants
                search_path = ["public", "extensions"] under [migrations] in tenantctl.toml, or: ALTER DATABASE \
            "\(scene.database.name)" SET search_path = "$user", "public", "extensions"
            warning: relations of one schema have different owners, so default privileges and ALTER TABLE do not work for all of \
            them
              acme (2 relations, such as tanks, belong to \(role.name), others to \(user))
                ALTER TABLE "acme"."tanks" OWNER TO "\(user)"; for all that it owns in this database: \
            REASSIGN OWNED BY "\(role.name)" TO "\(user)"
            warning: a role that is not trusted can create objects in a schema of every tenant's search path
              PUBLIC in public
                REVOKE CREATE ON SCHEMA "public" FROM PUBLIC
            warning: a role that is not trusted can create objects that a migration's unqualified names find
              \(role.name) in acme
                REVOKE CREATE ON SCHEMA "acme" FROM "\(role.name)"
            warning: objects of roles that are not trusted could run with the privileges of this connection
              \(user) is a superuser; objects can be created by PUBLIC, \(role.name)
                migrate as a role that only owns the registry and the schemas, see docs/security.md: \
            tenantctl --database postgresql://OWNER@HOST/DATABASE
            2 tenants: 5 warnings

            """)
        let json = try await scene.run("doctor --format json")
        let findings = try JSONDecoder().decode(Diagnosis.self, from: Data(json.stdout.utf8)).findings
        #expect(
          findings.map(\.code) == [
            "extension_out_of_reach", "owners_differ", "create_in_shared_schema", "create_in_tenant_schema",
            "powerful_connection",
          ])
        try await scene.database.psql(
          """
          ALTER DATABASE "\(scene.database.name)" SET search_path = "$user", "public", "extensions";
          ALTER TABLE "acme"."tanks" OWNER TO "\(user)"; REVOKE CREATE ON SCHEMA "public" FROM PUBLIC;
          REVOKE CREATE ON SCHEMA "acme" FROM "\(role.name)"
          """)
        try await scene.prints("doctor", "2 tenants: no problems found\n")
      }
    }
  }

  /// A role for each tenant is one cause.
  @Test func severalRoles() async throws {
    try await Scene.with(tenants: ["acme", "pond"]) { scene in
      try await TestRole.with(scene.database) { role in
        let other = "\(role.name)_b"
        try await scene.database.psql(
          """
          CREATE ROLE \(other) LOGIN; GRANT CREATE ON SCHEMA acme TO \(role.name);
          GRANT CREATE ON SCHEMA acme, pond TO \(other)
          """)
        let outcome = try await scene.run("doctor")
        try await scene.database.psql(
          """
          REVOKE CREATE ON SCHEMA acme, pond FROM \(role.name), \(other);
          GRANT UPDATE ON acme.schema_migrations, pond.schema_migrations TO \(other)
          """)
        let ledgers = try await scene.run("doctor")
        try await scene.database.psql("DROP OWNED BY \(other); DROP ROLE \(other)")
        #expect(
          outcome.stdout.hasPrefix(
            """
            warning: a role that is not trusted can create objects that a migration's unqualified names find (2)
              \(role.name) in acme
              \(other) in 2 tenant schemas, such as acme
                REVOKE CREATE ON SCHEMA NAME FROM ROLE; docs/security.md has a command for all schemas

            """), "\(outcome)")
        #expect(
          ledgers.stdout == """
            info: a role that is not trusted can write to a ledger
              \(other), 2 ledgers, such as that of acme
                tenantctl exec --all --write -c 'REVOKE INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON schema_migrations \
            FROM "\(other)"'
            2 tenants: 1 info

            """)
      }
    }
  }

  @Test func tellsAndChangesNothing() async throws {
    try await ailing { scene in
      let before = try await scene.database.contents()
      #expect(try await scene.run("doctor") == Outcome(stdout: Self.open, stderr: "", status: 1))
      let quiet = try await scene.run("doctor --quiet")
      #expect(
        quiet == Outcome(stdout: "reef (it has a ledger)\nacme (acme.example.com)\n", stderr: "", status: 1))
      let lines = try await scene.run("doctor --format ndjson").stdout.split(separator: "\n")
      #expect(lines.count == 2)
      #expect(try await scene.database.contents() == before)
    }
  }

  @Test func fixes() async throws {
    try await ailing { scene in
      let json = try await scene.inTwin { try await $0.run("doctor --fix --yes --format json") }
      #expect(json.status == 1 && json.stderr.isEmpty)
      let findings = try JSONDecoder().decode(Diagnosis.self, from: Data(json.stdout.utf8)).findings
      #expect(findings.map(\.code) == ["schema_without_tenant", "no_primary_domain"])
      #expect(findings.map(\.severity) == ["warning", "warning"])
      #expect(findings.map(\.fixed) == [false, true])
      #expect(findings[0].fix.isEmpty && findings[1].fix.first == "BEGIN;")

      let text = try await scene.run("doctor --fix --yes")
      #expect(text.stdout == Self.fixed)
      #expect(text.stderr.hasPrefix("-- no_primary_domain: acme (acme.example.com)\nBEGIN;\n"))
      #expect(text.status == 1)
      try await scene.database.psql("DROP SCHEMA reef CASCADE")
      try await scene.prints("doctor", "2 tenants: no problems found\n")
    }
  }

  @Test func theStatusIsZeroWhenAllIsFixed() async throws {
    try await ailing { scene in
      try await scene.database.psql("DROP SCHEMA reef CASCADE")
      let outcome = try await scene.run("doctor --fix --yes --quiet")
      #expect(outcome == Outcome(stdout: "", stderr: "", status: 0))
    }
  }

  @Test func dryRun() async throws {
    try await ailing { scene in
      let before = try await scene.database.contents()
      let dry = try await scene.run("doctor --fix --dry-run")
      #expect(dry.status == 1 && dry.stderr.isEmpty)
      #expect(try await scene.database.contents() == before)
      try await scene.database.psql(dry.stdout)
      let after = try await scene.run("doctor")
      #expect(after.stdout.hasSuffix("2 tenants: 1 warning\n"))
    }
  }

  @Test func asksOnATerminal() async throws {
    try await ailing { scene in
      for (answer, status) in [("no", Int32(4)), ("fix", 1)] {
        let outcome = try await Tenantctl.onTerminal(
          ["doctor", "--fix"], database: scene.database, workingDirectory: scene.folder.path
        ) { program in
          try await program.wrote("Type fix to confirm: ")
          program.type("\(answer)\n")
          return await program.outcome()
        }
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.stdout.contains("UPDATE \"public\".\"domains\""))
        #expect(outcome.stdout.contains("This changes the database to fix 1 finding."))
      }
      #expect(try await scene.database.psql("SELECT bool_and(is_primary) FROM domains") == "t")
    }
  }

  @Test func refuses() async throws {
    try await ailing { scene in
      try await scene.refuses([
        Refusal(
          "doctor --fix", 4, "confirmation_needed",
          "This changes the database to fix 1 finding. Without a terminal --yes is required.",
          hint: "add --yes to confirm"),
        Refusal(
          "doctor --yes", 2, "usage", "--yes requires --fix",
          hint: "add --fix"),
      ])
    }
    try await Scene.empty { scene in
      try await scene.refuses([
        Refusal(
          "doctor", 3, "registry_missing", "tables public.tenants and public.domains do not exist",
          hint:
            "'tenantctl init' finds an app's registry, or creates one; [registry] in tenantctl.toml names another"
        )
      ])
    }
  }

  private struct Diagnosis: Decodable {
    struct Finding: Decodable {
      let code, severity: String
      let fix: [String]
      let fixed: Bool?
    }

    let findings: [Finding]
  }
}
