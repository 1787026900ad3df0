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
        "4_e.sql:1:1: a statement before '-- +goose Up'", "4_e.sql:1:1: there is no '-- +goose Up' in it",
        "5_f.sql:3:9: '${HOME}';' is a placeholder that the tool replaces",
        "6_g.sql:2:1: '-- +goose StatementBegin' without StatementEnd",
        "7_h.sql:2:1: white space before an annotation",
        "8_i.sql:2:1: '-- +goose Sideways' is not expected here",
        "9_j.sql: the comment '-- migrate:down' would begin a section in tenantctl's format",
        "10_k.sql:2:1: '-- +goose Up' is not expected here",
        "11_l.sql:2:1: a string (') is not closed",
      ])
  }

  /// goose sends what ends at a line's end, or a block, as one message; PostgreSQL runs that whole or not at all.
  @Test(arguments: [
    ("SELECT 1; SELECT 2;", 2, 11),
    ("-- +goose StatementBegin\nSELECT 1;\nSELECT 2;\n-- +goose StatementEnd", 4, 1),
  ])
  func severalStatementsInOneMessage(text: String, line: Int, column: Int) throws {
    let place = "1_a.sql:\(line + 1):\(column)"
    let alone = try problems(.goose, ["1_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\n\(text)\n"])
    #expect(
      alone == [
        "\(place): the tool sends these statements as one message, which succeeds or fails as a whole"
      ])
    #expect(try problems(.goose, ["1_a.sql": "-- +goose Up\n\(text)\n"]) == [])
    let apart = "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT\n1;\n-- and\n\nSELECT 2; -- end\n"
    #expect(try problems(.goose, ["1_a.sql": apart]) == [])
  }
}
