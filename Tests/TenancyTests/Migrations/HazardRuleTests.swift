import Testing

@testable import SQLText
@testable import Tenancy

/// The rules, against statements of a second file; the first one makes `tanks`, and a view.
@Suite struct HazardRuleTests {
  private static let first = """
    CREATE TABLE tanks (id int, name varchar(20), at timestamp, litres numeric(8, 2), code text NOT NULL, number int PRIMARY KEY, CONSTRAINT c CHECK (id > 0));
    CREATE VIEW v AS SELECT 1; CREATE TYPE mood AS ENUM ('a'); CREATE TABLE parts (id int) PARTITION BY LIST (id);
    CREATE INDEX ON tanks (litres);
    """

  @Test(arguments: [
    ("CREATE SCHEMA app", "database-object"), ("CREATE SCHEMA IF NOT EXISTS app", "database-object"),
    ("CREATE ROLE app", "database-object"), ("CREATE USER app", "database-object"),
    ("ALTER ROLE app SET x.y = 1", "database-object"),
    ("CREATE SERVER s FOREIGN DATA WRAPPER w", "database-object"),
    ("CREATE USER MAPPING FOR app SERVER s", "database-object"),
    ("CREATE PUBLICATION p FOR ALL TABLES", "database-object"),
    ("CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()", "database-object"),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", "concurrently database-object"),
    ("CREATE CAST (int AS text) WITH INOUT", "database-object"), ("CREATE CAST (mood AS int) WITH INOUT", ""),
    ("CREATE OR REPLACE TRUSTED LANGUAGE plx", "database-object"),
    ("CREATE ACCESS METHOD m TYPE TABLE HANDLER h", "database-object"),
    ("CREATE FOREIGN DATA WRAPPER w", "database-object"),
    ("ALTER DATABASE d SET search_path = x", "database-object"),
    ("ALTER SYSTEM SET work_mem = '1GB'", "concurrently database-object"),
    ("DROP EXTENSION hstore", "database-object"),
    ("DROP OWNED BY app", "database-object"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "database-object"),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE app REVOKE ALL ON TYPES FROM PUBLIC", "database-object"),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA pg_temp GRANT SELECT ON TABLES TO PUBLIC", ""),
    ("CREATE TRIGGER t AFTER INSERT ON tanks EXECUTE FUNCTION f()", ""),
    ("CREATE FOREIGN TABLE t (id int) SERVER s", ""),
    ("DO $$ BEGIN IF true THEN CREATE ROLE app; END IF; END $$", "database-object"),
    ("DROP TABLE schema_migrations", "ledger-change drop-table"),
    ("INSERT INTO schema_migrations VALUES ('1')", "ledger-change"),
    ("DO $$ BEGIN DELETE FROM schema_migrations WHERE true; END $$", "ledger-change"),
    ("SELECT * FROM schema_migrations", ""),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1'", ""),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path TO pg_catalog, pg_temp AS 'SELECT 1'", ""),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 1'", ""),
    (
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' SET search_path TO pg_temp, app",
      "function-search-path"
    ),
    (
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = x; END $$",
      "function-search-path"
    ),
    ("DO $$ BEGIN SET search_path = x; END $$", "search-path"),
    ("DO $$ BEGIN PERFORM set_config('search_path', 'x', true); END $$", "search-path"),
  ])
  func tenancy(sql: String, expected: String) throws { try expect(sql, expected) }

  /// A test for whether something exists that finds another tenant's.
  @Test(arguments: [
    ("EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'positive')", true),
    ("EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typname = 'mood')", true),
    ("EXISTS (SELECT FROM pg_type WHERE typname IN ('mood', 'state'))", true),
    ("EXISTS (SELECT FROM pg_class c WHERE lower(c.relname) = 'tanks' AND c.relkind = 'r')", true),
    ("EXISTS (SELECT FROM pg_class WHERE relname::text = 'tanks')", true),
    ("EXISTS (SELECT FROM pg_indexes WHERE tablename = 'tanks' AND 'by_name' = indexname)", true),
    (
      "EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'tanks' AND column_name = 'x')", true
    ),
    ("(SELECT count(*) FROM information_schema.tables WHERE table_name = 'tanks') > 0", true),
    (
      "EXISTS (SELECT FROM pg_constraint WHERE conname = 'c' AND conrelid = (SELECT oid FROM pg_class WHERE relname = 't'))",
      true
    ),
    ("EXISTS (SELECT FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood')", true),
    ("EXISTS (SELECT FROM pg_constraint WHERE conname = 'c' AND conrelid = 'tanks'::regclass)", false),
    ("EXISTS (SELECT FROM pg_constraint WHERE conname = 'c' AND conrelid = to_regclass('tanks'))", false),
    ("EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'a' AND enumtypid = 'mood'::regtype)", false),
    (
      "EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE typname = 'mood' AND nspname = 'x')",
      false
    ),
    ("EXISTS (SELECT FROM pg_type WHERE typname = 'mood' AND pg_type_is_visible(oid))", false),
    (
      "EXISTS (SELECT FROM information_schema.columns WHERE table_name = 't' AND table_schema = current_schema())",
      false
    ),
    (
      "EXISTS (SELECT FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename = 't')",
      false
    ),
    ("EXISTS (SELECT FROM pg_roles WHERE rolname = 'app')", false),
    ("EXISTS (SELECT FROM pg_extension WHERE extname = 'hstore')", false),
    ("EXISTS (SELECT conname FROM pg_constraint WHERE conrelid = 16384)", false),
    ("EXISTS (SELECT FROM tanks WHERE table_name = 'a')", false),
  ])
  func lookups(test: String, isFound: Bool) throws {
    let expected = isFound ? "catalog-lookup" : ""
    try expect("DO $$ BEGIN IF NOT \(test) THEN PERFORM 1; END IF; END $$", expected)
    try expect("INSERT INTO tanks SELECT 1 WHERE NOT \(test)", expected)
    try expect("CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS $$ SELECT \(test) $$", "")
    try expect("CREATE VIEW w AS SELECT \(test)", "")
    try expect("-- tenantctl:allow catalog-lookup\nSELECT \(test)", "")
  }

  @Test func lookupsArePlaced() throws {
    let sql = """
      DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'a' AND typnamespace = 1) THEN NULL; END IF;
        IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE m AS ENUM (); END IF;
        SELECT 1 INTO x FROM pg_class WHERE relname = 'a'; PERFORM current_schema();
      END $$;
      """
    let set = MigrationSet(tenant: [try file(1, sql)], shared: [try file(2, sql)])
    #expect(
      set.hazards().map { "\($0.hazard.rawValue) \($0.location.line):\($0.location.column)" } == [
        "catalog-lookup 3:30", "catalog-lookup 4:24",
      ])
  }

  @Test(arguments: [
    ("ALTER TABLE tanks ALTER name TYPE varchar(10)", "column-type"),
    ("ALTER TABLE tanks ALTER COLUMN id SET DATA TYPE bigint", "column-type"),
    ("ALTER TABLE tanks ALTER name TYPE varchar(40);", ""), ("ALTER TABLE tanks ALTER name TYPE text", ""),
    ("ALTER TABLE tanks ALTER name TYPE text USING lower(name)", "column-type"),
    ("ALTER TABLE tanks ALTER name TYPE text USING name::text", ""),
    ("ALTER TABLE tanks ALTER litres TYPE numeric(12, 2)", ""),
    ("ALTER TABLE tanks ALTER litres TYPE numeric(12, 3)", "column-type"),
    ("ALTER TABLE tanks ALTER at TYPE timestamptz", "column-type"),
    ("SET LOCAL timezone TO 'UTC'; ALTER TABLE tanks ALTER at TYPE timestamptz", ""),
    ("ALTER TABLE unknown ALTER a TYPE text", "column-type"),
    ("ALTER TABLE tanks DROP COLUMN IF EXISTS name", "drop-column"),
    ("ALTER TABLE tanks DROP name, DROP id", "drop-column"),
    ("ALTER TABLE tanks DROP CONSTRAINT c", ""),
    ("ALTER TABLE tanks DROP CONSTRAINT c CASCADE;", "drop-cascade"),
    ("ALTER TABLE tanks ADD x int; ALTER TABLE tanks DROP x", ""), ("DROP TABLE tanks", "drop-table"),
    ("DROP TABLE IF EXISTS x, tanks CASCADE", "drop-table drop-cascade"),
    ("DROP VIEW v CASCADE", "drop-cascade"), ("DROP VIEW v", ""),
    ("ALTER TABLE tanks RENAME TO basins", "rename"), ("ALTER TABLE tanks RENAME name TO label", "rename"),
    ("ALTER TABLE tanks RENAME COLUMN name TO label", "rename"),
    ("ALTER TABLE tanks RENAME CONSTRAINT c TO d", ""),
    ("ALTER INDEX i RENAME TO j", ""), ("ALTER VIEW v RENAME TO w", "rename"),
    ("ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "rename"),
    (
      "ALTER TABLE tanks RENAME TO old; CREATE TABLE tanks (id int); DROP TABLE old; CREATE INDEX ON tanks (id)",
      ""
    ),
    ("ALTER TABLE tanks ADD FOREIGN KEY (id) REFERENCES fish", "foreign-key-lock"),
    ("ALTER TABLE tanks ADD a int REFERENCES fish", ""),
    ("ALTER TABLE tanks ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES fish NOT VALID", ""),
    ("ALTER TABLE tanks ADD a int DEFAULT 1 REFERENCES fish", "foreign-key-lock"),
    ("ALTER TABLE tanks ADD CHECK (id > 0)", "check-lock"),
    ("ALTER TABLE tanks ADD CONSTRAINT c CHECK (id > 0) NOT VALID", ""),
    ("ALTER TABLE tanks ADD a int CHECK (a > 0)", "check-lock"),
    ("ALTER TABLE tanks VALIDATE CONSTRAINT c", ""),
    ("ALTER TABLE tanks ADD UNIQUE (id)", "unique-lock"),
    ("ALTER TABLE tanks ADD CONSTRAINT k PRIMARY KEY (id)", "unique-lock"),
    ("ALTER TABLE tanks ADD CONSTRAINT k UNIQUE USING INDEX i", ""),
    ("ALTER TABLE tanks ADD \"unique\" int", ""),
    ("ALTER TABLE tanks ADD check_in date, ADD a text UNIQUE", "unique-lock"),
    ("ALTER TABLE tanks ADD EXCLUDE USING gist (a WITH =)", "unique-lock"),
    ("ALTER TABLE tanks ALTER name SET NOT NULL", "set-not-null"),
    (
      "ALTER TABLE tanks ADD CONSTRAINT n CHECK (name IS NOT NULL) NOT VALID; ALTER TABLE tanks VALIDATE CONSTRAINT n; ALTER TABLE tanks ALTER name SET NOT NULL",
      "check-lock"
    ),
    ("ALTER TABLE tanks ALTER code SET NOT NULL", ""), ("ALTER TABLE tanks ALTER number SET NOT NULL", ""),
    ("ALTER TABLE tanks ALTER code DROP NOT NULL; ALTER TABLE tanks ALTER code SET NOT NULL", "set-not-null"),
    ("DROP TABLE tanks; ALTER TABLE fresh RENAME TO tanks", "rename"),
    ("ALTER TABLE tanks RENAME TO old; CREATE VIEW tanks AS SELECT * FROM old", ""),
    ("CREATE TABLE IF NOT EXISTS tanks (id int); CREATE INDEX ON tanks (id)", "index-lock"),
    ("TRUNCATE tanks", "truncate"), ("TRUNCATE TABLE ONLY x, tanks CASCADE", "truncate"),
    ("TRUNCATE tanks; ALTER TABLE tanks ADD x int NOT NULL", "truncate"),
    (
      "TRUNCATE tanks; INSERT INTO tanks VALUES (1); ALTER TABLE tanks ADD x int NOT NULL",
      "truncate not-null"
    ),
    ("UPDATE tanks SET name = ''", "whole-table"), ("UPDATE tanks SET name = '' WHERE id = 1", ""),
    ("DELETE FROM tanks", "whole-table"),
    ("UPDATE tanks SET name = (SELECT a FROM b WHERE c)", "whole-table"),
    ("DELETE FROM tanks USING x WHERE x.id = tanks.id", ""),
    (
      "WITH gone AS (DELETE FROM tanks RETURNING *) INSERT INTO x SELECT * FROM gone WHERE id > 1",
      "whole-table"
    ),
    ("INSERT INTO tanks VALUES (1) ON CONFLICT DO UPDATE SET id = 2", ""),
    ("SELECT * FROM tanks FOR UPDATE", ""),
    ("CREATE TEMP TABLE x (id int); DELETE FROM x", ""),
    ("DO $$ BEGIN UPDATE tanks SET id = 1; END $$", "whole-table"),
    ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM tanks'", ""),
    ("LOCK TABLE tanks", "lock-table"), ("LOCK tanks IN SHARE MODE NOWAIT", "lock-table"),
    ("LOCK tanks IN SHARE ROW EXCLUSIVE MODE", "lock-table"),
    ("LOCK TABLE tanks IN ROW EXCLUSIVE MODE", ""), ("LOCK TABLE tanks IN SHARE UPDATE EXCLUSIVE MODE", ""),
    ("LOCK TABLE tanks IN ACCESS SHARE MODE", ""),
    ("ALTER TABLE tanks SET UNLOGGED", "table-rewrite"),
    ("ALTER TABLE tanks SET TABLESPACE t", "table-rewrite"), ("CLUSTER tanks", "table-rewrite"),
    ("ALTER TABLE tanks SET (fillfactor = 70)", ""), ("CREATE INDEX ON ONLY parts (id)", ""),
    ("CREATE INDEX ON parts (id)", "index-lock"),
    ("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX ON m (a)", ""),
  ])
  func traffic(sql: String, expected: String) throws { try expect(sql, expected) }

  @Test(arguments: [
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1", ""),
    ("SET LOCAL lock_timeout = '1s'; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ""),
    ("SELECT 1; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "set-transaction"),
    ("SET TRANSACTION READ ONLY", "set-transaction"),
    ("SELECT 1; SET TRANSACTION READ WRITE", ""), ("SET LOCAL transaction_isolation = 'serializable'", ""),
    ("SELECT 1; SET transaction_isolation TO serializable", "set-transaction"),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "set-transaction"),
    ("-- migrate:up transaction:false\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", "set-transaction"),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session-setting"),
    ("SELECT 1; SET transaction_timeout = '5s'", "session-setting"),
    ("-- migrate:up transaction:false\nSET transaction_timeout = '5s'; SET work_mem = '9MB';", ""),
    ("-- migrate:up transaction:false\nSET LOCAL work_mem = '9MB'; SELECT 1;", "needs-transaction"),
    (
      "-- migrate:up transaction:false\nLOCK TABLE tanks; SAVEPOINT a;", "needs-transaction needs-transaction"
    ),
    ("-- migrate:up transaction:false\nSET LOCAL transaction_isolation = 'serializable';", "set-transaction"),
    ("-- migrate:up transaction:false\n-- tenantctl:allow needs-transaction\nLOCK TABLE tanks;", ""),
    (
      "-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down transaction:false\nSET CONSTRAINTS ALL DEFERRED;",
      "needs-transaction"
    ),
    ("-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\nRELEASE a;", "needs-transaction"),
    ("SET LOCAL work_mem = '9MB'; SAVEPOINT a; RELEASE a; SET CONSTRAINTS ALL DEFERRED", ""),
    ("-- migrate:up transaction:false\nDO $$ BEGIN SET LOCAL work_mem = '9MB'; END $$;", ""),
  ])
  func transaction(sql: String, expected: String) throws { try expect(sql, expected) }

  @Test func aReferenceToASharedObjectIsMeant() throws {
    let shared = try file(
      1, "CREATE TABLE plans (id int); CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    let sql = """
      CREATE TABLE a (plan int REFERENCES public.plans, n int DEFAULT public.f(), o int DEFAULT public.g());
      UPDATE public.plans SET id = 1 WHERE id = 2;
      """
    let set = MigrationSet(tenant: [try file(2, sql)], shared: [shared])
    #expect(
      set.hazards().map { "\($0.hazard.rawValue) \($0.location.line):\($0.location.column)" } == [
        "schema-reference 1:91", "schema-name 2:8",
      ])
  }

  /// A body in quotes or without them is for later.
  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC INSERT INTO other.a VALUES (1); DELETE FROM tanks; END",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ INSERT INTO other.a VALUES (1); DELETE FROM tanks; $$",
  ]) func whatAFunctionWritesIsAReference(sql: String) throws {
    #expect(try hazards(sql) == "schema-reference")
  }

  @Test func aReferenceIsAllowedByEitherName() throws {
    for name in ["schema-name", "schema-reference"] {
      #expect(try hazards("-- tenantctl:allow \(name)\nSELECT public.f()") == "")
    }
    #expect(try hazards("-- tenantctl:allow schema-reference\nDROP VIEW public.v") == "schema-name")
  }

  /// A comment that allows something in one section says nothing of the other.
  @Test func sections() throws {
    let up = "-- migrate:up\nDROP VIEW public.v; -- tenantctl:allow schema-name\n"
    #expect(
      try hazards("\(up)-- migrate:down\nDROP VIEW public.w; DROP TABLE tanks; TRUNCATE tanks;")
        == "schema-name")
    #expect(try hazards("\(up)-- migrate:down\n-- tenantctl:allow schema-name\nDROP VIEW public.w;") == "")
    #expect(
      try hazards("-- tenantctl:allow schema-name\n\(up)-- migrate:down\nDROP VIEW public.w;")
        == "schema-name")
  }

  @Test func sinceAVersion() throws {
    let files = try [
      file(1, "CREATE TABLE a (id varchar(9))"), file(2, "DROP TABLE b"),
      file(3, "ALTER TABLE a ALTER id TYPE text; DROP TABLE c"),
    ]
    let set = MigrationSet(tenant: files, shared: [])
    #expect(set.hazards(since: try MigrationVersion(parsing: "2")).map(\.path) == ["3_x.sql"])
    #expect(set.hazards().map(\.path) == ["2_x.sql", "3_x.sql"])
  }

  @Test func theLedgerHasItsOwnName() throws {
    let set = MigrationSet(
      tenant: [try file(1, "DELETE FROM versions WHERE true; DELETE FROM schema_migrations WHERE true")],
      shared: [])
    #expect(set.hazards(ledger: "versions").map(\.hazard) == [.ledgerChange])
  }

  private func expect(_ sql: String, _ expected: String) throws { #expect(try hazards(sql) == expected) }

  private func hazards(_ sql: String) throws -> String {
    let set = MigrationSet(tenant: [try file(1, Self.first), try file(2, sql)], shared: [])
    return set.hazards().map(\.hazard.rawValue).joined(separator: " ")
  }

  private func file(_ version: Int, _ sql: String) throws -> MigrationFile {
    try MigrationFile.parse(path: "\(version)_x.sql", bytes: Array(sql.utf8))
  }
}
