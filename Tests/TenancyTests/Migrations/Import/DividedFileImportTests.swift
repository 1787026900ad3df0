import Testing

@testable import Tenancy

@Suite("Import of files that hold both directions") struct DividedFileImportTests {
  @Test func sqlMigrate() throws {
    let files = try imported(
      .sqlMigrate,
      [
        "1_a.sql": "-- +migrate Up\nCREATE TABLE a (x int);\n-- +migrate Down\nDROP TABLE a;\n",
        "20240101000000-index.sql":
          "-- +migrate Up notransaction\nCREATE INDEX CONCURRENTLY i ON a (x);\n-- +migrate Down\nDROP INDEX i;\n",
        "3.sql":
          "-- +migrate Up\n-- +migrate StatementBegin\nDO $$ BEGIN NULL; END $$;\n-- +migrate StatementEnd\n",
        "notes.sql": "", "README.md": "",
      ])
    #expect(
      files == [
        "1_a.sql": "-- migrate:up\nCREATE TABLE a (x int);\n-- migrate:down\nDROP TABLE a;\n",
        "20240101000000-index.sql":
          "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (x);\n-- migrate:down\nDROP INDEX i;\n",
        "3.sql": "-- migrate:up\nDO $$ BEGIN NULL; END $$;\n",
      ])
    #expect(
      try problems(
        .sqlMigrate,
        [
          "1_a.sql": "SELECT 1;\n", "2_b.sql": "-- +migrate Up\n-- +migrate Sideways\n",
          "3_c.sql": "-- +migrate Up\nSELECT 1;\n -- +migrate Down\n--+migrate down\n-- see +migrate\n",
          "4_d.sql": "-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n",
        ]) == [
          "1_a.sql:1:1: no '-- +migrate Up' or '-- +migrate Down' line",
          "2_b.sql:2:1: the tool does not read '-- +migrate Sideways' as an annotation",
          "3_c.sql:3:1: the tool does not read '-- +migrate Down' as an annotation",
          "3_c.sql:4:1: the tool does not read '--+migrate down' as an annotation",
          "4_d.sql:2:1: '-- +migrate StatementBegin' without StatementEnd",
        ])
  }

  /// What stands before the first annotation does not run, and an annotation may come again.
  @Test(arguments: [
    (
      "/*\n * Copyright\n */\n\n-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n",
      "-- migrate:up\n/*\n * Copyright\n */\n\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"
    ),
    ("SELECT 0;\n-- +migrate Up\nSELECT 1;\n", "-- migrate:up\nSELECT 1;\n"),
    ("it's\n-- +migrate Up\nSELECT 1;\n", "-- migrate:up\nSELECT 1;\n"),
    (
      """
      -- +migrate Up
      SELECT 1;

      -- +migrate Up
      SELECT 2;
      -- +migrate Down
      SELECT 3;
      -- +migrate Down
      SELECT 4;

      """,
      "-- migrate:up\nSELECT 1;\n\nSELECT 2;\n-- migrate:down\nSELECT 3;\nSELECT 4;\n"
    ),
    (
      """
      -- Why
      -- +migrate Down notransaction
      -- +migrate StatementBegin
      SELECT 3;
      -- +migrate StatementEnd
      -- +migrate Up
      SELECT 1;
      -- +migrate Down
      SELECT 4;
      -- +migrate Up
      SELECT 2;

      """,
      "-- migrate:up\nSELECT 1;\nSELECT 2;\n-- migrate:down transaction:false\n-- Why\nSELECT 3;\nSELECT 4;\n"
    ),
    (
      """
      -- +migrate Up
      -- +migrate StatementBegin
      SELECT 1
      -- +migrate StatementEnd
      -- +migrate Down
      -- +migrate StatementBegin
      SELECT 3
      -- +migrate StatementEnd
      -- +migrate Up
      SELECT 2;
      -- +migrate StatementEnd

      """,
      "-- migrate:up\nSELECT 1;\nSELECT 2;\n-- migrate:down\nSELECT 3;\n"
    ),
    (
      "-- +migrate Down\nSELECT 1;\n",
      "-- migrate:up\n-- tenantctl:allow empty\n-- migrate:down\nSELECT 1;\n"
    ),
  ])
  func sqlMigrateReadsOn(text: String, file: String) throws {
    #expect(try imported(.sqlMigrate, ["1_a.sql": text]) == ["1_a.sql": file])
  }

  @Test func tern() throws {
    let files = try imported(
      .tern,
      [
        "001_a.sql": "CREATE TABLE a (x int);\n---- create above / drop below ----\nDROP TABLE a;\n",
        "002_b.sql":
          "---- tern: disable-tx ----\nCREATE INDEX CONCURRENTLY i ON a (x);\n---- create above / drop below ----\n"
          + "DROP INDEX i;\n",
        "003_c.sql": "SELECT 1;\n", "shared.sql": "", "tern.conf": "",
      ])
    #expect(
      files == [
        "001_a.sql": "-- migrate:up\nCREATE TABLE a (x int);\n-- migrate:down\nDROP TABLE a;\n",
        "002_b.sql":
          "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (x);\n-- migrate:down\nDROP INDEX i;\n",
        "003_c.sql": "-- migrate:up\nSELECT 1;\n",
      ])
    #expect(
      try problems(.tern, ["1_a.sql": "SELECT 1;\nSELECT {{.prefix}};\n"]) == [
        "1_a.sql:2:8: '{{.prefix}};' is a placeholder that the tool replaces"
      ])
  }

  @Test func nodePgMigrate() throws {
    let files = try imported(
      .nodePgMigrate,
      [
        "1414549381268_a.sql":
          "-- Up Migration\nCREATE TABLE a (x int);\n\n-- Down Migration\nDROP TABLE a;\n",
        "20240101000000123_b.sql": "--  down migration: back\nSELECT 2;\n--- UP   MIGRATION\nSELECT 1;\n",
        "3_c.sql": "SELECT 3;\n", "README.md": "",
      ])
    #expect(
      files == [
        "1414549381268_a.sql":
          "-- migrate:up\nCREATE TABLE a (x int);\n\n-- migrate:down\nDROP TABLE a;\n",
        "20240101000000_b.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n",
        "3_c.sql": "-- migrate:up\nSELECT 3;\n",
      ])
    #expect(
      try problems(
        .nodePgMigrate,
        ["1_a.js": "", "2_b.ts": "", "20240101000000123_b.sql": "", "20240101000000456_c.sql": ""]) == [
          "1_a.js: it is a migration in JavaScript, and only SQL can be imported",
          "20240101000000456_c.sql: its version 20240101000000456 is too long",
          "2_b.ts: it is a migration in JavaScript, and only SQL can be imported",
        ])
  }
}
