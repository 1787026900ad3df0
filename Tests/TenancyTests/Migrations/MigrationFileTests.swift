import Testing

@testable import SQLText
@testable import Tenancy
@testable import TenantctlCommands

@Suite("Migration files") struct MigrationFileTests {
  @Test func bothDirections() throws {
    let text = """
      -- Adds a column.
      /* For the new tanks. */

      -- migrate:up transaction:false lock_timeout:2s statement_timeout:1min by me
      ALTER TABLE tanks ADD COLUMN capacity double precision;
      ALTER TABLE tanks ADD COLUMN depth double precision
      -- migrate:down transaction:true
      ALTER TABLE tanks DROP COLUMN depth;

      """
    let file = try parse(text)
    #expect(file.version.rawValue == "20261123101500")
    #expect(file.name == "add_capacity")
    #expect(file.checksum == Checksum(of: Array(text.utf8)))
    #expect(file.up.map(\.line) == [5, 6])
    #expect(file.up.last?.text.hasSuffix("depth double precision") == true)
    #expect(file.upOptions.transaction == false)
    #expect(file.upOptions.lockTimeout == .seconds(2))
    #expect(file.upOptions.statementTimeout == .seconds(60))
    #expect(file.down?.map(\.line) == [8])
    #expect(file.downOptions == MigrationOptions())
  }

  @Test(arguments: [
    "", "-- only a comment", "SELECT 1;", "SELECT 1; -- see migrate:down",
    "-- migrate the rows up",
  ])
  func withoutMarkersAllIsUp(text: String) throws {
    let file = try parse(text)
    #expect(file.up.count == (text.contains("SELECT") ? 1 : 0))
    #expect(file.upOptions == MigrationOptions())
    #expect(file.down == nil)
  }

  @Test(arguments: [
    "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;",
    "--migrate:up\nSELECT 1;\n--\t migrate:down\t\nSELECT 2;",
    "-- migrate:up\r\nSELECT 1;\r\n-- migrate:down foo  bar\r\nSELECT 2;\r\n",
    "\u{FEFF}-- migrate:up\nSELECT 1\n-- migrate:down\nSELECT 2",
    "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n-- ends",
  ]) func spellings(text: String) throws {
    let file = try parse(text)
    #expect(file.up.map { $0.text.prefix(8) } == ["SELECT 1"])
    #expect(file.down?.map { $0.text.prefix(8) } == ["SELECT 2"])
  }

  @Test(arguments: [
    ("COMMENT ON SCHEMA acme IS 'x';", true), ("Comment\nOn sCHEMA acme IS 'x';", true),
    ("DO $$ BEGIN EXECUTE format('comment on schema %I IS NULL', current_schema()); END $$;", true),
    ("SELECT 1;\n-- migrate:down\nCOMMENT ON SCHEMA a IS NULL;", true), ("SELECT 'ccomment', sschema;", true),
    ("COMMENT ON TABLE t IS 'x';", false), ("SELECT current_schema();", false),
    ("SELECT 'commenschem';", false), ("", false),
  ])
  func whetherItMayCommentOnItsSchema(text: String, expected: Bool) throws {
    #expect(try parse("-- migrate:up\n\(text)").mayCommentOnSchema == expected)
  }

  /// What a template leaves is no way back, unless there is nothing to go back from.
  @Test func anEmptySection() throws {
    #expect(try parse("-- migrate:up\nSELECT 1;\n-- migrate:down\n\n").down == nil)
    #expect(try parse("-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT;").down?.count == 1)
    #expect(try parse("-- migrate:up\n-- migrate:down\n").down == [])
  }

  /// Somebody has thought about it: the rollback has nothing to do.
  @Test(arguments: ["-- nothing to undo", "/* irrelevant */", "-- migrate down is a no-op here\n\n"])
  func aDownSectionWithOnlyAComment(comment: String) throws {
    #expect(try parse("-- migrate:up\nSELECT 1;\n-- migrate:down\n\(comment)\n").down == [])
    #expect(try parse("-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\n\(comment)").down == [])
  }

  @Test func liquibase() throws {
    let head = "--liquibase formatted sql\n--changeset joe:1\nCREATE TABLE a (x int);\n"
    #expect(invalid("\(head)--rollback DROP TABLE a;\n").map(\.line) == [4])
    #expect(try parse("\(head)--rollback empty\n--rollback not required").up.count == 1)
    #expect(try parse("CREATE TABLE a (x int);\n--rollback DROP TABLE a;\n").up.count == 1)
  }

  /// Lines by which Liquibase runs other text than the file's.
  @Test(arguments: [
    ("--ignoreLines:start\nDROP TABLE a;\n--ignoreLines:end\n", LiquibaseLine.ignoredLines),
    ("-- ignorelines:2\nDROP TABLE a;\nSELECT 1;\n", .ignoredLines),
    ("--ignoreLines:1\n", .ignoredLines),
    ("--property name:plan value:free\nINSERT INTO a VALUES ('${plan}');\n", .property),
    (
      "-- PROPERTY value:\"a b\" name:now.x dbms:postgresql\nCREATE TABLE b (x int DEFAULT ${now.x});\n",
      .property
    ),
    ("--property name:plan value:free\nINSERT INTO a VALUES ('${Plan} ${other}');\n", nil),
    ("--property name:plan value:free\nINSERT INTO a VALUES ('$plan');\n", nil),
    ("--comment ignoreLines:start\nSELECT 1;\n", nil),
  ])
  func liquibaseLines(text: String, line: LiquibaseLine?) throws {
    let head = "--liquibase formatted sql\n--changeset joe:1\nCREATE TABLE a (x text);\n"
    let first = String(text.prefix { $0 != "\n" })
    #expect(invalid(head + text).map(\.reason) == (line.map { [.liquibase(comment: first, $0)] } ?? []))
    // Elsewhere they are comments.
    #expect(invalid("CREATE TABLE a (x text);\n\(text)").isEmpty)
  }

  @Test(arguments: [
    ("/* liquibase rollback\nDROP TABLE a;\n*/", true), ("/*Liquibase Rollback\n  DROP TABLE a;*/", true),
    ("/* liquibase rollback */", false), ("/* the rollback */", false), ("/* down */", false),
  ])
  func liquibaseRollbacksInBlocks(comment: String, isRefused: Bool) throws {
    let head = "--liquibase formatted sql\n--changeset joe:1\nCREATE TABLE a (x int);\n"
    let problems = invalid("\(head)\(comment)\n--changeset joe:2\nSELECT 1;\n")
    #expect(problems.map(\.line) == (isRefused ? [4] : []))
    #expect(
      problems.allSatisfy { $0.message.contains("rollback of Liquibase's") && !$0.message.contains("\n") })
  }

  /// What Liquibase would skip would run in every tenant.
  @Test(arguments: [
    ("--changeset joe:1 context:test", true),
    ("-- changeset joe:1 runOnChange:true contextFilter:\"a or b\"", true),
    ("--changeset joe:1 labels:v2", true), ("--changeset joe:1 ignore:true", true),
    ("--changeset joe:1 dbms:mysql", true), ("--changeset joe:1 dbms:\"h2, oracle\"", true),
    ("--changeset joe:1 dbms:!postgresql", true), ("--preconditions onFail:MARK_RAN", true),
    ("--changeset joe:1", false), ("--changeset joe:1 dbms:mysql,postgresql", false),
    ("--changeset joe:1 dbms:!mysql", false), ("--changeset joe:1 ignore:false", false),
    ("--comment context:test", false), ("--changeset context:1", false),
  ])
  func liquibaseConditions(line: String, isRefused: Bool) throws {
    let head = "--liquibase formatted sql logicalFilePath:a\n"
    let text = "\(line)\nCREATE TABLE a (x int);\n"
    #expect(try parse(text).up.count == 1)
    let problems = isRefused ? invalid(head + text) : []
    #expect(problems.map(\.reason) == (isRefused ? [.liquibase(comment: line, .condition)] : []))
    #expect(problems.allSatisfy { $0.line == 2 && !$0.hint.isEmpty })
    if !isRefused { #expect(try parse(head + text).up.count == 1) }
  }

  @Test(arguments: [
    "CREATE TABLE a (x int);\n-- Down\n", "CREATE TABLE a (x int);\n-- Down Migration\n-- DROP TABLE a;\n",
    "-- Up Migration\nCREATE TABLE a (x int);", "-- Down payments\nCREATE TABLE a (x int);",
    "SELECT '\n-- Down\n';\nSELECT 1;", "-- undo the damage\nSELECT 1;",
    "CREATE TABLE a (x int);\n--> statement-breakpoint\nCREATE TABLE b (x int);",
  ])
  func prose(text: String) throws {
    #expect(try !parse(text).up.isEmpty)
  }

  /// dbmate passes over a remark on the line, and so do we; `migration check` tells of it.
  @Test(arguments: [
    "create users", "create index concurrently", "translation tables", "translation", "# no", "v2", "--",
    "transaction:true the users",
  ])
  func remarksOnAMarkerLine(remark: String) throws {
    let file = try parse("-- migrate:up \(remark)\nSELECT 1;\n-- migrate:down\nSELECT 2;")
    #expect(file.up.count == 1 && file.down?.count == 1)
    let found = MigrationSet(tenant: [file], shared: []).hazards()
    #expect(found.map(\.hazard) == [.markerWords] && found[0].excerpt == "-- migrate:up \(remark)")
    #expect(found[0].location.line == 1 && found[0].hazard.severity == .warning)
    let allowed = try parse("-- tenantctl:allow marker-words\n-- migrate:up \(remark)\nSELECT 1;")
    #expect(MigrationSet(tenant: [allowed], shared: []).hazards() == [])
  }

  @Test func optionsAreNoRemarks() throws {
    let file = try parse(
      "-- migrate:up transaction:false lock_timeout:2s \nSELECT 1;\n-- migrate:down\t\nSELECT 2;")
    #expect(MigrationSet(tenant: [file], shared: []).hazards() == [])
  }

  /// dbmate would cut each of these in two.
  @Test(arguments: [
    "DO $$\n-- migrate:down\nBEGIN END $$;", "SELECT '\n-- migrate:down\n';",
    "/*\n-- migrate:down\n*/ SELECT 1;",
    "SELECT \"\n-- migrate:up\n\";",
  ]) func markersWithinQuotesAreText(statement: String) throws {
    let file = try parse("-- migrate:up\n\(statement)\n-- migrate:down\nSELECT 2;")
    #expect(file.up.map(\.text) == [statement])
    #expect(file.down?.map(\.line) == [statement.split(separator: "\n").count + 3])
  }

  @Test func anEmptyDownSectionIsNotNone() throws {
    #expect(try parse("-- migrate:up\n-- migrate:down\n").down == [])
    #expect(try parse("-- migrate:up\n").down == nil)
  }

  @Test(arguments: [
    ("SELECT 1;\n-- migrate:up", "1:1 statementBeforeMarker"),
    ("\\set a\n-- migrate:up", #"1:1 script(metaCommand("\\set"))"#),
    ("-- migrate:down\nSELECT 1;", "1:1 downBeforeUp"),
    ("-- a\n-- migrate:down\n-- migrate:up\n", "2:1 downBeforeUp"),
    ("-- migrate:up\n\n-- migrate:up\n", "3:1 repeatedMarker(up, firstLine: 1)"),
    ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", "3:1 repeatedMarker(down, firstLine: 2)"),
    ("-- migrate:up transaction:no", "1:1 badOption(transaction no)"),
    ("-- migrate:up\n-- migrate:down lock_timeout:2m", "2:1 badOption(lock_timeout 2m)"),
    ("-- migrate:up statement_timeout:", "1:1 badOption(statement_timeout )"),
    ("-- migrate:up transction:false", "1:1 unknownOption(key: \"transction\")"),
    ("-- migrate:up lock_timeout=2s", "1:1 unknownOption(key: \"lock_timeout=2s\")"),
    ("-- migrate:up lock_timeout 2s", "1:1 badOption(lock_timeout )"),
    ("-- migrate:up NoTransaction", "1:1 unknownOption(key: \"NoTransaction\")"),
    ("-- migrate:up no-tx", "1:1 unknownOption(key: \"no-tx\")"),
    ("-- migrate:up transaction:false\n-- migrate:down notx", "2:1 unknownOption(key: \"notx\")"),
    ("-- migrate:up lock_timout", "1:1 unknownOption(key: \"lock_timout\")"),
    ("-- migrate:up statment-timeuot", "1:1 unknownOption(key: \"statment-timeuot\")"),
    ("-- migrate:up a transation", "1:1 unknownOption(key: \"transation\")"),
    ("-- migrate:up transaction:false Concurrently", "1:1 unknownOption(key: \"Concurrently\")"),
    ("-- migrate:up autocommit", "1:1 unknownOption(key: \"autocommit\")"),
    ("-- migrate:up\nSELECT 1;\n  BEGIN;", #"3:3 script(transactionControl("BEGIN"))"#),
    ("-- migrate:up\nSELECT (1;\n-- migrate:down\nSELECT 2", "2:8 script(unterminated(parenthesis))"),
    ("-- migrate:up\nSELECT 'a;\n-- migrate:down\nSELECT 2", "2:8 script(unterminated(quote))"),
    ("-- migrate:up\n-- migrate:down\nSELECT \"a", "3:8 script(unterminated(doubleQuote))"),
    ("-- migrate:up\nSELECT '\0'", "2:9 script(nulByte)"),
  ]) func problems(text: String, problem: String) {
    #expect(problemList(text) == [problem])
  }

  @Test(arguments: [
    " -- migrate:down", "SELECT 1; -- migrate:down", "--- migrate:down", "-- Migrate:Down", "-- MIGRATE:DOWN",
    "-- migrate: down", "-- migrate : down transaction:false", "-- migrate:down;", "-- +migrate Down",
    "-- +goose Down", "-- migrate:downn", "-- migrate:dwn", "-- migrate:rollback",
    "-- migrate:downgrade", "-- migrate down", "-- Migrate DOWN ", "-- tenantctl:down lock_timeout:2s",
  ]) func whatOnlyLooksLikeAMarkerIsRefused(line: String) throws {
    let errors = invalid("-- migrate:up\n\(line)\nDROP TABLE tanks;")
    #expect(errors.map(\.reason) == [.malformedMarker(.down)])
    #expect(errors.map(\.line) == [2])
  }

  @Test func allProblemsAreReportedInOrder() {
    let text =
      "-- migrate:up lock_timeout:x transaction:y\nBEGIN;\n -- migrate:down\n\\d\n-- migrate:down\nCOMMIT;\n$$"
    #expect(
      problemList(text) == [
        "1:1 badOption(lock_timeout x)", "1:1 badOption(transaction y)",
        #"2:1 script(transactionControl("BEGIN"))"#,
        "3:2 malformedMarker(down)", #"4:1 script(metaCommand("\\d"))"#,
        #"6:1 script(transactionControl("COMMIT"))"#,
        #"7:1 script(unterminated(dollarQuote("$$")))"#,
      ])
  }

  @Test func errorsAreWrittenAsCompilersWriteThem() throws {
    let error = try #require(invalid("SELECT 1;\n\\d").first)
    #expect(error.description == #"m/20261123101500_add_capacity.sql:2:1: \d is a psql command, not SQL"#)
    #expect(!error.hint.isEmpty)
  }

  @Test(arguments: [
    ("m/1_a.sql", "1", "a"), ("001_a_b.c.sql", "001", "a_b.c"), ("1-a.sql", "1", "a"), ("1.sql", "1", ""),
  ]) func names(path: String, version: String, name: String) throws {
    let file = try MigrationFile.parse(path: path, bytes: [])
    #expect(file.version.rawValue == version)
    #expect(file.name == name)
    #expect(file.path == path)
  }

  @Test(arguments: [
    "a.sql", "_1.sql", "2fa.sql", "1_a.txt", ".sql", "2024-01-31_a.sql",
    "m/\(String(repeating: "1", count: 129)).sql",
  ])
  func badNames(path: String) {
    let error = MigrationFilesInvalid(problems: [MigrationFileError(.badFileName, file: path)])
    #expect(throws: error) { try MigrationFile.parse(path: path, bytes: []) }
  }

  func parse(_ text: String) throws -> MigrationFile {
    try MigrationFile.parse(path: "m/20261123101500_add_capacity.sql", bytes: Array(text.utf8))
  }

  func invalid(_ text: String) -> [MigrationFileError] {
    do {
      _ = try parse(text)
      return []
    } catch let error as MigrationFilesInvalid {
      return error.problems
    } catch {
      Issue.record(error)
      return []
    }
  }

  private func problemList(_ text: String) -> [String] {
    invalid(text).map { error in
      let reason =
        switch error.reason {
        case .badOption(let key, let value, _): "badOption(\(key) \(value))"
        case let reason: "\(reason)".replacing(/[A-Za-z]+\.([A-Za-z]+\.)*/, with: "")
        }
      return "\(error.line ?? 0):\(error.column ?? 0) \(reason)"
    }
  }

  @Test func hintsNameTheWayOut() {
    #expect(SQLScriptError.Reason.metaCommand(#"\restrict"#).hint.contains("pg_dump"))
    #expect(SQLScriptError.Reason.transactionControl("BEGIN").hint.contains("transaction:false"))
  }
}
