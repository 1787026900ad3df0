import Testing

@testable import Tenancy

@Suite("Import of golang-migrate's files") struct GolangMigrateImportTests {
  @Test func bothDirections() throws {
    let files = try imported(
      .golangMigrate,
      [
        "000001_tanks.up.sql": "CREATE TABLE tanks (id int);\n", "000001_tanks.down.sql": "DROP TABLE tanks;",
        "2_a.b.up.sql": "SELECT 1", "3_only_down.down.sql": "SELECT 2;\n", "4_.up.sql": "",
      ])
    #expect(
      files == [
        "000001_tanks.sql":
          "-- migrate:up\nCREATE TABLE tanks (id int);\n-- migrate:down\nDROP TABLE tanks;\n",
        "2_a.b.sql": "-- migrate:up\nSELECT 1\n",
        // golang-migrate applies them; tenantctl would refuse them.
        "3_only_down.sql": "-- migrate:up\n-- tenantctl:allow empty\n-- migrate:down\nSELECT 2;\n",
        "4_.sql": "-- migrate:up\n-- tenantctl:allow empty\n",
      ])
  }

  /// The file is one message, which PostgreSQL runs as a transaction, unless it is one statement that cannot be in one.
  @Test(arguments: [
    ("CREATE INDEX CONCURRENTLY i ON t (a);", false), ("create unique index concurrently i on t (a)", false),
    ("DROP INDEX CONCURRENTLY i;", false), ("REINDEX INDEX CONCURRENTLY i;", false),
    ("REINDEX SCHEMA s", false),
    ("VACUUM t;", false), ("VACUUM;", false), ("ALTER SYSTEM SET a = 1", false), ("CREATE DATABASE d", false),
    ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", false), ("CALL p();", false), ("DISCARD ALL", false),
    ("DO $$ BEGIN COMMIT; END $$", false), ("DO $$ BEGIN NULL; END $$", true),
    ("SELECT 1; CALL p();", true), ("CREATE INDEX i ON t (a);", true), ("CREATE TABLE concurrently ()", true),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", true), ("SELECT 1; SELECT 2", true), ("", true),
    ("DISCARD TEMP", true), ("CREATE INDEX i ON t (a); CREATE INDEX CONCURRENTLY j ON t (a);", false),
  ])
  func transaction(sql: String, isTransactional: Bool) throws {
    let text = try #require(try imported(.golangMigrate, ["1_a.up.sql": sql])["1_a.sql"])
    #expect(text.hasPrefix("-- migrate:up\n") == isTransactional)
    #expect(text.hasPrefix("-- migrate:up transaction:false\n") != isTransactional)
  }

  @Test(arguments: [
    "BEGIN;\nSELECT 1;\nCOMMIT;\n", "begin work;\nSELECT 1;\nend;\n", "START TRANSACTION;\nSELECT 1;\nCOMMIT",
  ])
  func aTransactionAroundTheFileGoes(sql: String) throws {
    let text = try #require(try imported(.golangMigrate, ["1_a.up.sql": sql])["1_a.sql"])
    #expect(text.split(separator: "\n") == ["-- migrate:up", "SELECT 1;"])
  }

  @Test(arguments: [
    "ALTER TABLE a ADD b int;\nBEGIN;\nALTER TABLE a DROP c;\nCOMMIT;\nBEGIN;\nALTER TABLE a DROP d;\nCOMMIT;\n",
    "START TRANSACTION;\nSELECT 1;\nEND;\nBEGIN;\nSELECT 2;\nCOMMIT WORK;", "SELECT 1;\nCOMMIT;",
    "BEGIN;\nALTER TYPE e ADD VALUE 'x';\nCOMMIT;",
    "BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSET LOCAL a.b = 1;\nCOMMIT;",
  ])
  func severalTransactionsBecomeOne(sql: String) throws {
    let text = try #require(try imported(.golangMigrate, ["1_a.up.sql": sql])["1_a.sql"])
    let kept = sql.split(separator: "\n").filter {
      !["BEGIN", "COMMIT", "START", "END;"].contains(where: $0.hasPrefix)
    }
    #expect(text.split(separator: "\n") == ["-- migrate:up"] + kept)
  }

  @Test(arguments: [
    (
      "BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY i ON t (a);",
      "1:26: CREATE INDEX CONCURRENTLY cannot run in a transaction, and the file begins and commits its own"
    ),
    (
      "BEGIN; SELECT 1; COMMIT; VACUUM t;",
      "1:26: VACUUM T cannot run in a transaction, and the file begins and commits its own"
    ),
    (
      "BEGIN; SET LOCAL a.b = 1; COMMIT; SELECT 1;",
      "1:8: after SET LOCAL the file commits and goes on; in one transaction that is not the same"
    ),
    (
      "ALTER TYPE e ADD VALUE 'x'; COMMIT; INSERT INTO t VALUES ('x');",
      "1:1: after ALTER TYPE the file commits and goes on; in one transaction that is not the same"
    ),
    (
      "BEGIN; CREATE TEMP TABLE t (a int) ON COMMIT DROP; COMMIT; CREATE TEMP TABLE t (b int);",
      "1:8: after CREATE TEMP the file commits and goes on; in one transaction that is not the same"
    ),
  ])
  func transactionsThatAreNotTheSameAsOne(sql: String, problem: String) throws {
    #expect(try problems(.golangMigrate, ["1_a.up.sql": sql]) == ["1_a.up.sql:\(problem)"])
  }

  @Test(arguments: ["BEGIN; SELECT 1;", "BEGIN; SELECT 1; ROLLBACK;", "COMMIT AND CHAIN; SELECT 1;"])
  func transactionsThatDoNotEnd(sql: String) throws {
    #expect(try !problems(.golangMigrate, ["1_a.up.sql": sql]).isEmpty)
  }

  @Test func refusesByName() throws {
    let problems = try problems(
      .golangMigrate,
      [
        "1_a.up.sql": "", "01_b.up.sql": "", "2_c.up.json": "{}",
        "3_d.up.sql": "BEGIN; SELECT 1; BEGIN; SELECT 2;",
        "4_e.up.sql": "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "5_f.up.sql": "\\i other.sql",
        "README.sql": "", "6_g.sql": "", "7_h.up.sql": "\u{0}",
      ])
    #expect(
      problems == [
        "1_a.up.sql: 01_b.up.sql has the same version",
        "2_c.up.json: it is a file for golang-migrate with the ending .json, and only SQL can be imported",
        "3_d.up.sql:1:1: BEGIN is not allowed: tenantctl begins and commits the transaction",
        "3_d.up.sql:1:18: BEGIN is not allowed: tenantctl begins and commits the transaction",
        "4_e.up.sql:1:1: BEGIN is not allowed: tenantctl begins and commits the transaction",
        "4_e.up.sql:1:47: COMMIT is not allowed: tenantctl begins and commits the transaction",
        #"5_f.up.sql:1:1: \i is a psql command, not SQL"#,
        "7_h.up.sql:1:1: a zero byte, which PostgreSQL does not accept",
      ])
  }
}
