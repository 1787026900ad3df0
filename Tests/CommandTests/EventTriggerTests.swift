import TestSupport
import Testing

/// A log of DDL by an event trigger, as in PostgreSQL's manual: its function finds its table by the app's search path.
@Suite struct EventTriggerTests {
  private static let log = """
    CREATE TABLE ddl_log (what text);
    CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO ddl_log SELECT object_identity FROM pg_event_trigger_ddl_commands(); END';
    CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl()
    """
  private static let hint = """
    hint: tenantctl runs with search_path = pg_catalog, so that it calls no other role's objects: set the path of the \
    trigger's function, ALTER FUNCTION ... SET search_path TO public
    """
  private static let lines = ["create new", "rename old older", "migrate other", "drop other --yes"]

  @Test func theFailureSaysHowToFixIt() async throws {
    try await Scene.with(tenants: ["old", "other"]) { scene in
      try await scene.database.psql(Self.log)
      try scene.folder.write(
        "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY tanks_name ON tanks (name);\n",
        to: "migrations/tenant/20260103000000_x.sql")
      for line in Self.lines {
        let outcome = try await scene.run(line)
        #expect(
          outcome.status != 0 && outcome.stderr.contains("relation \"ddl_log\" does not exist"), "\(outcome)")
        #expect(outcome.stderr.contains(Self.hint), "\(line): \(outcome)")
      }
      try await scene.database.psql("ALTER FUNCTION log_ddl() SET search_path TO public")
      for line in Self.lines { try await scene.succeed(line) }
    }
  }

  /// A file's own statements run with the tenant's path: the hint would lead astray.
  @Test func aFilesOwnTriggerHasAnotherPath() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try scene.folder.write(
        """
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM FROM nowhere; RETURN NEW; END';
        CREATE CONSTRAINT TRIGGER g AFTER INSERT ON tanks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
        INSERT INTO tanks (name) VALUES ('x');

        """, to: "migrations/tenant/20260103000000_x.sql")
      let outcome = try await scene.run("migrate acme")
      #expect(outcome.status == 5 && !outcome.stderr.contains("pg_catalog"), "\(outcome)")
    }
  }
}
