import TestSupport
import Testing

/// What the server says beside its sentence.
@Suite struct ServerMessageTests {
  private static let block = """
    -- migrate:up
    DO $$ BEGIN
      PERFORM 1;
      UPDATE nosuch SET x = 1;
    END $$;

    """

  @Test func anErrorInABlockHasItsLine() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write(Self.block, to: "migrations/tenant/20260301000000_block.sql")
      let outcome = try await scene.run("migrate --all")
      #expect(
        outcome.stderr.hasPrefix(
          """
          failed on 2 tenants (acme, reef):
            migrations/tenant/20260301000000_block.sql:2:1: relation "nosuch" does not exist
              QUERY: UPDATE nosuch SET x = 1
              CONTEXT: PL/pgSQL function inline_code_block line 3 at SQL statement
              DO $$ BEGIN

          """), "\(outcome)")
      let exec = try await scene.run(["exec", "acme", "-c", "DO $$ BEGIN\nRAISE EXCEPTION 'no'; END $$"])
      #expect(
        exec.stderr.contains(
          "-c:1:1: no\n    CONTEXT: PL/pgSQL function inline_code_block line 2 at RAISE\n"), "\(exec)")
    }
  }

  @Test func aRecursionDoesNotFillTheScreen() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await scene.database.psql(
        """
        CREATE FUNCTION deep(n int) RETURNS int LANGUAGE plpgsql AS
          'BEGIN IF n = 0 THEN RAISE EXCEPTION ''deep''; END IF; RETURN deep(n - 1); END'
        """)
      let outcome = try await scene.run(["exec", "acme", "-c", "SELECT deep(50)"])
      #expect(outcome.stderr.split(separator: "\n").count < 15, "\(outcome)")
    }
  }

  @Test func aWarningNamesTheTenant() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try await scene.database.psql("INSERT INTO reef.tanks (name) VALUES ('old')")
      try scene.folder.write(
        "DO $$ BEGIN IF EXISTS (SELECT FROM tanks) THEN RAISE WARNING 'rows'; END IF; END $$;\n",
        to: "migrations/tenant/20260301000000_warn.sql")
      #expect(try await scene.run("migrate --all").stderr == "warning: reef: rows\n")
      let exec = try await scene.run(["exec", "acme", "-c", "DO $$ BEGIN RAISE WARNING 'rows'; END $$"])
      #expect(exec.stderr.hasPrefix("warning: acme: rows\n"))
    }
  }

  /// It is about the database, and the server says it to each connection.
  @Test func aWarningOfTheDatabaseComesOnce() async throws {
    try await Scene.with(tenants: ["acme", "reef", "tank"]) { scene in
      try await scene.database.psql(
        """
        DO $$ BEGIN EXECUTE format(
          'UPDATE pg_database SET datlocprovider = ''i'', %I = ''en'', datcollversion = ''0.1'' WHERE datname = current_database()',
          CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'datlocale' ELSE 'daticulocale' END);
        END $$
        """)
      let outcome = try await scene.run([
        "exec", "--all", "--jobs", "3", "-c", "SELECT pg_sleep(0.2)", "--quiet",
      ])
      let lines = outcome.stderr.split(separator: "\n")
      #expect(lines.count == 2, "\(outcome)")
      #expect(lines.first?.hasPrefix("warning: database ") == true, "\(outcome)")
      #expect(
        lines.last?.contains("hint: ") == true && lines.last?.contains("REFRESH COLLATION VERSION") == true)
    }
  }

  /// A standby says the same of each statement that writes.
  @Test func aReadOnlyServerIsNamed() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write("CREATE TABLE b ();\n", to: "migrations/tenant/20260301000000_b.sql")
      try await scene.database.psql(
        "ALTER DATABASE \(scene.database.name) SET default_transaction_read_only = on")
      let hint = "the server is a standby, or the database is read-only (default_transaction_read_only): "
      for line in ["migrate --all", "create kelp", "drop acme --yes", "deactivate acme"] {
        let outcome = try await scene.run(line)
        #expect(outcome.status != 0 && outcome.stderr.contains("hint: \(hint)"), "\(line): \(outcome)")
      }
      let exec = try await scene.run(["exec", "acme", "--write", "-c", "DELETE FROM tanks"])
      #expect(exec.stderr.contains("hint: \(hint)"), "\(exec)")
      let doctor = try await scene.run("doctor")
      #expect(doctor.status != 0 && doctor.stdout.contains("default_transaction_read_only is on"))
    }
  }
}
