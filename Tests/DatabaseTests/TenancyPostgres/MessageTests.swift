import TenancyPostgres
import TestSupport
import Testing

/// Several statements as one message.
@Suite struct MessageTests {
  /// Rows are counted and not kept, and what comes after them is told from them.
  @Test func rowsArePassedOver() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let answers = try await connection.message([
        "BEGIN", "SELECT i FROM generate_series(1, 1000) i", "CREATE TABLE t (a int)",
        "INSERT INTO t SELECT generate_series(1, 3) RETURNING a", "COMMIT",
      ])
      #expect(answers.map(\.count) == [0, 0, 0, 0, 0])
      #expect(answers.map(\.affected) == [0, 1000, 0, 3, 0])
      let error = await #expect(throws: StatementError.self) {
        try await connection.message([
          "SELECT 1", "SELECT 1 / (3 - i) FROM generate_series(1, 5) i", "SELECT 2",
        ])
      }
      #expect(error?.index == 1 && error?.error.state == .divisionByZero)
      #expect(try await connection.query("TABLE t").map { $0[0] } == ["1", "2", "3"])
    }
  }

  /// What a rule adds to a statement has rows of its own, and is not counted as a statement.
  @Test(arguments: ["ALSO (SELECT 1; SELECT 2)", "ALSO SELECT 1", "INSTEAD (SELECT 1; SELECT 2)"])
  func aRuleWithQueries(rule: String) async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query("CREATE TABLE t (a int)")
      try await connection.query("CREATE TABLE u (a int)")
      try await connection.query("CREATE RULE r AS ON INSERT TO t DO \(unsafeRaw: rule)")
      let answers = try await connection.message([
        "BEGIN", "INSERT INTO t VALUES (1), (2)", "INSERT INTO u VALUES (1), (2), (3)", "COMMIT",
      ])
      #expect(answers.count == 4)
      #expect(answers[2].affected == 3)
      let error = await #expect(throws: StatementError.self) {
        try await connection.message(["INSERT INTO t VALUES (1)", "SELECT 2", "SELECT 1 / (SELECT 0)"])
      }
      #expect(error?.index == 2)
    }
  }
}
