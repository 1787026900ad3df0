import SQLText
import Testing

@Suite("What a script must not hold") struct SQLRefusalTests {
  @Test(arguments: [
    ("BEGIN", "BEGIN"), ("begin isolation level serializable", "BEGIN"),
    ("START TRANSACTION", "START TRANSACTION"),
    ("/* a */ COMMIT /* b */", "COMMIT"), ("COMMIT WORK", "COMMIT"), ("END", "END"), ("ROLLBACK", "ROLLBACK"),
    ("ROLLBACK WORK", "ROLLBACK"), ("ROLLBACK AND CHAIN", "ROLLBACK"), ("ABORT", "ABORT"),
    ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION"), ("COMMIT PREPARED 'a'", "COMMIT PREPARED"),
    ("ROLLBACK PREPARED 'a'", "ROLLBACK PREPARED"),
  ]) func transactionControl(statement: String, keywords: String) {
    #expect(SQLScript(Array(statement.utf8)).problems.map(\.reason) == [.transactionControl(keywords)])
  }

  @Test(arguments: [
    ("COPY t FROM STDIN", "COPY FROM STDIN"),
    ("copy t (a, \"from\") from /* a */ stdin with csv", "COPY FROM STDIN"),
    ("COPY (SELECT a FROM stdin) TO STDOUT", "COPY TO STDOUT"), ("COPY t TO STDIN", "COPY TO STDIN"),
    ("COPY t FROM STDOUT", "COPY FROM STDOUT"),
  ]) func copyStream(statement: String, keywords: String) {
    #expect(SQLScript(Array(statement.utf8)).problems.map(\.reason) == [.copyStream(keywords)])
  }

  @Test(arguments: [
    "SET standard_conforming_strings = off", "SET standard_conforming_strings = off;",
    "set local Standard_Conforming_Strings to 'off' -- why",
    "SET SESSION standard_conforming_strings TO false", "SET standard_conforming_strings TO DEFAULT",
  ]) func oldStrings(statement: String) {
    #expect(SQLScript(Array(statement.utf8)).problems.map(\.reason) == [.oldStrings])
  }

  @Test(arguments: [
    "SET standard_conforming_strings = on", "SET standard_conforming_strings = on;",
    "SET LOCAL standard_conforming_strings TO 'on'",
    "SET standard_conforming_strings = on /* off */ -- off", "SET escape_string_warning = off",
    "ROLLBACK TO SAVEPOINT a", "ROLLBACK WORK TO a", "rollback transaction to a", "SAVEPOINT a", "RELEASE a",
    "SET TRANSACTION READ ONLY", "PREPARE a AS SELECT 1", "DO $$ BEGIN COMMIT; END $$", "\"begin\"",
    "SELECT 1 AS begin",
    "COPY t FROM '/a'", "COPY t FROM PROGRAM 'stdin'", "COPY stdin TO '/a'",
    "COPY (SELECT a FROM stdin) TO '/a'",
    "COPY t FROM 'STDIN'", "COPY \"from\".stdin TO '/a'", "INSERT INTO copy SELECT a FROM stdin",
    #"SELECT '\d', "\d", $$\d$$ -- \d"#, #"/* \d */"#,
  ]) func allowed(statement: String) {
    #expect(SQLScript(Array(statement.utf8)).problems.isEmpty)
  }

  @Test func eachIsReportedAtItsPlaceAndTheRestIsRead() {
    let text = #"""
      \set a 'b
      SELECT 1 \gexec BEGIN;
      ; /* c */ BEGIN;
      COPY t FROM STDIN; COMMIT;
      it's data	\N
      \.
      \
      SELECT 2; END;
      """#
    let script = SQLScript(Array(text.utf8))
    #expect(
      script.problems.map { "\($0.location.line):\($0.location.column) \($0.reason)" } == [
        #"1:1 metaCommand("\\set")"#, #"2:10 metaCommand("\\gexec")"#, #"3:11 transactionControl("BEGIN")"#,
        #"4:1 copyStream("COPY FROM STDIN")"#, #"7:1 metaCommand("\\")"#, #"8:11 transactionControl("END")"#,
      ])
    #expect(script.statements.map { $0.refusal == nil } == [true, false, false, true, false])
  }

  @Test func copyWithoutAnEndOfDataTakesTheRest() {
    #expect(
      SQLScript(Array("COPY t FROM STDIN;\nit's\n".utf8)).problems.map(\.reason) == [
        .copyStream("COPY FROM STDIN")
      ])
  }
}
