import Testing

@testable import Tenancy

@Suite("Import of goose's files") struct GooseImportTests {
  @Test func bothDirections() throws {
    let files = try imported(
      .goose,
      [
        "00001_tanks.sql": """
        -- The first one.

        -- +goose Up
        CREATE TABLE tanks (id int); -- as always
        -- +goose StatementBegin
        CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
          RETURN 1;
        END
        $$;
        -- +goose StatementEnd
        -- +goose Down
        DROP FUNCTION f();
        DROP TABLE tanks;
        """, "2_once.sql": "-- +goose up\nSELECT 1;\n",
      ])
    #expect(
      files == [
        "00001_tanks.sql": """
        -- migrate:up
        -- The first one.

        CREATE TABLE tanks (id int); -- as always
        CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
        BEGIN
          RETURN 1;
        END
        $$;
        -- migrate:down
        DROP FUNCTION f();
        DROP TABLE tanks;

        """, "2_once.sql": "-- migrate:up\nSELECT 1;\n",
      ])
  }

  @Test(arguments: ["-- +goose NO TRANSACTION\n-- +goose Up", "-- +goose Up\n-- +goose no transaction"])
  func outsideOfATransaction(head: String) throws {
    let files = try imported(
      .goose,
      [
        "1_i.sql":
          "\(head)\nCREATE INDEX CONCURRENTLY i ON t (a);\n-- +goose Down\nDROP INDEX CONCURRENTLY i;\n"
      ])
    #expect(
      files["1_i.sql"] == """
        -- migrate:up transaction:false
        CREATE INDEX CONCURRENTLY i ON t (a);
        -- migrate:down transaction:false
        DROP INDEX CONCURRENTLY i;

        """)
  }

  @Test func whatGooseDoesNotRead() throws {
    try withFolder([
      "1_a.sql": "-- +goose Up\n", "README.md": "", "seed.sql": "", "0_zero.sql": "", "x_y.sql": "",
      "helpers.go": "", "1_a_test.go": "", ".2_b.sql": "", "deep/2_b.sql": "",
    ]) { folder in
      let found = try MigrationImport(from: .goose, at: folder)
      #expect(found.migrations.map(\.fileName) == ["1_a.sql"])
      #expect(found.ignored == ["0_zero", "seed", "x_y"].map { "\(folder)/\($0).sql" })
    }
  }

  @Test func refusesByName() throws {
    let problems = try problems(
      .goose,
      [
        "1_a.sql": "-- +goose Up\nSELECT 1;", "01_b.sql": "-- +goose Up\n", "2_c.go": "package c",
        "3_d.sql": "-- +goose Up\nCOPY t FROM STDIN;\n1\n\\.\n", "4_e.sql": "SELECT 1;\n",
        "5_f.sql": "-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${HOME}';\n-- +goose ENVSUB OFF\nSELECT $1;\n",
        "6_g.sql": "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n",
        "7_h.sql": "-- +goose Up\n -- +goose Down\n", "8_i.sql": "-- +goose Up\n-- +goose Sideways\n",
        "9_j.sql": "-- +goose Up\n-- migrate:down\n", "10_k.sql": "-- +goose Up\n-- +goose Up\n",
        "11_l.sql": "-- +goose Up\n'",
      ])
    #expect(
      Set(problems) == [
        "1_a.sql: 01_b.sql has the same version",
        "2_c.go: it is a migration in Go, and only SQL can be imported",
        "3_d.sql:2:1: COPY FROM STDIN is not allowed: tenantctl has no stream for it",
        "4_e.sql:1:1: a statement before '-- +goose Up'", "4_e.sql:1:1: no '-- +goose Up' line",
        "5_f.sql:3:9: '${HOME}';' is a placeholder that the tool replaces",
        "6_g.sql:2:1: '-- +goose StatementBegin' without StatementEnd",
        "7_h.sql:2:1: white space before an annotation",
        "8_i.sql:2:1: '-- +goose Sideways' is not expected here",
        "9_j.sql: the comment '-- migrate:down' would begin a section in tenantctl's format",
        "10_k.sql:2:1: '-- +goose Up' is not expected here",
        "11_l.sql:2:1: a string (') is not closed",
      ])
  }

  /// goose sends what ends at a line's end, or a block, as one message; here each statement is sent by itself.
  @Test(arguments: [
    "SELECT 1; SELECT 2;", "-- +goose StatementBegin\nSELECT 1;\nSELECT 2;\n-- +goose StatementEnd",
    "SELECT\n1;\n-- and\n\nSELECT 2; -- end",
  ])
  func severalStatementsInOneMessage(text: String) throws {
    let file = try imported(.goose, ["1_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\n\(text)\n"])[
      "1_a.sql"]
    #expect(file?.hasPrefix("-- migrate:up transaction:false\nSELECT") == true)
    #expect(file?.contains("SELECT 2;") == true)
  }

  /// To goose the end of a block is the end of a statement.
  @Test func blocksWithoutASemicolon() throws {
    let files = try imported(
      .goose,
      [
        "1_a.sql": """
        -- +goose Up
        -- +goose StatementBegin
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' -- as always
        -- +goose StatementEnd
        CREATE TABLE a (x int);
        -- +goose StatementBegin
        SELECT 1; SELECT 2
        -- +goose StatementEnd
        -- +goose StatementBegin
        -- +goose StatementEnd
        -- +goose Down
        -- +goose StatementBegin
        DROP TABLE a
        -- +goose StatementEnd
        -- +goose StatementBegin
        COMMIT
        -- +goose StatementEnd
        -- +goose StatementBegin
        DROP FUNCTION f() /* ; */
        -- +goose StatementEnd

        """
      ])
    #expect(
      files == [
        "1_a.sql": """
        -- migrate:up
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; -- as always
        CREATE TABLE a (x int);
        SELECT 1; SELECT 2;
        -- migrate:down
        DROP TABLE a;

        DROP FUNCTION f(); /* ; */

        """
      ])
  }

  /// Whatever was committed half-way, all of it is there in the end.
  @Test(arguments: [
    "SELECT 1;\nCOMMIT;\n", "SELECT 1;\nCOMMIT;\nSELECT 2;", "COMMIT;\nSELECT 1;\nBEGIN;",
    "-- +goose StatementBegin\nSELECT 1;\nEND;\n-- +goose StatementEnd\n",
  ])
  func itsOwnCommitGoes(text: String) throws {
    let file = try #require(try imported(.goose, ["1_a.sql": "-- +goose Up\n\(text)"])["1_a.sql"])
    #expect(file.contains("SELECT 1;") && !file.contains("COMMIT") && !file.contains("END"))
    #expect(file.hasPrefix("-- migrate:up\n"))
  }

  @Test func hintsSpeakOfTheToolsFile() throws {
    for format in [ImportFormat.goose, .sqlMigrate] {
      let word = format == .goose ? "goose" : "migrate"
      let file = "-- +\(word) Up\nCREATE TABLE a (x int);\nROLLBACK;\n"
      #expect(
        try hints(format, ["1_a.sql": file]) == ["remove it, or split the file there into two migrations"])
    }
  }
}
