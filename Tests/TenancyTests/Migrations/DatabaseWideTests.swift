import Testing

@testable import SQLText
@testable import Tenancy

/// What concerns more than the tenant's schema without naming one.
@Suite struct DatabaseWideTests {
  @Test(arguments: [
    ("ANALYZE", "database-object"), ("ANALYZE (VERBOSE, SKIP_LOCKED)", "database-object"),
    ("ANALYZE VERBOSE", "database-object"), ("VACUUM", "concurrently database-object"),
    ("VACUUM (ANALYZE, FULL off)", "concurrently database-object table-rewrite"),
    ("VACUUM FULL", "concurrently database-object table-rewrite"),
    ("VACUUM FREEZE ANALYZE", "concurrently database-object"),
    ("CLUSTER", "concurrently database-object table-rewrite"),
    ("CLUSTER VERBOSE", "database-object table-rewrite"),
    ("REINDEX DATABASE shop", "concurrently database-object index-lock"),
    ("REINDEX (VERBOSE) SYSTEM", "concurrently database-object index-lock"),
    ("REINDEX SCHEMA CONCURRENTLY public", "concurrently database-object"),
    ("IMPORT FOREIGN SCHEMA remote LIMIT TO (a) FROM SERVER s INTO public", "schema-name"),
    ("GRANT readers TO app", "database-object"),
    ("GRANT readers, writers TO app WITH ADMIN OPTION", "database-object"),
    ("REVOKE ADMIN OPTION FOR readers FROM app", "database-object"),
    ("GRANT CONNECT ON DATABASE shop TO app", "database-object"),
    ("REVOKE ALL ON FOREIGN SERVER s FROM app", "database-object"),
    ("GRANT USAGE ON LANGUAGE sql TO app", "database-object"),
    ("COMMENT ON DATABASE shop IS 'x'", "database-object"), ("COMMENT ON ROLE app IS 'x'", "database-object"),
    ("COMMENT ON TABLESPACE fast IS NULL", "database-object"),
    ("COMMENT ON EVENT TRIGGER e IS 'x'", "database-object"),
    ("SECURITY LABEL FOR p ON ROLE app IS 'x'", "database-object"),
    ("ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", "database-object"),
    ("alter index all in tablespace a owned by app set tablespace b nowait", "database-object"),
    ("ALTER MATERIALIZED VIEW ALL IN TABLESPACE a SET TABLESPACE b", "database-object"),
    ("ALTER TABLE tanks SET TABLESPACE b", "table-rewrite"), ("ALTER TABLE \"ALL\" ADD x int", ""),
    ("ANALYZE tanks", ""), ("ANALYZE (VERBOSE) tanks (id), v", ""), ("ANALYZE VERBOSE \"verbose\"", ""),
    ("VACUUM (ANALYZE) tanks", "concurrently"), ("CLUSTER tanks USING i", "table-rewrite"),
    ("REINDEX TABLE tanks", "index-lock"), ("REINDEX INDEX \"schema\"", "index-lock"),
    ("GRANT SELECT ON tanks TO app", ""), ("GRANT SELECT (id) ON role TO app", ""),
    ("REVOKE ALL ON TABLE tanks FROM app", ""), ("GRANT USAGE ON TYPE mood TO app", ""),
    ("COMMENT ON TABLE tanks IS 'GRANT a TO b'", ""), ("COMMENT ON COLUMN tanks.id IS 'x'", ""),
  ]) func statements(sql: String, expected: String) throws {
    #expect(try hazards("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE tanks (id int)", sql) == expected)
  }

  /// An object of another schema as a text: one that the files make a namesake of.
  @Test(arguments: [
    ("SELECT watch('acme.tanks')", "schema-reference"),
    ("SELECT watch(1, rows => 'acme.tanks')", "schema-reference"),
    ("DO $$ BEGIN PERFORM watch('acme.tanks'); END $$", "schema-reference"),
    ("SELECT watch('acme.nothing')", ""), ("SELECT watch('tanks')", ""),
    ("SELECT set_config('app.tanks', 'x', true)", ""),
    ("SELECT current_setting('app.tanks')", ""), ("INSERT INTO log VALUES ('acme.tanks')", ""),
    ("SELECT 1 WHERE 'acme.tanks' IN ('acme.tanks')", ""), ("SELECT watch('see acme.tanks')", ""),
    ("SELECT nextval('acme.tanks')", "schema-reference"),
  ]) func textArguments(sql: String, expected: String) throws {
    #expect(try hazards("CREATE TABLE tanks (id int)", sql) == expected)
  }

  private func hazards(_ first: String, _ sql: String) throws -> String {
    let files = try [first, sql].enumerated().map { number, sql in
      try MigrationFile.parse(path: "\(number + 1)_x.sql", bytes: Array(sql.utf8))
    }
    return MigrationSet(tenant: files, shared: []).hazards().map(\.hazard.rawValue).joined(separator: " ")
  }
}
