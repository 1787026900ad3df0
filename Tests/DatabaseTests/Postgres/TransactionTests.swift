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

  @Test func thePoolKeepsToItsSize() async throws {
    try await TestDatabase.with { database in
      let opened = Atomic(0)
      let pool = ConnectionPool(size: 3) {
        opened.add(1, ordering: .relaxed)
        return try await database.connect()
      }
      let lent = Mutex((now: 0, most: 0))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<40 {
          group.addTask { @Sendable in
            try await pool.withConnection { connection in
              lent.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
              try await connection.query("SELECT 1")
              lent.withLock { $0.now -= 1 }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(lent.withLock { $0.most } <= 3)
      try await pool.withConnection { _ in
        try await pool.withConnection { _ in
          try await pool.withConnection { _ = try await $0.query("SELECT 1") }
        }
      }
      #expect(opened.load(ordering: .relaxed) == 3)
      await pool.close()
    }
  }

  @Test func thePoolKeepsNoBrokenConnection() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      let watcher = try await database.connect()
      let first = try await pool.withConnection { try await $0.backend }
      let again = try await pool.withConnection { try await $0.backend }
      #expect(again == first)

      await #expect(throws: ConnectionError.self) {
        try await pool.withConnection { connection in
          try await watcher.kill(first)
          try await connection.query("SELECT 1")
        }
      }
      let second = try await pool.withConnection { try await $0.backend }
      #expect(second != first)

      // Killed while nobody has it: after a restart of the server, for example.
      try await watcher.kill(second)
      let third = try await pool.withConnection { try await $0.backend }
      #expect(third != second)
      await pool.close()
    }
  }

  @Test func thePoolLendsNoOpenTransaction() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      try await pool.withConnection { connection in
        _ = try await connection.pipeline(["BEGIN", "CREATE TABLE t ()"])
      }
      let found = try await pool.withConnection { connection in
        #expect(connection.state == .idle)
        return try await connection.query("SELECT to_regclass('t')")[0][0]
      }
      #expect(found == nil)
      await pool.close()
    }
  }

  @Test func aRefusedConnectionFreesItsPlace() async throws {
    let attempts = Atomic(0)
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) {
        if attempts.add(1, ordering: .relaxed).newValue < 3 { throw Refused() }
        return try await database.connect()
      }
      for _ in 0..<2 {
        await #expect(throws: Refused.self) { try await pool.withConnection { _ in } }
      }
      try await pool.withConnection { _ = try await $0.query("SELECT 1") }
      await pool.close()
    }
  }
}
