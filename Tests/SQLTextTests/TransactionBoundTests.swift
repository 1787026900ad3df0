import SQLText
import Testing

/// What has an effect only on the statements that follow in its transaction.
@Suite struct TransactionBoundTests {
  @Test(arguments: [
    ("SET LOCAL lock_timeout = '1s'", TransactionBound.setLocal), ("set /* x */ local role app", .setLocal),
    ("SET LOCAL transaction_timeout = 0", .setLocal), ("SET LOCAL TIME ZONE 'UTC'", .setLocal),
    ("SET TRANSACTION READ ONLY", .setTransaction), ("SET LOCAL TRANSACTION READ ONLY", .setTransaction),
    ("SET TRANSACTION SNAPSHOT 'x'", .setTransaction),
    ("SET transaction_isolation TO serializable", .setTransaction),
    ("SET LOCAL transaction_deferrable TO on", .setTransaction),
    ("SET CONSTRAINTS ALL DEFERRED", .setConstraints), ("set constraints a, b immediate", .setConstraints),
    ("LOCK TABLE t", .lock), ("LOCK t IN SHARE MODE NOWAIT", .lock), ("lock only \"T\"", .lock),
    ("SAVEPOINT a", .savepoint), ("RELEASE a", .release), ("RELEASE SAVEPOINT a", .release),
    ("ROLLBACK TO a", .rollbackTo), ("ROLLBACK WORK TO SAVEPOINT a", .rollbackTo),
    ("ROLLBACK TRANSACTION TO a", .rollbackTo),
    ("DECLARE c CURSOR FOR SELECT 1", .cursor), ("DECLARE c CURSOR WITHOUT HOLD FOR SELECT 1", .cursor),
    ("DECLARE c CURSOR FOR WITH hold AS (SELECT 1) TABLE hold", .cursor),
    ("CREATE TEMP TABLE a (x int) ON COMMIT DROP", .temporaryTable),
    ("CREATE TEMPORARY TABLE a ON COMMIT DROP AS SELECT 1", .temporaryTable),
  ])
  func endsWithItsTransaction(statement: String, kind: TransactionBound) {
    #expect(found(statement) == [kind])
  }

  @Test(arguments: [
    "SET lock_timeout = '1s'", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET ROLE app",
    "SET transaction_timeout = '5s'", "SET transaction_timeout TO DEFAULT", "SET my.local = 1",
    "SET \"transaction\" = 1", "RESET ALL", "SELECT set_config('a.b', 'x', false)", "SET TIME ZONE LOCAL",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "DECLARE \"c\" BINARY INSENSITIVE NO SCROLL CURSOR WITH HOLD FOR SELECT 1",
    "CREATE TEMP TABLE a (x int)", "CREATE TEMP TABLE a (x int) ON COMMIT DELETE ROWS",
    "CREATE TABLE lock (\"on commit drop\" int)",
    "DO $$ BEGIN SET LOCAL lock_timeout = 1; LOCK TABLE t; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET lock_timeout = 1 AS 'SELECT 1'",
    "SELECT 1 FROM t FOR UPDATE", "UPDATE t SET local = 1", "DROP TABLE a",
  ])
  func hasAnEffectAlone(statement: String) {
    #expect(found(statement) == [nil])
  }

  private func found(_ statement: String) -> [TransactionBound?] {
    SQLScript(Array(statement.utf8)).statements.map(\.transactionBound)
  }
}
