import Testing

@testable import Tenancy

@Suite("Import from a folder for each migration") struct FolderImportTests {
  @Test func prisma() throws {
    let files = try imported(
      .prisma,
      [
        "0_init/migration.sql": "-- CreateTable\nCREATE TABLE \"User\" (id int);\n",
        "20240101000000_b/migration.sql": "SELECT 1;\n", "20240101000000_b/down.sql": "SELECT 2;\n",
        "20240201000000_index/migration.sql": "CREATE INDEX CONCURRENTLY i ON t (a);",
        "migration_lock.toml": "provider = \"postgresql\"\n", "20240101000000_b/seed.sql": "",
      ])
    #expect(
      files == [
        "0_init.sql": "-- migrate:up\n-- CreateTable\nCREATE TABLE \"User\" (id int);\n",
        "20240101000000_b.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n",
        "20240201000000_index.sql":
          "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
      ])
  }

  @Test func diesel() throws {
    let files = try imported(
      .diesel,
      [
        "00000000000000_diesel_initial_setup/up.sql": "SELECT 0;\n",
        "00000000000000_diesel_initial_setup/down.sql": "-- Nothing to undo\n",
        "2024-01-01-000000_b_c/up.sql": "SELECT 1;\n",
        "2024-02-01-000000_index/up.sql": "CREATE INDEX CONCURRENTLY i ON t (a);\n",
        "2024-02-01-000000_index/metadata.toml": "# why\nrun_in_transaction = false\n", "README.md": "",
      ])
    #expect(
      files == [
        "00000000000000_diesel_initial_setup.sql":
          "-- migrate:up\nSELECT 0;\n-- migrate:down\n-- Nothing to undo\n",
        "20240101000000_b_c.sql": "-- migrate:up\nSELECT 1;\n",
        "20240201000000_index.sql":
          "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
      ])
  }

  /// Diesel orders the versions as texts, and has had 18 digits since 2.1: a time and a number.
  @Test func dieselsLongVersions() throws {
    try withFolder([
      "20170102131034_a/up.sql": "", "2017-09-23-182408_b/up.sql": "", "2025-12-29-110242-0000_c/up.sql": "",
      "2026-01-20-162913_d/up.sql": "", "2026-05-27-120000-0000_f/up.sql": "",
      "2026-05-27-120000_e/up.sql": "",
      "2026-05-27-120000-0001_g/up.sql": "",
    ]) { folder in
      let migrations = try MigrationImport(from: .diesel, at: folder).migrations
      #expect(
        migrations.map(\.fileName) == [
          "20170102131034_a.sql", "20170923182408_b.sql", "20251229110242_c.sql", "20260120162913_d.sql",
          "20260527120000_e.sql", "20260527120001_f.sql", "20260527120002_g.sql",
        ])
      #expect(migrations[4].version.parts == ["20260527120000"])
      #expect(migrations[5].version.parts == ["202605271200000000"])
    }
  }

  @Test func refusesByName() throws {
    #expect(
      try problems(
        .prisma,
        [
          "1_a/down.sql": "", "init/migration.sql": "", "10_b/migration.sql": "", "9_c/migration.sql": "",
          "010_d/migration.sql": "",
        ]) == [
          "10_b/migration.sql: 010_d/migration.sql has the same version",
          "1_a/down.sql: it undoes a migration that does not exist",
          "9_c/migration.sql: the tool runs it after 10_b/migration.sql, by the text of the names",
          "init: the folder's name does not begin with a version",
        ])
    #expect(
      try problems(
        .diesel,
        ["2024-01-01_a/up.sql": "", "2024-01-01_a/metadata.toml": "run_in_transaction = \"no\"\nx = 1 # y\n"])
        == [
          #"2024-01-01_a/metadata.toml:1:1: tenantctl has no equivalent of the setting 'run_in_transaction="no"'"#,
          "2024-01-01_a/metadata.toml:2:1: tenantctl has no equivalent of the setting 'x=1'",
        ])
  }

  /// Both tools stop at such a folder: what it does instead would be lost.
  @Test func foldersWithoutTheirScript() throws {
    #expect(
      try problems(
        .prisma,
        [
          "1_a/migration.sql": "", "2_backfill/migration.ts": "", "3_b/notes/x.sql": "", "tools/run.ts": "",
          "migration_lock.toml": "",
        ]) == [
          "2_backfill: the folder has no migration.sql", "3_b: the folder has no migration.sql",
          "tools: the folder has no migration.sql",
        ])
    #expect(
      try problems(.diesel, ["1_a/up.sql": "", "2_b/metadata.toml": "", "3_c/up.rs": "", "diesel.toml": ""])
        == ["2_b: the folder has no up.sql", "3_c: the folder has no up.sql"])
  }

  @Test(arguments: ["CREATE TABLE a ();\r\n", "CREATE TABLE a ();\n"])
  func prismasChecksum(text: String) throws {
    try withFolder(["1_a/migration.sql": text]) { folder in
      let migration = try MigrationImport(from: .prisma, at: folder).migrations[0]
      #expect(migration.checksums.contains(SHA256.hex(of: "CREATE TABLE a ();\n")))
    }
  }
}
