import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@Suite struct TransactionTests {
  private struct Refused: Error {}

  @Test func allOrNothing() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let rows = try await connection.transaction(["CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)"])
      #expect(rows.map(\.affected) == [0, 2])
      let error = await #expect(throws: StatementError.self) {
        try await connection.transaction(["INSERT INTO t VALUES (3)", "SELECT nonsense", "SELECT 1/0"])
      }
      #expect(error?.index == 1)
      #expect(error?.error.state == .undefinedColumn)
      #expect(connection.state == .idle)
      #expect(try await database.psql("SELECT count(*) FROM t") == "2")
    }
  }

  @Test func theCommitCanFail() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query(
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
      let error = await #expect(throws: StatementError.self) {
        try await connection.transaction(["SELECT 1", "INSERT INTO t VALUES (1, 2)"])
      }
      #expect(error?.index == 2)
      #expect(error?.error.state == .foreignKeyViolation)
      #expect(connection.state == .idle)
    }
  }

  @Test func theBlocksErrorIsTheOneThrown() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      await #expect(throws: Refused.self) {
        try await connection.transaction(opening: ["CREATE TABLE t ()"]) { _ in
          _ = try? await connection.query("SELECT 1/0")
          throw Refused()
        }
      }
      #expect(connection.state == .idle)
      #expect(try await database.psql("SELECT to_regclass('t')") == "NULL")
    }
  }

  /// PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error.
  @Test func aSwallowedErrorIsNoCommit() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let error = await #expect(throws: ServerError.self) {
        try await connection.transaction(opening: ["CREATE TABLE t ()"]) { _ in
          _ = try? await connection.query("SELECT 1/0")
        }
      }
      #expect(error?.state == "25P02")
      #expect(connection.state == .idle)
      #expect(try await database.psql("SELECT to_regclass('t')") == "NULL")
    }
  }

  @Test func theOpeningsRowsArePassedOn() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let rows = try await connection.transaction(opening: ["SELECT 1", "SELECT 2"]) { opened in
        opened.map { $0[0][0] }
      }
      #expect(rows == ["1", "2"])
    }
  }
}
