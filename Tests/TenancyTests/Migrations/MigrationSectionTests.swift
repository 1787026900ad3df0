import Testing

@testable import Tenancy
@testable import TenantctlCommands

/// Lines of other tools, and remarks, that divide a file or do not.
extension MigrationFileTests {
  /// Without markers of ours the statements that undo would run with the others.
  @Test(arguments: [
    ("---- create above / drop below ----", "tern"), ("-- Down Migration", "node-pg-migrate"),
    ("--- !Downs", "Play"), ("-- //@UNDO", "MyBatis Migrations"), ("-- Down", nil), ("--DOWN:", nil),
    ("-- [Down]", nil), ("-- @DOWN", nil), ("-- +micrate Down", "micrate"), ("-- +goose Down", "goose"),
    ("-- +migrate Down notransaction", "sql-migrate"), ("-- Migration down", nil),
    ("-- rambler down", "rambler"), ("-- 1 down", "Mojo::Pg"),
    ("-- +down", nil), ("-- !down", nil), ("-- down.sql --", "Atlas"),
    ("-- Running downgrade 1a2b -> ", "Alembic"), ("-- Running downgrade 1a2b -> 0c1d, Add a", "Alembic"),
    ("-- rollback", nil), ("-- Rollback:", nil), ("-- REVERT --", nil), ("-- downgrade --", nil),
    ("--- [Downgrade]", nil),
    ("-- drift:down", "drift"), ("-- drift:rollback", "drift"), ("--Drift:Down", "drift"),
    ("-- sqitchy:down", nil), ("-- db.tool:undo", nil), ("-- x:revert", nil), ("-- x:downgrade --", nil),
    ("/* Down Migration */", nil), ("/* down */", nil), ("/*DOWN*/", nil), ("/** Undo **/", nil),
    ("/* drift:down */", nil), ("/* migrate:down */", nil), ("/* migrate down */", nil),
    ("/* +goose Down */", nil), ("/* rollback */", nil), ("/* @UNDO */", nil), ("/* !Downs */", nil),
    ("/* Running downgrade 1a2b -> */", nil), ("/* ==== DOWN ==== */", nil),
  ])
  func otherToolsSections(line: String, tool: String?) throws {
    let file = "CREATE TABLE a (x int);\n\(line)\nDROP TABLE a;\n"
    let error = try #require(invalid(file).first)
    #expect(error.line == 2)
    guard case .foreignSection(let comment, let found) = error.reason else {
      Issue.record("\(error.reason)")
      return
    }
    #expect(comment == line && found.name == tool)
    if let format = found.format { #expect(error.hint.contains("--from \(format.rawValue)")) }
    // In a file with markers of ours it is prose, unless it is nearly one of them.
    if line.hasPrefix("/*") || !line.lowercased().contains("+goose") && !line.contains("+migrate") {
      #expect(try parse("-- migrate:up\n\(file)").up.count == 2)
    }
  }

  /// A section's last statement needs no semicolon before a comment with a line to itself, nor does the comment with one.
  @Test(arguments: [
    "CREATE TABLE a (x int)\n/* Down Migration */\nDROP TABLE a;\n",
    "/* Up Migration */ CREATE TABLE a (x int); /* Down Migration */ DROP TABLE a;\n",
    "/* Up */\nCREATE TABLE a (x int);\n\n  /*\n   * Down\n   */\r\nDROP TABLE a;\n",
    "/* down */ DROP TABLE a;\n",
  ])
  func sectionsInBlockComments(file: String) throws {
    guard case .foreignSection(let comment, _) = try #require(invalid(file).first).reason else {
      Issue.record("\(invalid(file))")
      return
    }
    #expect(comment.hasPrefix("/*") && !comment.contains("\n"))
  }

  /// A remark on how to undo the file, which its author has in a comment, divides nothing.
  @Test(arguments: [
    "-- rollback\n-- DROP TABLE a;\nCREATE TABLE a (x int);\n",
    "CREATE TABLE a (x int);\n-- Rollback:\n--   DROP TABLE a;\n",
    "-- downgrade\nCREATE TABLE a (x int);\n",
    "CREATE TABLE a (x int);\n-- rollback is DROP TABLE a\nSELECT 1;\n",
    "CREATE TABLE a (x int);\n-- revert the default\nALTER TABLE a ALTER x DROP DEFAULT;\n",
    "CREATE TABLE a (x int); -- see down.sql\nSELECT 1;\n",
    "-- Running upgrade  -> 1a2b\nCREATE TABLE a (x int);\n",
    "CREATE TABLE a (x int);\n-- migrate\nSELECT 1;\n",
    "CREATE TABLE a (x int);\n-- TODO: rollback\nSELECT 1;\n",
    "CREATE TABLE a (x int);\n-- scale down\nSELECT 1;\n",
    "CREATE TABLE a (x int);\n/* Down Migration\nDROP TABLE a;\n*/\n",
    "CREATE TABLE a (x int);\n/* Down Migration */\n/* DROP TABLE a; */\n",
    "/* rollback */\nCREATE TABLE a (x int);\n", "CREATE TABLE a (x int);\n/* down the road */\nSELECT 1;\n",
    "CREATE TABLE a (up int, /* down */ x int);\n",
    "CREATE TABLE a (\n  up int,\n  /* down */\n  x int\n);\n",
    "SELECT 1 /* undo */ + 2;\n", "SELECT '\n/* down */\n'; SELECT 1;\n",
    "DO $$ BEGIN\n/* down */\nNULL; END $$;\n",
  ])
  func aRemarkIsNoSection(file: String) throws {
    #expect(invalid(file).isEmpty)
  }
}
