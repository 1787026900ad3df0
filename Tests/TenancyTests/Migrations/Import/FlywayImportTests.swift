import Testing

@testable import Tenancy

@Suite("Import of Flyway's files") struct FlywayImportTests {
  @Test func wholeNumbersStay() throws {
    let files = try imported(
      .flyway,
      [
        "V001__tanks.sql": "CREATE TABLE tanks (id int);\n", "U1__back.sql": "DROP TABLE tanks;\n",
        "deep/er/V20260101000000__b c.SQL": "SELECT 1;", "V3.sql": "SELECT '$1';\n",
        "V4__index.sql": "CREATE INDEX CONCURRENTLY i ON tanks (id);\n",
      ])
    #expect(
      files == [
        "001_tanks.sql": "-- migrate:up\nCREATE TABLE tanks (id int);\n-- migrate:down\nDROP TABLE tanks;\n",
        "20260101000000_b c.sql": "-- migrate:up\nSELECT 1;\n", "3.sql": "-- migrate:up\nSELECT '$1';\n",
        "4_index.sql": "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON tanks (id);\n",
      ])
  }

  @Test func dottedVersionsKeepTheirOrder() throws {
    let names = ["V1__a", "V1.2__b", "V1_10__c", "V2.0.1__d", "V1.2.1000__e", "V10__f"]
    let files = Dictionary(uniqueKeysWithValues: names.map { ("\($0).sql", "") })
    try withFolder(files) { folder in
      let migrations = try MigrationImport(from: .flyway, at: folder).migrations
      #expect(
        migrations.map(\.fileName) == [
          "10000000_a.sql", "10020000_b.sql", "10021000_e.sql", "10100000_c.sql", "20000001_d.sql",
          "100000000_f.sql",
        ])
      let versions = migrations.compactMap { MigrationFileName(path: $0.fileName)?.version }
      #expect(versions == versions.sorted())
    }
  }

  @Test func settingsOfAScript() throws {
    let files = try imported(
      .flyway,
      [
        "V1__a.sql": "SELECT '${x}';\n", "V1__a.sql.conf": "# why\nplaceholderReplacement=false\n",
        "V2__b.sql": "SELECT 1;\n", "V2__b.sql.conf": "executeInTransaction = false\r\nencoding=UTF-8\n",
      ])
    #expect(
      files == [
        "1_a.sql": "-- migrate:up\nSELECT '${x}';\n",
        "2_b.sql": "-- migrate:up transaction:false\nSELECT 1;\n",
      ])
  }

  /// The number is that of `zlib.crc32` over the lines without their ends.
  @Test(arguments: ["CREATE TABLE tanks (id int);\n", "\u{FEFF}CREATE TABLE \r\ntanks (id int);"])
  func checksum(text: String) throws {
    try withFolder(["V1__a.sql": text]) { folder in
      let migration = try MigrationImport(from: .flyway, at: folder).migrations[0]
      #expect(migration.checksums == ["1548777996"])
    }
  }

  @Test func refusesByName() throws {
    let problems = try problems(
      .flyway,
      [
        "V1__a.sql": "", "V1.0__b.sql": "", "R__views.sql": "", "B5__base.sql": "", "U7__undo.sql": "",
        "afterMigrate.sql": "", "beforeEachMigrate__x.sql": "", "V2__J.java": "", "V3__s.sh": "",
        "R__J.class": "",
        "V4__p.sql": "-- x\nSELECT '${name}';\n", "V5__c.sql": "", "V5__c.sql.conf": "shouldExecute=false\n",
        "Views.sql": "", "README.sql": "", "V__x.sql": "", "x.java": "",
      ])
    #expect(
      problems == [
        "B5__base.sql: a baseline migration runs in a new database instead of those before it",
        "R__J.class: it is a migration in Java, and only SQL can be imported",
        "R__views.sql: a repeatable migration runs again whenever it changes; tenantctl has no such migrations",
        "U7__undo.sql: it undoes a migration that does not exist",
        "V1__a.sql: V1.0__b.sql has the same version",
        "V2__J.java: it is a migration in Java, and only SQL can be imported",
        "V3__s.sh: it is a script, and only SQL can be imported",
        "V4__p.sql:2:9: '${name}' is a placeholder that the tool replaces",
        "V5__c.sql.conf: tenantctl has no equivalent of the setting 'shouldExecute=false'",
        "afterMigrate.sql: it runs on the event afterMigrate, which tenantctl does not have",
        "beforeEachMigrate__x.sql: it runs on the event beforeEachMigrate, which tenantctl does not have",
      ])
  }

  @Test func tooManyDigits() throws {
    let problems = try problems(.flyway, ["V1.2__a.sql": "", "V20260101000000__b.sql": ""])
    #expect(
      problems == [
        "V20260101000000__b.sql: its version 20260101000000 is too long beside the others"
      ])
  }

  /// A long part makes room in every version: only those that have it are to be shortened.
  @Test func tooManyDigitsForTheOthers() throws {
    let long = try problems(
      .flyway,
      [
        "V1_5_2__a.sql": "", "V1_10_0__b.sql": "", "V2_7_0_1__c.sql": "", "V4_101_1631562784__d.sql": "",
        "V4_102_1631562790__e.sql": "",
      ])
    #expect(
      long == [
        "V4_101_1631562784__d.sql: its version 4_101_1631562784 is too long beside the others",
        "V4_102_1631562790__e.sql: its version 4_102_1631562790 is too long beside the others",
      ])
    let deep = try problems(.flyway, ["V1.2__a.sql": "", "V3.4__b.sql": "", "V1.2.3.4.5.6__c.sql": ""])
    #expect(deep == ["V1.2.3.4.5.6__c.sql: its version 1.2.3.4.5.6 is too long beside the others"])
    #expect(
      try hints(.flyway, ["V1.2__a.sql": "", "V3.4__b.sql": "", "V1.2.3.4.5.6__c.sql": ""]) == [
        """
        shorten its parts, or have fewer: in every version each part after the first gets the digits of the longest of all \
        files, 3 at least, and 14 are possible
        """
      ])
  }
}
