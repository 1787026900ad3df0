import Foundation
import TestSupport
import Testing

/// What would be undone, applied or skipped without being asked for is refused, or said.
@Suite struct NothingInSilenceTests {
  private static let files = [
    "migrations/tenant/1_a.sql": "-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n",
    "migrations/tenant/2_b.sql": "-- migrate:up\nCREATE TABLE b ();\n-- migrate:down\nDROP TABLE b;\n",
    "migrations/tenant/3_c.sql": "-- migrate:up\nCREATE TABLE c ();\n-- migrate:down\nDROP TABLE c;\n",
  ]

  private func with(_ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"], files: Self.files, body)
  }

  private let hint = """
    --to VERSION undoes everything newer in each tenant; or select the tenants of one version with --has; nothing was \
    run
    """

  @Test(arguments: ["", "--steps 1", "--dry-run"])
  func rollbackOfTenantsAtDifferentVersions(options: String) async throws {
    try await with { scene in
      try await scene.succeed("rollback reef --steps 2 --yes")
      let before = try await scene.database.contents()
      try await scene.refuses([
        Refusal(
          "rollback --all --yes \(options)", 4, "rollback_uneven",
          """
          the tenants have different versions, so this would undo different migrations:
            migrations/tenant/3_c.sql of acme and 1 other
            migrations/tenant/1_a.sql of reef
          """, hint: hint)
      ])
      #expect(try await scene.database.contents() == before)
    }
  }

  @Test func severalStepsOfTenantsAtDifferentVersions() async throws {
    try await with { scene in
      try await scene.succeed("rollback reef --yes")
      let outcome = try await scene.run("rollback acme reef --steps 2 --yes")
      #expect(outcome.status == 4, "\(outcome)")
      #expect(
        outcome.stderr.contains(
          "3_c.sql of acme\n  migrations/tenant/2_b.sql of acme and 1 other\n  migrations/tenant/1_a.sql of reef\n"
        ),
        "\(outcome)")
    }
  }

  /// A tenant without migrations loses none, and with --to each loses what is newer; what is undone is printed first.
  @Test func rollbackThatSaysHowFar() async throws {
    try await with { scene in
      try await scene.succeed("rollback reef --steps 3 --yes")
      let same = try await scene.run("rollback --all --yes")
      #expect(same.status == 0 && same.stderr == "3 c, of 2 tenants\n", "\(same)")
      try await scene.succeed("migrate acme")
      let outcome = try await scene.run("rollback --all --to 1 --yes")
      #expect(outcome.status == 0 && outcome.stderr == "3 c, of acme\n2 b, of 2 tenants\n", "\(outcome)")
      try await scene.prints("rollback acme rock --yes --quiet", "")
    }
  }

  @Test(arguments: [
    "", "-- a comment\n", "-- migrate:up\n\n-- migrate:down\nDROP TABLE x;\n",
    "-- migrate:up transaction:false\n/* later */;\n-- migrate:down\n",
  ])
  func aFileWithoutAStatement(text: String) async throws {
    try await with { scene in
      try scene.folder.write(text, to: "migrations/tenant/4_later.sql")
      let refused = ["migrate --all", "migrate acme --check", "migrate acme --dry-run", "create kelp"].map {
        Refusal(
          $0, 2, "empty_migration", "migrations/tenant/4_later.sql has no statement to apply",
          hint: "write its statements, delete it, or write '-- tenantctl:allow empty' in it; nothing was run")
      }
      try await scene.refuses(refused)
      try scene.folder.write("-- tenantctl:allow empty\n\(text)", to: "migrations/tenant/4_later.sql")
      try await scene.succeed("migrate --all")
      try await scene.succeed("create kelp")
    }
  }

  /// Recorded as applied by an older version: its statements never ran, and repair would hide that.
  @Test func aFileThatWasEmptyWhenItWasApplied() async throws {
    try await with { scene in
      try scene.folder.write("-- tenantctl:allow empty\n", to: "migrations/tenant/4_later.sql")
      try await scene.succeed("migrate --all")
      try scene.folder.write("CREATE TABLE later ();\n", to: "migrations/tenant/4_later.sql")
      let refused = [
        ("migrate --all", "acme and 2 others"), ("migration repair 4", "acme and 2 others"),
        ("rollback acme --yes", "acme"),
      ].map { line, tenants in
        Refusal(
          line, 4, "empty_was_applied",
          """
          migrations/tenant/4_later.sql was empty when it was applied to \(tenants): its statements never ran there
          """,
          hint: """
            move the statements to a new migration, write '-- tenantctl:allow empty' in this one, and accept that with \
            'tenantctl migration repair 4'; nothing was run
            """)
      }
      try await scene.refuses(refused)
      try scene.folder.write("-- tenantctl:allow empty\n-- see 5\n", to: "migrations/tenant/4_later.sql")
      try await scene.succeed("migration repair 4")
      try scene.folder.write("CREATE TABLE later ();\n", to: "migrations/tenant/5_now.sql")
      try await scene.succeed("migrate --all")
    }
  }

  @Test func versionsThatTheCheckoutLacks() async throws {
    try await with { scene in
      try await scene.succeed("rollback rock --steps 2 --yes")
      try scene.folder.remove("migrations/tenant/3_c.sql")
      try scene.folder.remove("migrations/tenant/2_b.sql")
      let sentences = ["2", "3"].map { "acme and 1 other have version \($0), which no migration file has" }
      let advice = "check out the commit that has the files, or restore them from version control"
      let outcome = try await scene.run("migrate --all")
      #expect(
        outcome.status == 0 && outcome.stderr == sentences.map { "warning: \($0)\n" }.joined(), "\(outcome)")
      try await scene.refuses([
        Refusal(
          "migrate --all --strict", 4, "versions_unknown", sentences.joined(separator: "\n"),
          hint: "\(advice), or omit --strict; nothing was run")
      ])
      for line in ["migrate --all --check", "status --all --check"] {
        let outcome = try await scene.run(line)
        let told = sentences.joined(separator: "\n") + "\nhint: \(advice)\n"
        #expect(outcome.status == 4 && outcome.stderr == told, "\(outcome)")
      }
      try await scene.prints("migrate rock --check", "nothing to apply to 1 tenant\n")
      let json = try await scene.run("migrate acme --check --format json")
      #expect(
        json.stdout == #"""
          {"failures":[],"pending":[],"unknown":[{"tenants":["acme"],"version":"2"},{"tenants":["acme"],"version":"3"}]}

          """#)
    }
  }

  @Test func anEmptiedFolderUnderAFleet() async throws {
    try await with { scene in
      for name in Self.files.keys { try scene.folder.remove(name) }
      let outcome = try await scene.run("migrate --all")
      #expect(
        outcome.status == 4 && outcome.stdout == ""
          && outcome.stderr.hasPrefix("error: the migrations folder is empty, but tenants have migrations\n"))
      try await scene.database.psql("DELETE FROM acme.schema_migrations")
      try await scene.succeed("migrate acme")
    }
  }

  @Test func aProtectedTenant() async throws {
    try await with { scene in
      try await scene.database.psql("COMMENT ON SCHEMA acme IS E'Accounts\\nof acme'")
      try await scene.prints("set acme --protect", "protected tenant acme\n")
      try await scene.prints(
        "set acme --protect plan=gold", "set plan of tenant acme\nprotected tenant acme\n")
      try await scene.succeed("create safe --protect")
      try await scene.succeed("rename acme ore")
      let refused = ["ore", "safe"].map {
        Refusal(
          "drop \($0) --yes", 4, "tenant_protected", "tenant \($0) is protected",
          hint: "'tenantctl set --unprotect \($0)' allows it to be dropped; nothing was changed")
      }
      try await scene.refuses(refused)
      let shown = try await scene.run("show safe")
      #expect(shown.stdout.contains("state         active, protected\n"), "\(shown)")
      try await scene.succeed("set ore --unprotect")
      #expect(
        try await scene.database.psql("SELECT obj_description('ore'::regnamespace, 'pg_namespace')")
          == "Accounts\nof acme")
      try await scene.succeed("drop ore --yes")
      try await scene.succeed("set safe --unprotect")
      #expect(
        try await scene.database.psql("SELECT obj_description('safe'::regnamespace, 'pg_namespace') IS NULL")
          == "t")
      try await scene.database.psql("DROP SCHEMA safe CASCADE")
      #expect(try await scene.run("set safe --protect").status == 3)
    }
  }

  /// PostgreSQL lets RESET pass where it refuses SET.
  @Test(arguments: [
    "RESET transaction_read_only; INSERT INTO a DEFAULT VALUES", "RESET transaction_read_only; DROP TABLE a",
    "RESET ALL; RESET transaction_read_only; UPDATE public.tenants SET plan = 'x'",
    "SELECT set_config('transaction_read_only', 'off', true); DROP TABLE a",
  ]) func execWithoutWriteChangesNothing(sql: String) async throws {
    try await with { scene in
      let before = try await scene.database.contents()
      let outcome = try await scene.run(["exec", "--all", "-c", sql])
      #expect(try await scene.database.contents() == before, "\(outcome)")
    }
  }

  /// A variable that is not set must not lead to another database.
  @Test func anEmptyURL() async throws {
    try await with { scene in
      for words in [["-d", "", "drop", "acme", "--yes"], ["--database=", "list"]] {
        let outcome = try await scene.run(words)
        #expect(
          outcome.status == 2 && outcome.stderr.hasPrefix("error: invalid --database '': "), "\(outcome)")
      }
      try await scene.prints("list --quiet", "acme\nreef\nrock\n")
    }
  }

  @Test func theFolderOfAnotherProject() async throws {
    try await with { scene in
      for name in Self.files.keys { try scene.folder.remove(name) }
      try scene.folder.write(
        "CREATE TABLE invoices ();\n", to: "migrations/tenant/20300101000000_invoices.sql")
      let outcome = try await scene.run("migrate --all")
      #expect(outcome.status == 4, "\(outcome)")
      #expect(
        outcome.stderr.hasPrefix(
          "error: the migrations folder has none of the migrations that the tenants have\n"))
      #expect(try await scene.database.psql("SELECT to_regclass('acme.invoices') IS NULL") == "t")
      // One file in place of all earlier ones.
      try await scene.succeed("migration baseline 20300101000000 --all")
      try await scene.succeed("migrate --all")
    }
  }

  @Test func createInAnEmptyFolderUnderAFleet() async throws {
    try await with { scene in
      for name in Self.files.keys { try scene.folder.remove(name) }
      let outcome = try await scene.run("create kelp")
      #expect(outcome.status == 4 && outcome.stderr.contains("the migrations folder is empty"), "\(outcome)")
      try await scene.succeed("create kelp --no-migrations")
    }
  }

  @Test func execCountsWhatItChanged() async throws {
    try await with { scene in
      try await scene.database.psql("ALTER TABLE acme.a ADD x int; ALTER TABLE reef.a ADD x int")
      let words = ["exec", "acme", "reef", "--write", "-c"]
      let outcome = try await scene.run(
        words + ["INSERT INTO a VALUES (1), (2); UPDATE a SET x = 3 WHERE x = 1; SELECT 1 AS one"])
      #expect(outcome.stderr.hasPrefix("6 rows changed in 2 tenants in "), "\(outcome)")
      let two = try await scene.run(["exec", "acme", "-c", "TABLE a", "-c", "SELECT 1"])
      #expect(two.stderr.hasSuffix("note: only the result of the last statement is shown\n"), "\(two)")
      let read = try await scene.run(["exec", "acme", "-c", "SELECT * FROM a"])
      #expect(read.stderr.hasPrefix("2 rows from 1 tenant in "), "\(read)")
      let json = try await scene.run(words + ["DELETE FROM a RETURNING x", "--format", "json"])
      #expect(json.stdout.contains(#""summary":{"changed":4,"#), "\(json)")
    }
  }
}
