import TestSupport
import Testing

@Suite struct RenameCommandTests {
  @Test func movesSchemaRowAndDomains() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.says(
        "rename acme acme_inc", "renamed tenant acme to acme_inc\n",
        json: #"{"active":true,"from":"acme","mentions":[],"name":"acme_inc","schema":"acme_inc"}"#
      )
      try await scene.prints("domain list acme_inc --quiet", "acme.example.com\n")
      #expect(try await scene.database.psql("SELECT tenant_name FROM domains") == "acme_inc")
      #expect(try await scene.database.psql("SELECT count(*) FROM acme_inc.tanks") == "0")
      try await scene.prints("rename acme_inc acme -q", "")
    }
  }

  @Test func dryRun() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.dryRunTellsTheTruth("rename acme acme_inc")
    }
  }

  /// What is not changed is named: in a dry run, in text on standard error, in JSON in the result.
  @Test func namesWhatStillHasTheOldName() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA lib; CREATE FUNCTION lib.f() RETURNS int LANGUAGE sql SET search_path = acme
          AS 'SELECT 1 FROM acme.tanks'
        """)
      let warning = """
        warning: the body of lib.f() contains the old schema's name; check whether it refers to the schema

        """
      let dry = try await scene.run("rename acme acme_inc --dry-run")
      #expect(dry.status == 0 && dry.stderr == warning)
      #expect(dry.stdout.contains("ALTER ROUTINE"))
      try await scene.says(
        "rename acme acme_inc", "renamed tenant acme to acme_inc\n", stderr: warning,
        json: """
          {"active":true,"from":"acme","mentions":[{"fix":null,"object":"lib.f()","place":"routine_body"}],\
          "name":"acme_inc","schema":"acme_inc"}
          """)
      let name = scene.database.name
      try await scene.database.psql("ALTER DATABASE \(name) SET search_path TO acme_inc, public")
      try await scene.prints(
        "rename acme_inc acme", "renamed tenant acme_inc to acme\n",
        stderr: """
          warning: the search path of the database \(name) still names the old schema; \
          fix it with: ALTER DATABASE \(name) SET search_path TO 'acme', 'public';

          """)
    }
  }

  /// The functions of 'init --notify' have such words, and name no tenant's schema.
  @Test(arguments: ["keys", "old_rows", "k"]) func ownFunctionsAreNoMention(name: String) async throws {
    try await Scene.with { scene in
      try await scene.succeed("init --notify --yes --no-files")
      try await scene.succeed("create \(name)")
      let count = try await scene.database.psql(
        "SELECT count(*) > 0 FROM pg_proc WHERE proname LIKE 'tenantctl%' AND prosrc ~ '\\y\(name)\\y'")
      #expect(count == "t")
      try await scene.prints("rename \(name) locks", "renamed tenant \(name) to locks\n")
    }
  }

  @Test func refuses() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA left_over; INSERT INTO tenants (name) VALUES ('gone'), ('Blue');
        CREATE SCHEMA killed; COMMENT ON SCHEMA killed IS 'tenantctl: being created, 1a2b'
        """)
      let form = "use 1 to 63 lower-case letters, digits and underscores, beginning with a letter"
      try await scene.refuses([
        Refusal(
          "rename atlantis acme_inc", 3, "tenant_not_found", "tenant atlantis does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "rename acme reef", 4, "tenant_exists", "tenant reef already exists",
          hint: "see 'tenantctl show reef'"),
        Refusal(
          "rename acme acme", 4, "tenant_exists", "tenant acme already exists",
          hint: "see 'tenantctl show acme'"),
        Refusal(
          "rename acme blue", 4, "tenant_exists",
          "the name blue differs from that of tenant Blue only by case",
          hint: "choose another name: frameworks that do not quote names would confuse the two"),
        Refusal(
          "rename acme Acme", 2, "invalid_name",
          "invalid tenant name 'Acme': it contains characters that are not allowed",
          hint: form),
        Refusal(
          "rename acme left_over", 4, "schema_without_tenant",
          "schema left_over already exists, but belongs to no tenant",
          hint:
            "inspect it with psql; if it is a tenant's, add its row to the registry; if it is a leftover: DROP SCHEMA \"left_over\" CASCADE; or choose another name"
        ),
        Refusal(
          "rename acme killed", 4, "schema_without_tenant",
          "schema killed already exists: an interrupted create or drop of tenant killed left it",
          hint: "'tenantctl drop killed' removes it"),
        Refusal(
          "rename gone here", 3, "schema_missing", "schema gone of tenant gone does not exist",
          hint: """
            if the schema was renamed, 'tenantctl doctor' finds it; otherwise restore it from a backup, or remove the tenant with \
            'tenantctl drop gone'
            """),
      ])
    }
  }
}
