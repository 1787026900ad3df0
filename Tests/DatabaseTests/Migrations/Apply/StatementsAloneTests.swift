import TestSupport
import Testing

@testable import Tenancy

/// Statements of a `transaction:false` file: those that PostgreSQL refuses beside any other, and what the others have set.
@Suite struct StatementsAloneTests {
  private static let partitioned = """
    CREATE TABLE p (id int NOT NULL, k int) PARTITION BY RANGE (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
    CREATE INDEX p_id ON p (id); CREATE INDEX p1_k ON p1 (k);
    INSERT INTO p SELECT g, g FROM generate_series(0, 19) g;
    """

  @Test(arguments: [
    "REINDEX INDEX p_id;", "REINDEX TABLE p;", "REINDEX (VERBOSE) TABLE p1;", "CLUSTER p USING p_id;",
    "CLUSTER p1 USING p1_k;", "REINDEX INDEX CONCURRENTLY p1_k;",
    "ALTER TABLE p DETACH PARTITION p2 CONCURRENTLY;",
    "VACUUM (ANALYZE) p;", "ANALYZE p;", "CALL work();",
  ])
  func runOutsideOfATransaction(sql: String) async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration(
          "1",
          "\(Self.partitioned)\nCREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; DELETE FROM p; COMMIT; END $$;"
        ),
        try migration(
          "2", "-- migrate:up transaction:false\nCREATE TABLE before ();\n\(sql)\nCREATE TABLE after ();"),
      ]
      try await fleet.populate(["a"])
      #expect(try await fleet.migrate(files).outline == "a: 1,2")
      try await fleet.create("b", files)
      for tenant in ["a", "b"] {
        #expect(try await fleet.ledger(tenant, of: files) == "1,2")
        #expect(try await fleet.psql("SELECT to_regclass('\(tenant).after')") == "\(tenant).after")
      }
    }
  }

  /// What a file has set is sent again before each statement that is sent alone. Without it, and without the search path, the
  /// statement would reach the shared table.
  @Test(arguments: [
    "PREPARE moved AS INSERT INTO plans SELECT id FROM old; EXECUTE moved; DROP TABLE old",
    "CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple); SET default_text_search_config = mine; DROP TEXT SEARCH CONFIGURATION mine",
  ])
  func whatCannotBeSetAgain(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE public.plans (id int); INSERT INTO public.plans VALUES (1)")
      let own = try migration("1", "CREATE TABLE plans (id int); CREATE TABLE old (id int);")
      let update = "DO $$ BEGIN UPDATE plans SET id = 2; COMMIT; END $$"
      let file = try migration("2", "-- migrate:up transaction:false\n\(sql);\n\(update);")
      try await fleet.create("a", [own])
      let failure = try #require(try await fleet.migrate([own, file]).tenants[0].migrationFailure)
      #expect(failure.excerpt?.contains("UPDATE plans") == true)
      #expect(try #require(failure.server?.context).hasPrefix("SQL statement \""))
      #expect(try await fleet.psql("SELECT id FROM public.plans") == "1")
    }
  }

  /// It is no setting alone: sent again before each of the others, it would do its work as often.
  @Test func aCallAmongSettingsIsMadeOnce() async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration(
          "1",
          """
          CREATE TABLE runs (id serial);
          CREATE FUNCTION begin_run() RETURNS text LANGUAGE sql AS 'INSERT INTO runs DEFAULT VALUES RETURNING id::text';
          """),
        try migration(
          "2",
          """
          -- migrate:up transaction:false
          SELECT set_config('my.run', begin_run(), false);
          CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ();
          """),
      ]
      try await fleet.populate(["a"])
      #expect(try await fleet.migrate(files).outline == "a: 1,2")
      #expect(try await fleet.psql("SELECT count(*) FROM a.runs") == "1")
    }
  }

  /// In another session the name would lead to the table of the tenant's or of everybody's.
  @Test func aTemporaryTableIsNotThereWhenTheRunIsResumed() async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration(
          "1",
          "-- migrate:up transaction:false\nCREATE TEMP TABLE batch AS SELECT 1 AS id;\nDROP TABLE obstacle;\nDELETE FROM batch;"
        )
      ]
      try await fleet.populate(["a"])
      try await fleet.psql("CREATE TABLE public.batch AS SELECT 1 AS id")
      #expect(try await fleet.migrate(files).outline == "a: failed")
      try await fleet.psql("CREATE TABLE a.obstacle ()")
      #expect(try await fleet.migrate(files).tenants[0].migrationFailure?.reason == .temporaryLost)
      #expect(try await fleet.psql("SELECT count(*) FROM public.batch") == "1")
    }
  }

  /// The second statement fails once; what the first one has set holds all the same when the run resumes.
  @Test(arguments: [
    ("SET my.mode = 'careful';", "current_setting('my.mode')", "careful"),
    ("SELECT set_config('my.mode', 'called', false);", "current_setting('my.mode')", "called"),
    ("SELECT set_config('my.mode', concat('a', 1)::text, false);", "current_setting('my.mode')", "a1"),
    ("SET work_mem = '77MB';", "current_setting('work_mem')", "77MB"),
    ("SET lock_timeout = '7s';", "current_setting('lock_timeout')", "7s"),
    (
      "SET my.mode = 'a';\nSET my.mode = 'b';\nRESET my.mode;\nSET my.mode = 'c';",
      "current_setting('my.mode')", "c"
    ),
  ])
  func aRunThatResumesHasWhatWasSet(set: String, expression: String, expected: String) async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration("1", "CREATE TABLE t (id int, c text);\nINSERT INTO t VALUES (1), (1);"),
        try migration(
          "2",
          """
          -- migrate:up transaction:false
          \(set)
          CREATE UNIQUE INDEX CONCURRENTLY i ON t (id);
          INSERT INTO t SELECT 2, \(expression);
          """),
      ]
      try await fleet.populate(["a", "b"])
      #expect(try await fleet.migrate(files).outline == "a: failed; b: failed")
      try await fleet.psql("DELETE FROM a.t WHERE ctid = '(0,1)'; DELETE FROM b.t")
      #expect(try await fleet.migrate(files).outline == "a: 2; b: 2")
      #expect(try await fleet.psql("SELECT c FROM a.t WHERE id = 2") == expected)
      #expect(try await fleet.psql("SELECT c FROM b.t WHERE id = 2") == expected)
    }
  }

  /// The record of a statement is written by whoever migrates; the next statement runs as the file says.
  @Test func aRoleHoldsForTheStatementsAfterIt() async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration("1", "CREATE TABLE t (who text); GRANT ALL ON t TO pg_monitor;"),
        try migration(
          "2",
          """
          -- migrate:up transaction:false
          SET ROLE pg_monitor;
          INSERT INTO t VALUES (current_user);
          RESET ROLE;
          INSERT INTO t VALUES (current_user);
          """),
      ]
      try await fleet.populate(["a"])
      try await fleet.psql("GRANT USAGE ON SCHEMA a TO pg_monitor")
      #expect(try await fleet.migrate(files).outline == "a: 1,2")
      #expect(try await fleet.psql("SELECT string_agg(who, ',') FROM a.t") == "pg_monitor,postgres")
      // A schema's privileges are part of the database, not of the role.
      try await fleet.psql("REVOKE ALL ON SCHEMA a FROM pg_monitor; REVOKE ALL ON a.t FROM pg_monitor")
    }
  }
}
