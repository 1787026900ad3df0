import Tenancy
import Testing

@Suite("SQLScript") struct SQLScriptTests {
  @Test func smoke() throws {
    let text =
      "-- c\n/* b */ CREATE INDEX CONCURRENTLY i ON t (a);\nSELECT E'a\\';b'\n'c\\';';;\n  SELECT $a$;$b$;$a$"
    let all = try SQLScript.statements(in: Array(text.utf8))
    #expect(
      all.map(\.text) == [
        "/* b */ CREATE INDEX CONCURRENTLY i ON t (a);", "SELECT E'a\\';b'\n'c\\';';", "SELECT $a$;$b$;$a$",
      ])
    #expect(all[0].leadingKeywords == ["CREATE", "INDEX", "CONCURRENTLY", "I", "ON", "T"])
    #expect(SHA256.hex(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let f = try MigrationFile.parse(
      path: "x/1_a.sql",
      bytes: Array("-- migrate:up lock_timeout:2s\nselect 1;\n-- migrate:down\nselect 2".utf8))
    #expect(f.down?.first?.line == 4 && f.upOptions.lockTimeout == .seconds(2))
  }
}
