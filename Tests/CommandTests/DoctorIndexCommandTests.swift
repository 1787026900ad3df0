import TestSupport
import Testing

/// What `doctor` says of indexes that are not valid.
@Suite struct DoctorIndexCommandTests {
  /// An index that is not valid may be what the unfinished migration drops: only that one's own command knows.
  @Test(arguments: ["up", "down"]) func whatFinishesAnIndex(direction: String) async throws {
    let statements = "CREATE TABLE x (i int); DROP INDEX CONCURRENTLY i"
    let files = [
      "migrations/tenant/1_a.sql": "CREATE TABLE t (i int);\n",
      "migrations/tenant/2_b.sql": """
      -- migrate:up transaction:false
      \(direction == "up" ? statements : "SELECT 1");
      -- migrate:down transaction:false
      \(direction == "down" ? statements : "SELECT 1");
      """,
    ]
    try await Scene.with(files: files) { scene in
      try await scene.succeed("create acme --no-migrations")
      try await scene.succeed("migrate acme --to \(direction == "up" ? 1 : 2)")
      let command = direction == "up" ? "migrate acme" : "rollback acme --yes"
      #expect(try await scene.run(command).status == 5)
      try await scene.database.psql("CREATE INDEX i ON acme.t (i)")
      try await scene.database.psql(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'acme.i'::regclass")
      let advice = try await scene.run("doctor").stdout
      let match = try #require(
        advice.firstMatch(
          of: /drop it: (tenantctl psql .*?); then '(tenantctl .*? acme)' builds it again, unless/),
        "\(advice)")
      #expect(match.2 == "tenantctl \(command.split(separator: " ")[0]) acme")
      let dropped = try await Tenantctl.script(
        String(match.1), database: scene.database, workingDirectory: scene.folder.path)
      #expect(dropped.status == 0, "\(dropped)")
      try await scene.succeed(command)
      #expect(!(try await scene.run("doctor")).stdout.contains("invalid"))
    }
  }
}
