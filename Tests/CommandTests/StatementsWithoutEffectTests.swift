import TestSupport
import Testing

/// Statements whose effect ends with their transaction, in a file where each statement has its own.
@Suite struct StatementsWithoutEffectTests {
  private static let path = "migrations/tenant/20260103000000_x.sql"
  private static let advice = """
    remove it, or move what belongs together to a file without transaction:false. If tenants have the file already, \
    'tenantctl migration repair 20260103000000' accepts the edited one; nothing was run
    """

  private func with(_ text: String, _ body: (Scene) async throws -> Void) async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write(text, to: Self.path)
      try await body(scene)
    }
  }

  @Test(arguments: [
    ("LOCK TABLE tanks", "LOCK"), ("SAVEPOINT a", "SAVEPOINT"), ("RELEASE SAVEPOINT a", "RELEASE"),
    ("ROLLBACK TO a", "ROLLBACK TO"), ("DECLARE c CURSOR FOR SELECT 1", "DECLARE without WITH HOLD"),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION"),
    ("SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS"),
    ("CREATE TEMP TABLE x (i int) ON COMMIT DROP", "ON COMMIT DROP"),
  ])
  func areRefusedBeforeAnythingRuns(statement: String, name: String) async throws {
    try await with("-- migrate:up transaction:false\nCREATE TABLE a ();\n  \(statement);\n") { scene in
      let message = """
        \(Self.path):3:3: \(name) has no effect with transaction:false, as each statement has a transaction of its own
        """
      try await scene.refuses(
        ["migrate acme", "migrate --all --dry-run", "create reef"].map {
          Refusal($0, 2, "needs_transaction", message, hint: Self.advice)
        })
      #expect(try await scene.run("migration check").status == 1)
    }
  }

  @Test func allAreNamedWithWhatToDo() async throws {
    let up = "-- migrate:up transaction:false\nSET LOCAL work_mem = '9MB';\nSELECT 1;\n"
    try await with("\(up)-- migrate:down transaction:false\nLOCK TABLE tanks;\n") { scene in
      let outcome = try await scene.run("migrate acme")
      #expect(outcome.status == 2)
      #expect(outcome.stderr.contains("_x.sql:2:1: SET LOCAL has no effect"), "\(outcome)")
      #expect(outcome.stderr.contains("_x.sql:5:1: LOCK has no effect"), "\(outcome)")
      #expect(
        outcome.stderr.contains(
          "hint: write SET instead of SET LOCAL: it lasts until the section ends; remove the other statements"
        ),
        "\(outcome)")
      // What the hint says.
      try scene.folder.write(up.replacing(" LOCAL", with: ""), to: Self.path)
      try await scene.succeed("migrate acme")
    }
  }

  /// A tenant that has the file keeps it, and gets what comes after it.
  @Test func aFileThatIsAppliedStopsNothing() async throws {
    let text =
      "-- migrate:up transaction:false\nSET LOCAL work_mem = '9MB';\n-- migrate:down transaction:false\nSAVEPOINT a;\n"
    try await with(text) { scene in
      try await scene.succeed("migration baseline 20260103000000 acme")
      try scene.folder.write(
        "-- migrate:up\nCREATE TABLE later ();\n-- migrate:down\nDROP TABLE later;\n",
        to: "migrations/tenant/20260104000000_y.sql")
      for line in ["migrate --all", "status --all --check --verify", "rollback acme --yes", "migrate acme"] {
        try await scene.succeed(line)
      }
      // A schema that is missing has no ledger to say that it has the file.
      try await scene.database.psql("INSERT INTO tenants (name) VALUES ('gone')")
      let outcome = try await scene.run("migrate --all")
      #expect(outcome.status == 5 && !outcome.stderr.contains("no effect"), "\(outcome)")
      let rollback = try await scene.run("rollback acme --steps 2 --yes")
      #expect(rollback.status == 2 && rollback.stderr.contains("SAVEPOINT has no effect"), "\(rollback)")
      #expect(try await scene.database.psql("SELECT to_regclass('acme.later')") == "acme.later")
      let new = try await scene.run("create reef")
      #expect(new.status == 2 && new.stderr.contains("'tenantctl migration repair 20260103000000' accepts"))
      try scene.folder.write(text.replacing("SET LOCAL", with: "SET"), to: Self.path)
      try await scene.succeed("migration repair 20260103000000 acme")
      try await scene.succeed("create reef")
    }
  }

  /// An edit would change which statements are done.
  @Test func oneThatIsBegunGoesOn() async throws {
    try await with("-- migrate:up transaction:false\nSET LOCAL work_mem = '9MB';\nCREATE TABLE b ();\n") {
      scene in
      try await scene.database.psql(
        """
        INSERT INTO acme.schema_migrations (version, statements_done, statements_total) VALUES ('20260103000000', 1, 2);
        COMMENT ON TABLE acme.schema_migrations IS NULL
        """)
      try await scene.succeed("migrate acme")
      #expect(try await scene.database.psql("SELECT to_regclass('acme.b')") == "acme.b")
    }
  }

  @Test func whatIsAllowedRuns() async throws {
    let text = "-- migrate:up transaction:false\n-- tenantctl:allow needs-transaction\nLOCK TABLE tanks;\n"
    try await with(text) { try await $0.succeed("migrate acme") }
  }
}
