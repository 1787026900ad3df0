import TestSupport
import Testing

@testable import TenantctlCommands

/// The shared schema's ledger: its migrations come first, so what is wrong with it stops everybody.
@Suite struct SharedLedgerTests {
  private static let shared = "migrations/shared/1_plans.sql"

  private static func with(_ body: (Scene) async throws -> Void) async throws {
    let files = [
      shared: "CREATE TABLE plans (i int);\n",
      "migrations/tenant/1_tanks.sql": "CREATE TABLE tanks (i int);\n",
    ]
    try await Scene.with(files: files, body)
  }

  /// The tenants' file of the same version must not be recorded instead.
  @Test(arguments: [true, false]) func theHintOfAMigrationThatIsThere(hasLedger: Bool) async throws {
    try await Self.with { scene in
      if hasLedger {
        try scene.folder.write("SELECT 1;\n", to: "migrations/shared/0_first.sql")
        let text = try scene.folder.read(Self.shared)
        try scene.folder.remove(Self.shared)
        try await scene.succeed("migrate --all")
        try scene.folder.write(text, to: Self.shared)
      }
      try await scene.database.psql("CREATE TABLE public.plans (i int)")
      try await scene.succeed("create acme --no-migrations")
      let outcome = try await scene.run("migrate --all")
      let hint = try #require(outcome.stderr.firstMatch(of: /'tenantctl (migration baseline .*?)' records/))
      try await scene.succeed(String(hint.1))
      try await scene.succeed("migrate --all")
      #expect(try await scene.database.psql("SELECT to_regclass('acme.tanks')") == "acme.tanks")
    }
  }

  @Test(arguments: [
    (
      "CREATE TRIGGER x BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f()",
      "ledger_not_trusted"
    ),
    ("ALTER TABLE schema_migrations OWNER TO pg_monitor", "ledger_not_trusted"),
    (
      "CREATE POLICY p ON schema_migrations; ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY",
      "ledger_not_trusted"
    ),
    (
      "ALTER TABLE schema_migrations DROP CONSTRAINT schema_migrations_pkey; INSERT INTO schema_migrations TABLE schema_migrations",
      "ledger_unreadable"
    ),
    ("UPDATE schema_migrations SET statements_done = 0", "migration_unfinished"),
    ("DROP TABLE schema_migrations; CREATE TABLE schema_migrations (a int)", "foreign_ledger"),
  ])
  func doctorExaminesIt(sql: String, code: String) async throws {
    try await Self.with { scene in
      try await scene.succeed("migrate --all")
      try await scene.prints("doctor", "0 tenants: no problems found\n")
      try await scene.database.psql(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \(sql)")
      let outcome = try await scene.run("doctor --format json")
      #expect(outcome.status == 1 && outcome.stdout.contains("\"code\":\"\(code)\""), "\(outcome)")
      // Without migrations of the shared schema the table may be anybody's.
      try scene.folder.remove(Self.shared)
      #expect(try await !scene.run("doctor --format json").stdout.contains(code))
    }
  }

  @Test func doctorAddsItsKey() async throws {
    try await Self.with { scene in
      try await scene.succeed("migrate --all")
      try await scene.database.psql("ALTER TABLE schema_migrations DROP CONSTRAINT schema_migrations_pkey")
      try await scene.succeed("doctor --fix --yes")
      try await scene.prints("doctor", "0 tenants: no problems found\n")
      #expect(
        try await scene.database.psql(
          "SELECT count(*) FROM pg_index WHERE indrelid = 'schema_migrations'::regclass AND indisprimary")
          == "1")
    }
  }

  /// Of the two files with one version the one is named whose checksum was recorded.
  @Test func repairNamesTheFile() async throws {
    try await Self.with { scene in
      try await scene.succeed("create acme")
      try await scene.succeed("migrate --all")
      let own = "migrations/tenant/1_tanks.sql"
      func edit(_ path: String) throws {
        try scene.folder.write(try scene.folder.read(path) + "-- edited\n", to: path)
      }
      try edit(Self.shared)
      try await scene.prints("migration repair 1", "accepted \(Self.shared) in 1 ledger\n")
      try edit(own)
      try await scene.prints("migration repair 1", "accepted \(own) in 1 ledger\n")
      try edit(own)
      try edit(Self.shared)
      try await scene.prints("migration repair 1", "accepted \(own) and \(Self.shared) in 2 ledgers\n")
      try await scene.succeed("migrate --all")
    }
  }

  /// What a platform does to every table of the shared schema, or of all schemas (Supabase, "Enable automatic RLS").
  @Test(arguments: ["by hand", "in public", "everywhere"])
  func rowLevelSecurityWithoutAPolicy(kind: String) async throws {
    try await Self.with { scene in
      if kind == "by hand" {
        try await scene.succeed("create acme")
        try await scene.succeed("migrate --all")
        try await scene.database.psql(
          "ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY; ALTER TABLE acme.schema_migrations ENABLE ROW LEVEL SECURITY"
        )
      } else {
        try await scene.database.psql(
          """
          CREATE FUNCTION secure() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
          DECLARE made record;
          BEGIN
            FOR made IN SELECT * FROM pg_event_trigger_ddl_commands()
              WHERE object_type = 'table' AND \(kind == "everywhere" ? "true" : "schema_name = 'public'")
            LOOP EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.object_identity); END LOOP;
          END $$;
          CREATE EVENT TRIGGER secure ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION secure()
          """)
        try await scene.succeed("create acme")
        try await scene.succeed("migrate --all")
      }
      try scene.folder.write("CREATE TABLE pumps (i int);\n", to: "migrations/tenant/2_pumps.sql")
      try scene.folder.write("CREATE TABLE rates (i int);\n", to: "migrations/shared/2_rates.sql")
      try await scene.succeed("migrate --all")
      try await scene.prints("migrate --all --check --quiet", "")
      try await scene.prints("doctor", "1 tenant: no problems found\n")
      try await scene.succeed("migration baseline 2 --shared")
    }
  }

  /// The server's words before it ends a session name a limit; PostgreSQL 17 has the first one.
  @Test(arguments: [
    ("transaction timeout", "transaction_timeout"),
    ("idle-in-transaction timeout", "idle_in_transaction_session_timeout"),
    ("idle-session timeout", "idle_session_timeout"),
  ])
  func aLimitThatEndsTheSession(words: String, setting: String) {
    let hint = ErrorReport.connectionLostHint("FATAL:  terminating connection due to \(words)")
    #expect(hint.hasPrefix("\(setting) ") && hint.contains("PGOPTIONS='-c \(setting)=0'"))
  }
}
