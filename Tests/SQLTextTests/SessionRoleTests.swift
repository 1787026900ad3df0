import SQLText
import Testing

@Suite struct SessionRoleTests {
  @Test(arguments: [
    "SET ROLE app", "set  local role none", "SET SESSION ROLE app", "SET ROLE TO 'app'", "SET \"role\" = app",
    "SET SESSION AUTHORIZATION app", "SET LOCAL SESSION AUTHORIZATION DEFAULT",
    "SET session_authorization TO app",
    "/* SET */ SET -- x\n ROLE app", "; SET ROLE app", "SELECT set_config('role', 'app', true)",
    "SELECT pg_catalog.Set_Config('SESSION_AUTHORIZATION', 'app', false)", "DO $$BEGIN SET ROLE app; END$$",
    "WITH x AS (SELECT set_config('role', 'a', true)) SELECT * FROM x",
  ])
  func mayBeSet(statement: String) {
    #expect(maySetRole(statement))
  }

  @Test(arguments: [
    "", " ", "SELECT role FROM users", "SET search_path TO roles", "SET LOCAL lock_timeout TO '1s'",
    "CREATE ROLE app",
    "RESET ROLE", "DROP ROLE app", "SELECT set_config('app.tenant', 'acme', true)",
    "DO $$BEGIN PERFORM 1; END$$",
    "UPDATE t SET role = 'x'", "-- SET ROLE app",
  ])
  func isNotSet(statement: String) {
    #expect(!maySetRole(statement))
  }

  /// The index of the statement before which the role matters.
  @Test(arguments: [
    ("SET ROLE a; CREATE TABLE t ()", 1),
    ("SET ROLE a; SELECT 1; INSERT INTO t VALUES (1); SELECT * FROM t", 2),
    ("SET ROLE a; UPDATE ONLY t SET x = 1", 1), ("SET ROLE a; SELECT * FROM public.u JOIN t USING (id)", 1),
    ("SET ROLE a; DO $$BEGIN INSERT INTO t VALUES (1); END$$", 1),
    ("SET ROLE a; RESET lock_timeout; TABLE t", 2),
    ("SET ROLE a; DO $$BEGIN UPDATE t SET role = 'x'; END$$", 1), ("SET ROLE a; SELECT setval('s', 1)", 1),
    ("SET ROLE a; WITH q AS (SELECT 1) SELECT * FROM q JOIN t ON true", 1),
    ("SET ROLE a; DROP TABLE IF EXISTS t", 1),
    ("SET ROLE a; TRUNCATE t", 1),
    ("SET ROLE a; RESET ROLE; SET ROLE b; GRANT SELECT ON t TO c", 3), ("SET ROLE a; COPY t TO '/tmp/t'", 1),
    ("SET ROLE a; SAVEPOINT s; RESET ROLE; ROLLBACK TO s; CREATE TABLE t ()", 4),
    ("SET ROLE a; SAVEPOINT s; RESET ROLE; ROLLBACK TO SAVEPOINT s; TABLE t", 4),
    ("SET ROLE a; SAVEPOINT s; RESET ALL; SELECT 1; ROLLBACK WORK TO s; DROP TABLE t", 5),
    ("SET ROLE a; DROP VIEW \"V\"", 1), ("SELECT set_config('role', 'a', true); TABLE t", 1),
  ])
  func itMatters(script: String, index: Int) throws {
    let statements = try SQLScript.statements(in: Array(script.utf8))
    #expect(statements.underAnotherRole == [index])
  }

  /// Each in a session of its own, with what the settings before it have set: found in one pass, as one by one.
  @Test(arguments: [
    "CREATE TABLE t (); TABLE t", "SET ROLE a; CREATE TABLE t (); SELECT 1; TABLE t; RESET ROLE; TABLE t",
    "SET ROLE a; SET lock_timeout TO 1; TABLE t; SET ROLE NONE; TABLE t; TRUNCATE t",
    "SET ROLE a; SELECT set_config('role', 'b', false) FROM t; SELECT 1; TABLE t; RESET ALL; SELECT 1",
    "SELECT set_config('role', 'a', false); DO $$BEGIN SET ROLE b; END$$; TABLE public.t; DROP TABLE t; SET ROLE c",
    "SET ROLE a; RESET ROLE; ROLLBACK TO s; TABLE t",
    "DO $$BEGIN SET ROLE b; END$$; TABLE t; RESET ROLE; SET ROLE a; TABLE t; TABLE t; RESET lock_timeout; TABLE t",
  ])
  func eachInItsOwnSession(script: String) throws {
    let statements = try SQLScript.statements(in: Array(script.utf8))
    let settings = statements.indices.filter { index in
      ["SET", "RESET"].contains(statements[index].leadingKeywords.first)
        || statements[index].text.hasPrefix("SELECT set_config")
    }
    let expected = statements.indices.filter { index in
      let sent = settings.filter { $0 < index }.map { statements[$0] } + [statements[index]]
      return !sent.underAnotherRole.isEmpty
    }
    #expect(statements.underAnotherRole(eachAfter: Set(settings)) == Set(expected))
  }

  @Test(arguments: [
    "SET ROLE a", "CREATE TABLE t (); SET ROLE a", "SET ROLE a; SELECT 1/0",
    "SET ROLE a; RESET ROLE; SELECT * FROM t",
    "SET ROLE a; INSERT INTO public.audit VALUES (current_user)", "SELECT * FROM t; INSERT INTO t VALUES (1)",
    "SET ROLE a; INSERT INTO public.audit VALUES (1) ON CONFLICT DO NOTHING",
    "SET ROLE a; SELECT extract(year FROM now())",
    "SET ROLE a; SELECT * FROM generate_series(1, 3)", "SET ROLE a; SELECT * FROM pg_stat_activity",
    "SET ROLE a; DO $$BEGIN END$$",
    "SET ROLE a; WITH q AS (SELECT 1) SELECT * FROM q",
    "SET ROLE a; DO $$BEGIN INSERT INTO public.audit VALUES (1); END$$",
    "SET ROLE a; SET lock_timeout TO 1", "SET ROLE a; CREATE TABLE public.t (); SELECT * FROM public.t",
  ])
  func itDoesNotMatter(script: String) throws {
    let statements = try SQLScript.statements(in: Array(script.utf8))
    #expect(statements.underAnotherRole == [])
  }
}
