import Foundation
import TestSupport
import Testing

@testable import Tenancy

/// `create` does to a new tenant what `migrate` has done to an old one, file by file.
@Suite struct CreateIsMigrateTests {
  /// A name for the kind of thing, and the files.
  struct Files: Sendable, CustomTestStringConvertible {
    let name: String
    let files: [String]
    var testDescription: String { name }

    init(_ name: String, _ files: String...) {
      self.name = name
      self.files = files
    }
  }

  @Test(arguments: sets) func sameSchemaAndRows(set: Files) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE public.log (tenant text, what text, who text)")
      let files = try set.files.enumerated().map { try migration("\($0 + 1)", $1) }
      // An old tenant has got each file in a run of its own, over a session of its own.
      try await fleet.create("old_")
      for count in files.indices {
        let alone = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy())
        let report = try await alone.migrate(Array(files[...count]))
        #expect(report.tenants[0].isDone, "\(report)")
        await alone.tenancy.close()
      }
      try await fleet.create("new_", files)
      // Another old one has got them all in one run.
      try await fleet.psql("CREATE SCHEMA all_; INSERT INTO tenants (name) VALUES ('all_')")
      #expect(try await fleet.migrate(files).tenants.allSatisfy(\.isDone))
      let old = try await fleet.dump("old_")
      #expect(old.contains("CREATE TABLE"))
      #expect(try await fleet.dump("new_") == old)
      #expect(try await fleet.dump("all_") == old)
      let rows = "SELECT what, who FROM public.log WHERE tenant = '%' ORDER BY 1, 2"
      func log(_ tenant: String) async throws -> String {
        try await fleet.psql(rows.replacing("%", with: tenant))
      }
      let expected = try await log("old_")
      #expect(try await log("new_") == expected)
      #expect(try await log("all_") == expected)
      for tenant in ["old_", "new_", "all_"] {
        #expect(
          try await fleet.ledger(tenant, of: files) == files.map(\.version.rawValue).joined(separator: ","))
      }
    }
  }

  private static let t = "CREATE TABLE t (id int, c text);"

  /// A file that writes down what it finds.
  private static func note(_ expression: String) -> String {
    "INSERT INTO t (c) SELECT \(expression); INSERT INTO public.log SELECT current_schema(), \(expression), current_user;"
  }

  private static func comment(_ text: String) -> String {
    "DO $$ BEGIN EXECUTE format('COMMENT ON SCHEMA %I IS %L', current_schema(), '\(text)'); END $$;"
  }

  static let sets: [Files] = [
    Files(
      "enum value", "CREATE TYPE e AS ENUM ('a');\(t)", "ALTER TYPE e ADD VALUE 'b';", note("'b'::e::text")),
    Files(
      "enum default", "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (e e DEFAULT 'a');",
      "ALTER TYPE e ADD VALUE 'c' BEFORE 'a';",
      "ALTER TABLE t ALTER e SET DEFAULT 'c'; INSERT INTO t DEFAULT VALUES;"),
    Files(
      "enum renamed value",
      "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (e e); INSERT INTO t VALUES ('a');",
      "ALTER TYPE e RENAME VALUE 'a' TO 'z';", "INSERT INTO t VALUES ('z');"),
    Files(
      "deferred foreign key",
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);",
      "INSERT INTO t VALUES (1); INSERT INTO p VALUES (1);", "ALTER TABLE t ADD COLUMN x int;"),
    Files(
      "deferred unique",
      "CREATE TABLE t (id int CONSTRAINT u UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1), (2);",
      "UPDATE t SET id = 3 - id;", "ALTER TABLE t DROP CONSTRAINT u;"),
    Files(
      "deferred trigger",
      """
      \(t) CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.log SELECT current_schema(), NEW.c, current_user; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER d AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
      """, "INSERT INTO t VALUES (1, 'x');", "ALTER TABLE t ADD COLUMN y int; DROP TRIGGER d ON t;"),
    Files(
      "set constraints", "CREATE TABLE t (id int UNIQUE DEFERRABLE);", "SET CONSTRAINTS ALL DEFERRED;",
      "INSERT INTO t VALUES (1);"),
    Files(
      "temporary table", t, "CREATE TEMP TABLE s AS SELECT 1 AS a;", "CREATE TEMP TABLE s AS SELECT 2 AS a;"),
    Files(
      "temporary table if not exists", t,
      "CREATE TEMP TABLE IF NOT EXISTS s (a int); INSERT INTO s VALUES (1);",
      "CREATE TEMP TABLE IF NOT EXISTS s (a int); INSERT INTO s VALUES (2); INSERT INTO t (id) SELECT a FROM s;"
    ),
    Files(
      "on commit drop", t, "CREATE TEMP TABLE s (a int) ON COMMIT DROP;",
      "CREATE TEMP TABLE s (a int) ON COMMIT DROP;"),
    Files("temporary shadow", t, "CREATE TEMP TABLE t (id int, c text);", "INSERT INTO t VALUES (1);"),
    Files(
      "temporary function", t, "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
      note("coalesce(to_regprocedure('pg_temp.f()')::text, 'none')")),
    Files(
      "local setting", t, "SET LOCAL session_replication_role = replica;",
      note("current_setting('session_replication_role')")),
    Files(
      "session setting", t, "SET session_replication_role = replica;",
      note("current_setting('session_replication_role')")),
    Files(
      "custom setting", t, "SET my.value = 'x';",
      note("coalesce(nullif(current_setting('my.value', true), ''), 'none')")),
    Files(
      "set_config", t, "SELECT set_config('work_mem', '77MB', false);", note("current_setting('work_mem')")),
    Files("time zone", t, "SET TIME ZONE 'Asia/Kathmandu';", note("current_setting('timezone')")),
    Files("lock timeout", t, "SET LOCAL lock_timeout = '77ms';", note("current_setting('lock_timeout')")),
    Files(
      "check_function_bodies", t, "SET check_function_bodies = off;",
      note("current_setting('check_function_bodies')")),
    Files(
      "isolation level", t,
      "SET LOCAL work_mem = '5MB'; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; "
        + note("current_setting('transaction_isolation')"), note("current_setting('transaction_isolation')")),
    Files("role", t, "SET ROLE pg_monitor;", note("current_user")),
    Files(
      "session authorization", t, "SET SESSION AUTHORIZATION pg_monitor;",
      note("session_user::text || current_user")),
    Files("row security", t, "SET row_security = off;", note("current_setting('row_security')")),
    Files("prepared statement", t, "PREPARE q AS SELECT 1;", "PREPARE q AS SELECT 2;"),
    Files(
      "cursor", t, "DECLARE c CURSOR WITH HOLD FOR SELECT 1;", "DECLARE c CURSOR WITH HOLD FOR SELECT 2;"),
    Files(
      "advisory lock", t, "SELECT pg_advisory_lock(4711);",
      note(
        "(SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid())"
      )),
    Files(
      "sequence", "CREATE SEQUENCE s; CREATE TABLE t (id int, c text);", "SELECT nextval('s');",
      """
      DO $$ BEGIN PERFORM currval('s'); INSERT INTO t VALUES (1, 'seen');
      EXCEPTION WHEN object_not_in_prerequisite_state THEN INSERT INTO t VALUES (2, 'none'); END $$;
      """),
    Files(
      "time", t, "SELECT pg_sleep(0.01);",
      note("(now() = statement_timestamp() OR now() < clock_timestamp())::text")),
    Files(
      "DO", t, "DO $$ BEGIN EXECUTE 'CREATE TABLE u (id int)'; INSERT INTO u VALUES (7); END $$;",
      note("(SELECT id::text FROM u)")),
    Files(
      "procedure",
      "\(t) CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (a); END $$;",
      "CALL p(1);", "CALL p(2); DROP PROCEDURE p;"),
    Files(
      "procedure that commits",
      "\(t) CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); END $$;",
      "-- migrate:up transaction:false\nCALL p();", "DROP PROCEDURE p;"),
    Files(
      "transaction:false between", t,
      "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (id);\nINSERT INTO t VALUES (1, 'x');",
      note("'after'")),
    Files(
      "transaction:false settings", t,
      "-- migrate:up transaction:false\nSET my.mode = 'on';\nCREATE INDEX CONCURRENTLY i ON t (id);\nINSERT INTO t SELECT 1, current_setting('my.mode');",
      note("coalesce(nullif(current_setting('my.mode', true), ''), 'none')")),
    Files(
      "transaction:false temporary table", t,
      "-- migrate:up transaction:false\nCREATE TEMP TABLE s AS SELECT 5 AS a;\nINSERT INTO t SELECT a FROM s;",
      note("coalesce(to_regclass('pg_temp.s')::text, 'none')")),
    Files(
      "transaction:false role", t,
      "-- migrate:up transaction:false\nGRANT ALL ON TABLE t TO pg_monitor;\nSET ROLE pg_monitor;\nRESET ROLE;\nCREATE TABLE u (id int);",
      note("current_user")),
    Files(
      "savepoint", t, "SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; RELEASE a;",
      "INSERT INTO t VALUES (2);"),
    Files(
      "comment at the end", t, "INSERT INTO t VALUES (1) -- no semicolon",
      "/* a */ INSERT INTO t VALUES (2); -- b"),
    Files(
      "comment on the schema", t, "-- migrate:up transaction:false\n\(comment("first"))", comment("second")),
    Files("listen", t, "LISTEN ears;", note("(SELECT count(*)::text FROM pg_listening_channels())")),
  ]
}

extension Fleet {
  /// The schema and its rows but the ledger's, under a name that all tenants share.
  fileprivate func dump(_ schema: String) async throws -> String {
    let words = [
      "pg_dump", "--no-sync", "-n", schema, "--exclude-table-data=*.schema_migrations", database.url,
    ]
    return try await database.output(words).replacing(schema, with: "tenant")
      .replacing(#/\\(un)?restrict .*/#, with: "")
      // The comment's digest is the same, its name is not.
      .replacing(#/-- (Dumped|Started|Completed) .*/#, with: "")
  }
}
