import Testing

@testable import Tenancy

@Suite("Import of sqlx's files") struct SQLxImportTests {
  @Test func simpleAndReversible() throws {
    let files = try imported(
      .sqlx,
      [
        "01_tanks.sql": "CREATE TABLE tanks (id int);\n", "20220721124650_b.up.sql": "SELECT 1;\n",
        "20220721124650_b.down.sql": "SELECT 2;\n",
        "3_c.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
        "4_d.sql": "-- no-transaction\nSELECT 1; SELECT 2;\n", "5_e.sql": " -- no-transaction\nSELECT 1;\n",
      ])
    #expect(
      files == [
        "01_tanks.sql": "-- migrate:up\nCREATE TABLE tanks (id int);\n",
        "20220721124650_b.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n",
        "3_c.sql":
          "-- migrate:up transaction:false\n-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
        // As one message it is a transaction all the same.
        "4_d.sql": "-- migrate:up\n-- no-transaction\nSELECT 1; SELECT 2;\n",
        "5_e.sql": "-- migrate:up\n-- no-transaction\nSELECT 1;\n",
      ])
  }

  /// The digest is that of `sha384sum`.
  @Test func checksums() throws {
    try withFolder(["1_a.sql": "CREATE TABLE tanks (id int);\n"]) { folder in
      let migration = try MigrationImport(from: .sqlx, at: folder).migrations[0]
      #expect(
        migration.checksums.contains(
          "5e8e4a2c7f050279c7c7d4750abf2fded6863f8285c911170608ea3d7b10bea6acbdf43567eb8f5323d0de8080eddfe0"))
      #expect(migration.checksums.count == 2)
    }
  }

  @Test func refusesByName() throws {
    let problems = try problems(
      .sqlx,
      ["1_a.sql": "", "1_b.up.sql": "", "x_y.sql": "", "2_c.down.sql": "", "seed.sql": "", "z.rs": ""])
    #expect(
      problems == [
        "1_b.up.sql: 1_a.sql has the same version", "2_c.down.sql: it undoes a migration that does not exist",
        "x_y.sql: its name does not begin with a version",
      ])
  }
}
