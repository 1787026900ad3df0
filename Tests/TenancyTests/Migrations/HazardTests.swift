import Testing

@testable import SQLText
@testable import Tenancy
@testable import TenantctlCommands

@Suite struct HazardTests {
  /// Statements after a migration that made `tanks`, and what is hazardous about them in a tenant's file.
  @Test(arguments: [
    ("CREATE TABLE public.tanks (id int)", "schema-name"),
    ("CREATE TABLE IF NOT EXISTS other.tanks (id int)", "schema-name"),
    (#"INSERT INTO "Other"."T" VALUES (1)"#, "schema-name"),
    ("SELECT * FROM tanks JOIN other.fish ON tanks.id = fish.tank", "schema-reference"),
    (
      "ALTER TABLE fish ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES other.tanks (id)",
      "foreign-key-lock schema-reference"
    ),
    ("SELECT public.f(1)", "schema-reference"),
    ("UPDATE tanks SET id = t.id FROM fish t WHERE t.tank = tanks.id", ""),
    ("SELECT t.id FROM tanks t JOIN fish f ON f.tank = t.id AND t.id > 1", ""),
    ("CREATE INDEX CONCURRENTLY i ON other.tanks (id)", "concurrently schema-name"),
    ("SELECT 'public.tanks', $$ public.tanks $$ -- public.tanks", ""),
    ("SELECT pg_catalog.now() FROM information_schema.tables", ""),

    ("CREATE EXTENSION IF NOT EXISTS hstore", "extension-schema"),
    ("CREATE EXTENSION hstore SCHEMA public", "database-object"),
    ("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public", ""),

    ("SET search_path TO other", "search-path"), ("set local SEARCH_PATH = other", "search-path"),
    ("SELECT set_config('search_path', 'other', false)", "search-path"), ("RESET search_path", "search-path"),
    ("SET SCHEMA 'other'", "search-path"), ("RESET ALL", "search-path"), ("DISCARD ALL", "search-path"),
    ("SET search_path = DEFAULT", "search-path"), ("DISCARD TEMP", ""), ("RESET work_mem", ""),
    ("ALTER FUNCTION f() SET search_path TO other", "function-search-path"),
    (
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = a AS 'SELECT 1'", "function-search-path"
    ),

    ("SET lock_timeout TO '1s'", "session-setting"), ("set session work_mem = '1GB'", "session-setting"),
    ("SET ROLE app", "session-setting"), ("SET TIME ZONE 'UTC'", "session-setting"),
    ("SET LOCAL lock_timeout TO '1s'", ""), ("SET CONSTRAINTS ALL DEFERRED", ""),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ""), ("RESET ROLE", ""),

    ("CREATE INDEX i ON tanks (name)", "index-lock"),
    ("create unique index on only TANKS (name)", "index-lock"),
    (#"CREATE INDEX IF NOT EXISTS i ON "tanks" USING btree (name)"#, "index-lock"),
    (#"CREATE INDEX i ON "Tanks" (name)"#, "index-lock"), ("REINDEX TABLE tanks", "index-lock"),
    ("DROP INDEX CONCURRENTLY i", "concurrently"), ("REINDEX TABLE CONCURRENTLY tanks", "concurrently"),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", ""),

    ("ALTER TABLE tanks ADD COLUMN key uuid DEFAULT gen_random_uuid()", "volatile-default"),
    ("ALTER TABLE ONLY tanks ADD n bigserial", "volatile-default"),
    ("ALTER TABLE tanks ADD at timestamptz NOT NULL DEFAULT now()", ""),
    ("ALTER TABLE tanks ADD a int, ADD b float DEFAULT random(), ADD c int", "volatile-default"),
    ("ALTER TABLE tanks ALTER key SET DEFAULT gen_random_uuid()", ""),
    ("ALTER TABLE tanks ADD code text DEFAULT 'random'", ""),

    ("ALTER TABLE IF EXISTS tanks ADD COLUMN IF NOT EXISTS name text NOT NULL", "not-null"),
    ("ALTER TABLE tanks ADD a numeric(10, 2) NOT NULL DEFAULT 0, ADD b int NOT NULL", "not-null"),
    ("ALTER TABLE tanks ADD a int, ADD CHECK (a IS NOT NULL)", "check-lock"),
    ("ALTER TABLE tanks ADD a int GENERATED ALWAYS AS (1) STORED NOT NULL", "volatile-default"),
    ("CREATE TABLE new (a int NOT NULL)", ""),
  ])
  func ofAStatement(sql: String, hazards: String) throws {
    let set = try MigrationSet(tenant: [file(1, "CREATE TABLE tanks (id int);"), file(2, sql)], shared: [])
    #expect(set.hazards().map(\.hazard.rawValue).joined(separator: " ") == hazards)
  }

  @Test func aTableOfTheSameFileIsEmpty() throws {
    let sql =
      "CREATE TABLE a (id int);\nCREATE INDEX ON a (id);\nALTER TABLE a ADD b int NOT NULL; DROP TABLE a;"
    #expect(try MigrationSet(tenant: [file(1, sql)], shared: []).hazards().isEmpty)
  }

  @Test(arguments: [
    ("", ["empty"]), ("-- migrate:up\n-- migrate:down\nDROP TABLE a;", ["empty"]),
    ("-- tenantctl:allow empty", []),
  ])
  func aFileWithoutAStatement(text: String, hazards: [String]) throws {
    #expect(try MigrationSet(tenant: [file(1, text)], shared: []).hazards().map(\.hazard.rawValue) == hazards)
  }

  @Test func outsideOfATransaction() throws {
    let sql = """
      -- migrate:up transaction:false
      SET maintenance_work_mem = '1GB';
      CREATE INDEX CONCURRENTLY ON tanks (id);
      """
    #expect(try MigrationSet(tenant: [file(1, sql)], shared: []).hazards().isEmpty)
  }

  /// The way back has to run, too. Each section has its own options.
  @Test func theWayBack() throws {
    let sql = """
      -- migrate:up transaction:false
      CREATE INDEX CONCURRENTLY i ON tanks (id);
      -- migrate:down
      DROP INDEX CONCURRENTLY i;
      """
    let hazards = try MigrationSet(tenant: [file(1, sql)], shared: []).hazards()
    #expect(hazards.map(\.hazard) == [.concurrently] && hazards.map(\.location.line) == [4])
  }

  @Test func sharedFilesMayNameSchemas() throws {
    let sql = "CREATE EXTENSION hstore; CREATE TABLE public.plans (id int); SET search_path TO other;"
    let set = try MigrationSet(tenant: [], shared: [file(1, sql)])
    #expect(set.hazards().map(\.hazard) == [.searchPath])
  }

  @Test(
    arguments: [
      ("-- tenantctl:allow schema-name\nSELECT public.f();\nSELECT public.f();", [3]),
      ("SELECT public.f(); -- tenantctl:allow schema-name\nSELECT public.f();", [2]),
      ("SELECT\n-- tenantctl:allow schema-name\n  public.f();", []),
      ("-- tenantctl:allow not-null, schema-name\n\n-- Why.\nSELECT public.f();", []),
      ("--tenantctl:allow\tschema-name\r\nSELECT public.f();", []),
      ("-- tenantctl:allow not-null\nSELECT public.f();", [2]),
      ("-- tenantctl:allow\nSELECT public.f();", [2]),
      ("SELECT 1;\n-- migrate:down\n-- tenantctl:allow schema-name\nSELECT public.f();", []),
      ("-- migrate:up\n-- tenantctl:allow schema-name\nSELECT public.f();\n", []),
    ] as [(String, [Int])])
  func allowances(sql: String, lines: [Int]) throws {
    let text = sql.contains("migrate:down") ? "-- migrate:up\n\(sql)" : sql
    #expect(try MigrationSet(tenant: [file(1, text)], shared: []).hazards().map(\.location.line) == lines)
  }

  /// The setting ends with the file, so that it harms nothing; what pg_dump writes is not even meant to last.
  @Test func aSettingIsAWarning() throws {
    let dump = """
      SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
      SET transaction_timeout = 0; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
      SET check_function_bodies = false; SET xmloption = content; SET client_min_messages = warning;
      SET row_security = off; SET default_tablespace = ''; SET default_table_access_method = heap;
      """
    let others =
      "SET statement_timeout = '1min'; SET work_mem = 0; SET row_security TO on;"
    let hazards = try MigrationSet(tenant: [file(1, "\(dump)\n\(others)")], shared: []).hazards()
    #expect(hazards.map(\.hazard) == [.sessionSetting, .sessionSetting, .sessionSetting])
    #expect(hazards.map(\.location.line) == [5, 5, 5])
    #expect(hazards.allSatisfy { $0.hazard.severity == .warning })
    let sentences = Hazard.sessionSetting.sentences
    #expect(
      sentences.why == "the setting ends with the file: a later file and the next tenant do not have it")
  }

  @Test func findingsReadLikeACompilers() throws {
    let finding = try #require(
      MigrationSet(tenant: [file(1, "SELECT 1;\n  SELECT public.f();")], shared: []).hazards().first)
    #expect(
      "\(finding)".hasPrefix("1_x.sql:2:10: warning: schema-reference: this names one object for all tenants")
    )
    #expect(finding.excerpt == "SELECT public.f();")
  }

  private func file(_ version: Int, _ sql: String) throws -> MigrationFile {
    try MigrationFile.parse(path: "\(version)_x.sql", bytes: Array(sql.utf8))
  }
}
