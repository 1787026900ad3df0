import Testing

@testable import SQLText
@testable import Tenancy

/// Where a name with a point is an object's, and where it is a column's.
@Suite struct SchemaNameTests {
  @Test(arguments: [
    // What looks like a schema and is a table, an alias, a record or a setting.
    "CREATE TRIGGER t AFTER UPDATE OF a ON o FOR EACH ROW WHEN (OLD.a IS NOT DISTINCT FROM NEW.a) EXECUTE FUNCTION f()",
    "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW WHEN (NEW.a <> OLD.a) EXECUTE PROCEDURE f()",
    "SELECT a.x IS DISTINCT FROM b.x FROM a, b",
    "SELECT extract(epoch FROM o.at), date_part('year', o.at) FROM orders o",
    "SELECT trim(BOTH FROM a.x), trim(LEADING ' ' FROM a.x) FROM a",
    "SELECT substring(a.x FROM b.n FOR 2), overlay(a.x PLACING 'x' FROM a.n) FROM a, b",
    "SELECT position(a.x IN b.x) FROM a JOIN b ON a.x LIKE b.x",
    "SELECT 1 FROM a JOIN b ON a.x BETWEEN b.x AND b.y JOIN c ON c.r && a.r, d",
    "SELECT 1 FROM a JOIN b ON a.x @> b.x OR a.x::text = b.x OR a.x -> 'k' = b.y",
    "SELECT 1 FROM a JOIN b ON NOT a.gone LEFT JOIN c ON a.x IS NULL WHERE a.y IN (b.y, c.y)",
    "SELECT a.x, count(*) FILTER (WHERE a.y) FROM a GROUP BY a.x, a.y ORDER BY a.x DESC NULLS LAST, a.y",
    "SELECT sum(a.x) OVER (PARTITION BY a.y ORDER BY a.z) FROM a WINDOW w AS (ORDER BY a.x)",
    "SELECT DISTINCT ON (a.x) a.x FROM a JOIN b USING (x) FOR UPDATE OF a",
    "SELECT CASE a.x WHEN b.x THEN a.y ELSE b.y END FROM a, LATERAL (SELECT a.z) b",
    "SELECT x.n FROM unnest(ARRAY[1]) WITH ORDINALITY AS x (v, n) JOIN LATERAL generate_series(1, x.n) g ON x.v = g",
    "UPDATE a SET x = b.x, y = coalesce(b.y, a.y) FROM b WHERE a.id = b.id RETURNING a.x",
    "DELETE FROM a USING b WHERE a.id = b.id",
    "INSERT INTO a (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = excluded.x WHERE a.x <> excluded.x",
    "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED AND a.y < b.y THEN UPDATE SET y = b.y WHEN NOT MATCHED THEN DO NOTHING",
    "WITH m AS (DELETE FROM a WHERE a.old RETURNING a.id) SELECT m.id FROM m WHERE m.id > ALL (SELECT b.id FROM b)",
    "CREATE POLICY p ON a FOR UPDATE USING (a.owner = current_user) WITH CHECK (a.x > 0)",
    "CREATE INDEX i ON a ((a.x || a.y)) WHERE a.live",
    "CREATE VIEW v AS SELECT a.type, a.table, b.index FROM a, b WHERE a.view = b.trigger",
    "CREATE RULE r AS ON UPDATE TO a WHERE OLD.x <> NEW.x DO INSTEAD UPDATE b SET x = NEW.x WHERE b.id = OLD.id",
    "COMMENT ON COLUMN a.x IS 'public.x'", "ALTER SEQUENCE s OWNED BY a.x", "CREATE SEQUENCE s OWNED BY a.x",
    "ALTER ROLE app SET app.tenant = 'x'", "SET LOCAL app.tenant = 'x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.x = '1' AS 'SELECT 1'",
    "CREATE TABLE t (id int) WITH (toast.autovacuum_enabled = false)",
    "ALTER TABLE a ALTER x TYPE int USING a.x::int, ALTER y SET DEFAULT 1",
    "SELECT (a).x, (a.b).c, a.b[1], a.* FROM a", "GRANT SELECT, INSERT (x), UPDATE ON a TO app",
    "SELECT current_setting('app.tenant'), 'public.x'::text, to_tsvector('a.b')",
    "SELECT pg_catalog.now(), 'pg_catalog.int4'::regtype FROM information_schema.tables t, pg_temp.x",
  ]) func column(sql: String) throws {
    #expect(try names(sql) == [])
  }

  @Test(arguments: [
    ("SELECT 1 FROM a, s.b, (s.c x JOIN s.d USING (id)) WHERE a.x = s.f(a.y)", "s.b s.c s.d s.f"),
    ("SELECT 1 FROM a JOIN b ON a.x = b.x, s.c CROSS JOIN ONLY s.d NATURAL JOIN s.e", "s.c s.d s.e"),
    (
      "SELECT extract(epoch FROM o.at) FROM s.orders o WHERE EXISTS (SELECT FROM s.x WHERE x.id = o.id)",
      "s.orders s.x"
    ),
    ("SELECT a.x IS DISTINCT FROM b.x FROM s.a, ROWS FROM (s.f(a.y), generate_series(1, 2)) b", "s.a s.f"),
    (
      "SELECT CAST(a.x AS s.mood), a.y::s.mood, a.z COLLATE s.de, a.x OPERATOR(s.+) 1 FROM a",
      "s.mood s.mood s.de s."
    ),
    ("WITH m AS (SELECT * FROM s.a) INSERT INTO s.b SELECT * FROM m UNION TABLE s.c", "s.a s.b! s.c"),
    ("TABLE s.a", "s.a"), ("TABLE ONLY s.a ORDER BY 1", "s.a"), ("CREATE VIEW v AS TABLE s.a", "s.a"),
    ("WITH m AS (TABLE s.a) TABLE m UNION ALL TABLE s.b", "s.a s.b"),
    ("UPDATE ONLY s.a SET x = b.x FROM s.b b WHERE b.id IN (SELECT id FROM s.c)", "s.a! s.b s.c"),
    ("DELETE FROM s.a USING s.b WHERE a.id = b.id", "s.a! s.b"),
    ("MERGE INTO s.a USING s.b ON true WHEN MATCHED THEN DELETE", "s.a! s.b"),
    (
      "CREATE TABLE s.a (m s.mood DEFAULT s.f(), n int REFERENCES s.b (id), LIKE s.c, CHECK (n > 0)) INHERITS (s.d, e)",
      "s.a! s.mood s.f s.b s.c s.d"
    ),
    ("CREATE TABLE a PARTITION OF s.b FOR VALUES FROM (1) TO (2)", "s.b!"),
    (
      "ALTER TABLE a ADD m s.mood, ALTER n TYPE s.mood USING n::text::s.mood, ADD FOREIGN KEY (x) REFERENCES s.b",
      "s.mood s.mood s.mood s.b"
    ),
    ("CREATE INDEX i ON s.a USING gin (x s.gin_trgm_ops) WHERE s.f(x)", "s.a! s.gin_trgm_ops s.f"),
    (
      "CREATE TRIGGER t AFTER UPDATE ON s.a FOR EACH ROW WHEN (OLD.x <> NEW.x) EXECUTE FUNCTION s.f()",
      "s.a! s.f"
    ),
    (
      "CREATE FUNCTION s.f(a s.mood, OUT b t.x%TYPE) RETURNS SETOF s.mood LANGUAGE c AS 'x'",
      "s.f! s.mood s.mood"
    ),
    ("CREATE VIEW s.v AS SELECT * FROM s.a", "s.v! s.a"),
    ("DROP TABLE IF EXISTS a, s.b, s.c CASCADE", "s.b! s.c!"),
    ("DROP FUNCTION s.f(int, s.mood)", "s.f! s.mood"), ("TRUNCATE s.a, s.b", "s.a! s.b!"),
    ("GRANT SELECT, UPDATE ON s.a TO app", "s.a!"), ("REVOKE ALL ON FUNCTION s.f(int) FROM PUBLIC", "s.f!"),
    ("GRANT USAGE ON SCHEMA s TO app", "s.!"),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO app", "s.!"),
    ("ALTER TABLE a SET SCHEMA s", "s.!"), ("COMMENT ON COLUMN s.a.x IS ''", "s.a!"),
    ("CREATE TYPE s.mood AS ENUM ('a')", "s.mood!"),
    ("CREATE TYPE pair AS (a s.mood, b int)", "s.mood"),
    ("CREATE DOMAIN d AS s.citext CHECK (value <> '')", "s.citext"),
    ("COPY s.a (x) FROM PROGRAM 'x'", "s.a!"),
    ("SELECT nextval('s.q'), setval($$s.r$$, 1), 's.a'::regclass, regtype 's.m'", "s.q s.r s.a s.m"),
    (#"SELECT CAST('s."A b"' AS regclass)"#, "s.A b"),
    ("CREATE TABLE a (id int DEFAULT nextval('s.q'::regclass))", "s.q"),
    (#"SELECT 1 FROM "S""x"."T""#, #"S"x.T"#),
  ])
  func object(sql: String, expected: String) throws {
    #expect(try names(sql).joined(separator: " ") == expected)
  }

  @Test(arguments: [
    // plpgsql: variables, records, assignments.
    ("BEGIN NEW.x := OLD.x; r.y = a.z; SELECT a.x INTO r.x FROM a; RETURN NEW; END", ""),
    (
      "DECLARE v a.x%TYPE; r a%ROWTYPE; BEGIN FOR r.x IN SELECT b.y FROM b LOOP RAISE NOTICE '%', r.x, r.y; END LOOP; END",
      ""
    ),
    (
      "BEGIN IF NEW.a IS DISTINCT FROM OLD.a THEN NEW.b := NEW.a; ELSE comment := NEW.a; lock.x := 1; END IF; END",
      ""
    ),
    (
      "DECLARE v s.a%ROWTYPE; w s.a.x%TYPE; c CURSOR FOR SELECT * FROM s.c; BEGIN PERFORM s.f(v.x); END",
      "s.a s.a s.c s.f"
    ),
    (
      "BEGIN IF x THEN CREATE TABLE s.a (id int); ELSE INSERT INTO s.b VALUES (1); END IF; DELETE FROM s.c; END",
      "s.a! s.b! s.c!"
    ),
    ("BEGIN v := (SELECT count(*) FROM s.a); RETURN QUERY SELECT * FROM s.b; END", "s.a s.b"),
    (
      "BEGIN EXECUTE 'DROP TABLE s.a'; EXECUTE format('ALTER TABLE s.b ADD %I int', c) USING a.x; END",
      "s.a! s.b!"
    ),
  ])
  func block(body: String, expected: String) throws {
    let statement = try #require(SQLScript.statements(in: Array("DO $$\(body)$$".utf8)).first)
    let found = SQLWords(statement).embedded.flatMap(\.schemaQualifiedNames)
    #expect(found.map(text).joined(separator: " ") == expected)
  }

  @Test(arguments: [
    (
      "CREATE FUNCTION f() RETURNS void AS 'SELECT 1 FROM s.a WHERE x = ''s.b''; TABLE b' LANGUAGE sql", "s.a"
    ),
    ("CREATE OR REPLACE PROCEDURE f() LANGUAGE 'plpgsql' AS $x$ BEGIN CALL s.f(); END $x$", "s.f"),
    ("CREATE FUNCTION f() RETURNS void LANGUAGE plv8 AS $$ s.f(); $$", ""),
    ("DO LANGUAGE plpgsql 'BEGIN PERFORM s.f(); END'", "s.f"), ("DO LANGUAGE plpython3u $$ s.f() $$", ""),
  ])
  func routine(sql: String, expected: String) throws {
    let statement = try #require(SQLScript.statements(in: Array(sql.utf8)).first)
    #expect(
      SQLWords(statement).embedded.flatMap(\.schemaQualifiedNames).map { "\($0.schema).\($0.name)" }.joined(
        separator: " ") == expected)
  }

  /// Lines and columns are those of the file, in bodies and strings, too.
  @Test(arguments: [
    (
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  DELETE FROM other.a;\nEND $$;", 3,
      15, "  DELETE FROM other.a;"
    ),
    ("DO 'BEGIN PERFORM ''ä'';\n PERFORM other.f(); END';", 2, 10, " PERFORM other.f(); END';"),
    ("/* What\n it is */ CREATE VIEW v AS\n  SELECT * FROM other.a;", 3, 17, "  SELECT * FROM other.a;"),
    (
      "DO $a$ BEGIN EXECUTE 'SELECT '\n || x; EXECUTE\n 'TRUNCATE other.a'; END $a$;", 3, 12,
      " 'TRUNCATE other.a'; END $a$;"
    ),
  ])
  func place(sql: String, line: Int, column: Int, excerpt: String) throws {
    let file = try MigrationFile.parse(path: "1_x.sql", bytes: Array(sql.utf8))
    let finding = try #require(
      MigrationSet(tenant: [file], shared: []).hazards().first {
        $0.hazard != .truncate && $0.hazard != .wholeTable
      })
    #expect(finding.location == ScriptLocation(line: line, column: column))
    #expect(finding.excerpt == excerpt)
  }

  private func names(_ sql: String) throws -> [String] {
    let statement = try #require(SQLScript.statements(in: Array(sql.utf8)).first)
    return SQLWords(statement).schemaQualifiedNames.map(text)
  }

  private func text(_ name: SchemaQualifiedName) -> String {
    "\(name.schema).\(name.name)" + (name.role == .changed ? "!" : "")
  }
}
