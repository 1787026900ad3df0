import TestSupport
import Testing

/// A name that two rows of the registry have, each with a schema of its own: an app that keeps the rows of deleted tenants.
@Suite struct NamesakeTests {
  /// The deleted one first, so that whoever takes the first row takes the wrong one.
  private func with(_ body: (Scene) async throws -> Void) async throws {
    let configuration = """
      [registry]
      tenants = "orgs"
      domains = false
      [registry.columns]
      name = "slug"
      schema = "schema_name"
      deactivated = "!active"
      """
    try await Scene.empty(files: ["tenantctl.toml": configuration]) { scene in
      try await scene.database.psql(
        """
        CREATE TABLE orgs (id serial PRIMARY KEY, slug text NOT NULL, schema_name text UNIQUE NOT NULL,
          deleted_at date, active boolean NOT NULL DEFAULT true);
        CREATE UNIQUE INDEX ON orgs (slug) WHERE deleted_at IS NULL;
        INSERT INTO orgs (slug, schema_name, deleted_at, active)
        VALUES ('acme', 'org_1', '2026-01-01', false), ('acme', 'org_2', NULL, true), ('reef', 'org_3', NULL, true);
        CREATE SCHEMA org_1; CREATE SCHEMA org_2; CREATE SCHEMA org_3;
        CREATE TABLE org_1.a AS SELECT 1 AS id; CREATE TABLE org_2.a AS SELECT 2 AS id;
        CREATE TABLE org_3.a AS SELECT 3 AS id
        """)
      try await body(scene)
    }
  }

  @Test func eachRowHasItsOwnOutput() async throws {
    try await with { scene in
      for format in ["text", "json", "csv", "ndjson"] {
        let all = try await scene.run([
          "exec", "--all", "--format", format, "-c", "SELECT current_schema() AS s FROM a",
        ])
        let schemas = all.stdout.matches(of: /org_\d/).map { String($0.output) }.sorted()
        #expect(all.status == 0 && schemas == ["org_1", "org_2", "org_3"], "\(all)")
      }
      for (condition, id) in [("deleted_at IS NULL", "2"), ("deleted_at IS NOT NULL", "1")] {
        let list = try await scene.run([
          "list", "--where", condition, "--columns", "name,id", "--format", "csv",
        ])
        #expect(list.stdout.split(separator: "\n").contains("acme,\(id)"), "\(list)")
      }
    }
  }

  /// Who serves takes the active one, and who names one for a command has to mean one.
  @Test func theNameMeansTheActiveOne() async throws {
    try await with { scene in
      #expect(try await scene.run("resolve acme.example.com --format json").stdout.contains("org_2"))
      for line in ["exec acme -c SELECT", "show acme", "status acme", "deactivate acme", "drop acme --yes"] {
        let outcome = try await scene.run(line)
        #expect(
          outcome.status == 4 && outcome.stderr.contains("several rows of public.orgs have the name acme"),
          "\(line): \(outcome)")
      }
      #expect(
        try await scene.run("exec acme --active --format csv -c VALUES(1)").stdout
          == "tenant,column1\nacme,1\n")
      let doctor = try await scene.run("doctor")
      #expect(doctor.status == 1 && doctor.stdout.contains("acme (2 rows)"), "\(doctor)")
      // With two that are active nobody can say which one is served.
      try await scene.database.psql("UPDATE orgs SET active = true")
      let resolved = try await scene.run("resolve acme.example.com")
      #expect(resolved.status == 4 && resolved.stderr.contains("several rows"), "\(resolved)")
    }
  }
}
