import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
  @Test func decodesTypedRows() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let rows = try await connection.query(
        """
        SELECT * FROM (VALUES (1::bigint, 'é''', true, 2.5::float8, NULL::int), (-7, '', false, 1e300, 3)) v (a, b, c, d, e)
        """)
      #expect(rows.columns == ["a", "b", "c", "d", "e"])
      #expect(rows.affected == 2)
      let first = try rows[0].decode(Int.self, String.self, Bool.self, Double.self, Int?.self)
      #expect(first == (1, "é'", true, 2.5, nil))
      let second = try rows[1].decode(Int.self, String.self, Bool.self, Double.self, Int?.self)
      #expect(second == (-7, "", false, 1e300, 3))
    }
  }

  @Test(
    arguments: [
      ("SELECT NULL AS n", "n", "Int", nil), ("SELECT 'x' AS word", "word", "Int", "x"),
      ("SELECT 1.5 AS half", "half", "Int", "1.5"), ("SELECT WHERE false", "1", "Int", nil),
    ] as [(String, String, String, String?)])
  func decodingTellsWhatItFound(sql: String, column: String, expected: String, found: String?) async throws {
    try await TestDatabase.with { database in
      let rows = try await database.connect().query(
        SQL(unsafeRaw: "SELECT x.* FROM (SELECT 1) y LEFT JOIN (\(sql)) x ON true"))
      let error = #expect(throws: ColumnError.self) { try rows[0].decode(Int.self) }
      #expect(error?.found == found)
      #expect(error?.expected == expected)
      #expect(error?.column == column)
    }
  }

  @Test func valuesGoThereAndBack() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let text = "a'b\"c\\d\u{301}\n\u{1F600}"
      let names = [text, "", "NULL", "{a,b}", "\"\u{301}"]
      let rows = try await connection.query(
        """
        SELECT \(text)::text, \(literal: text), \(Int.min)::bigint, \(0.1)::float8, \(Double.infinity)::float8,
          \(false)::boolean, \(String?.none)::text, array_length(\(names)::text[], 1), (\(names)::text[])[5]
        """)
      let row = rows[0]
      #expect(
        (0..<9).map { row[$0] } == [text, text, "\(Int.min)", "0.1", "Infinity", "f", nil, "5", names[4]])
      let column = Identifier("a\"\u{301}, 1 AS \"b")
      #expect(try await connection.query("SELECT 1 AS \(column)").columns == [column.name])
    }
  }

  /// A setting that ends with the round trip, and is no transaction's.
  @Test func anOpening() async throws {
    try await TestDatabase.with { database in
      let connection = try await Connection.open(
        ConnectionTarget(database.url), applicationName: "tests",
        opening: "SELECT set_config('lock_timeout', '7s', true)")
      let rows = try await connection.pipeline(["SHOW lock_timeout", "SELECT 1"])
      #expect(rows.map { $0[0][0] } == ["7s", "1"])
      #expect(try await connection.segments([["SHOW lock_timeout"]])[0].get()[0][0][0] == "0")
      #expect(try await connection.transaction(["SHOW lock_timeout"])[0][0][0] == "0")
      let inside = try await connection.transaction { _ in try await connection.query("SHOW lock_timeout") }
      #expect(inside[0][0] == "0")
      let failure = await #expect(throws: StatementError.self) {
        try await connection.pipeline(["SELECT 1", "SELECT 1/0"])
      }
      #expect(failure?.index == 1)
    }
  }

  /// libpq's strings end at a NUL: a value would be cut, silently.
  @Test func refusesANULByte() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      for statement in ["SELECT \("a\0b")::text", SQL(unsafeRaw: "SELECT 1\0, 2")] {
        let error = await #expect(throws: StatementError.self) {
          try await connection.pipeline(["SELECT 1", statement])
        }
        #expect(error?.index == 1)
        #expect(error?.error.state == "22021")
      }
      #expect(try await connection.query("SELECT 7")[0][0] == "7")
    }
  }

  @Test func errorsHaveAllTheirParts() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query(
        "CREATE TABLE t (a int CONSTRAINT positive CHECK (a > 0), b text CONSTRAINT one UNIQUE)")
      try await connection.query("INSERT INTO t VALUES (1, 'x')")

      let unknown = try await error(of: "SELECT 1, é FROM t", connection)
      #expect(unknown.state == .undefinedColumn)
      #expect(unknown.position == 11)
      let twice = try await error(of: "INSERT INTO t VALUES (2, 'x')", connection)
      #expect(twice.state == .uniqueViolation)
      #expect((twice.schema, twice.table, twice.constraint) == ("public", "t", "one"))
      #expect(twice.detail?.contains("(b)=(x)") == true)
      let check = try await error(of: "INSERT INTO t VALUES (0, 'y')", connection)
      #expect(check.constraint == "positive")
      let hinted = try await error(
        of:
          "DO $$ BEGIN RAISE EXCEPTION 'm' USING ERRCODE = 'ZZ999', HINT = 'h', DETAIL = 'd', COLUMN = 'c'; END $$",
        connection)
      #expect(
        (hinted.state, hinted.message, hinted.hint, hinted.detail, hinted.column) == (
          "ZZ999", "m", "h", "d", "c"
        ))
      #expect(hinted.context?.isEmpty == false)
      #expect(connection.state == .idle)
    }
  }

  @Test(arguments: [0, 1, 2, 4])
  func pipelineNamesTheStatementThatFailed(index: Int) async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      var statements: [SQL] = ["CREATE TABLE t ()", "SELECT 1", "SELECT 2", "SELECT 3"]
      statements.insert("SELECT 1/0", at: index)
      let error = await #expect(throws: StatementError.self) { try await connection.pipeline(statements) }
      #expect(error?.index == index)
      #expect(error?.error.state == .divisionByZero)
      #expect(try await database.psql("SELECT to_regclass('t')") == "NULL")
      #expect(try await connection.pipeline(["SELECT 1", "SELECT 2"]).map { $0[0][0] } == ["1", "2"])
    }
  }

  @Test func segmentsAreIndependent() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query("CREATE TABLE t (a int)")
      let results = try await connection.segments([
        ["INSERT INTO t VALUES (1)", "SELECT 1"], ["INSERT INTO t VALUES (2)", "SELECT 1/0", "SELECT 2"], [],
        ["INSERT INTO t VALUES (3)"],
      ])
      #expect(results.map { (try? $0.get().count) ?? -1 } == [2, -1, 0, 1])
      #expect(throws: StatementError.self) { try results[1].get() }
      #expect(try await database.psql("SELECT string_agg(a::text, ',') FROM t") == "1,3")
    }
  }

  @Test func workOnItsThread() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      func hasThread() -> Bool { withUnsafeCurrentTask { $0?.unownedTaskExecutor != nil } }
      let found = try await connection.onItsThread {
        try await connection.query("SELECT 1")
        return hasThread()
      }
      #expect(found && !hasThread())
    }
  }

  @Test func noticesAndStatementsAreTold() async throws {
    try await TestDatabase.with { database in
      let heard = Mutex<[String]>([])
      let connection = try await database.connect(
        observer: ConnectionObserver(
          statement: { text in heard.withLock { $0.append(text) } },
          notice: { notice in heard.withLock { $0.append("\(notice.severity): \(notice.message.message)") } })
      )
      try await connection.query("SELECT \("it's")::text")
      try await connection.query("DO $$ BEGIN RAISE WARNING 'careful'; END $$")
      #expect(
        heard.withLock { $0 } == [
          "SELECT 'it''s'::text", "DO $$ BEGIN RAISE WARNING 'careful'; END $$", "WARNING: careful",
        ])
    }
  }

  /// Neither side may wait for the other to read first.
  @Test(.timeLimit(.minutes(20))) func manyStatementsAtOnce() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let statements: [SQL] = (0..<20_000).map { "SELECT \($0)::int, repeat('x', 200)" }
      let answers = try await connection.pipeline(statements)
      #expect(answers.count == 20_000)
      #expect(answers[19_999][0][0] == "19999")
    }
  }

  @Test(.timeLimit(.minutes(20))) func largeValues() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let text = String(repeating: "0123456789", count: 5_000_000)
      let rows = try await connection.query("SELECT length(\(text)::text), \(text)::text")
      #expect(rows[0][0] == "50000000")
      #expect(rows[0][1] == text)
    }
  }

  /// COPY would need another conversation than a pipeline's.
  @Test(.timeLimit(.minutes(20)), arguments: ["COPY t FROM STDIN", "COPY t TO STDOUT"])
  func copyEndsTheSession(statement: String) async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query("CREATE TABLE t (a int)")
      let error = await #expect(throws: ServerError.self) {
        try await connection.query(SQL(unsafeRaw: statement))
      }
      #expect(error?.state == "0A000")
      #expect(connection.state == .closed)
    }
  }

  /// A task that outlives a tenant's block waits behind a statement of it, and gets its turn when the lease has ended: by
  /// then the connection is another tenant's.
  @Test func aLeaseThatEndsWhileOthersWait() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      try await connection.query("CREATE TABLE t ()")
      let holder = try await database.holder(of: "SELECT pg_advisory_xact_lock(1)")
      let lease = Lease()
      let running = Task {
        try await connection.pipeline(["SELECT pg_advisory_xact_lock(1)"], during: lease)
      }
      _ = try await holder.blocked()
      let waiting = (0..<20).map { _ in
        Task { try await connection.pipeline(["INSERT INTO t DEFAULT VALUES"], during: lease) }
      }
      for _ in 0..<100 { await Task.yield() }
      lease.end()
      await holder.close()
      #expect(try await running.value.count == 1, "what is being sent is answered")
      for task in waiting { await #expect(throws: LeaseEnded.self) { try await task.value } }
      #expect(try await connection.query("SELECT count(*) FROM t")[0].decode(Int.self) == 0)
    }
  }

  @Test func callsTakeTurns() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
        for number in 0..<50 {
          group.addTask { (number, try await connection.query("SELECT \(number)::int")[0].decode(Int.self)) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count == 50)
      #expect(answers.allSatisfy { $0.0 == $0.1 })
    }
  }

  private func error(of statement: SQL, _ connection: Connection) async throws -> ServerError {
    try await #require(throws: ServerError.self) { try await connection.query(statement) }
  }
}
