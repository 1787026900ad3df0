import Synchronization
import TestSupport
import Testing

@testable import TenancyPostgres

@Suite struct ConnectionPoolTests {
  /// Each that waits for the server has a thread of its own: of Dispatch's there are about 250 for the whole process.
  @Test(.timeLimit(.minutes(20))) func threeHundredThatWait() async throws {
    try await TestServer.withOwn(settings: ["max_connections=330"]) {
      try await TestDatabase.with { database in
        let pool = ConnectionPool(size: 300) { try await database.connect() }
        let holder = try await database.holder(of: "SELECT pg_advisory_xact_lock(1)")
        let blocks = (0..<300).map { _ in
          Task {
            try await pool.withConnection { try await $0.query("SELECT pg_advisory_xact_lock_shared(1)") }
          }
        }
        _ = try await holder.awaited(
          "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted HAVING count(*) = 300")
        await holder.close()
        for block in blocks { _ = try await block.value }
        await pool.close()
      }
    }
  }

  private struct Refused: Error {}

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

  /// A pooler that lends sessions, fewer than the pool's size, keeps the second one waiting until the first one ends.
  @Test(.timeLimit(.minutes(20))) func whoWaitsForAnOpeningTakesWhatComesBack() async throws {
    try await TestDatabase.with { database in
      let (admission, admit) = AsyncStream<Void>.makeStream()
      let opened = Atomic(0)
      let pool = ConnectionPool(size: 2) {
        if opened.add(1, ordering: .relaxed).newValue == 2 { for await _ in admission {} }
        return try await database.connect()
      }
      let (first, second) = try await pool.withConnection { connection in
        let second = Task { try await pool.withConnection { try await $0.backend } }
        await pool.hasWaiting(1)
        return (try await connection.backend, second)
      }
      #expect(try await second.value == first)
      admit.finish()
      let both = try await pool.withConnection { one in
        try await pool.withConnection { [try await one.backend, try await $0.backend] }
      }
      #expect(Set(both).count == 2 && both.contains(first))
      #expect(opened.load(ordering: .relaxed) == 2)
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

  /// Requests that were given up are out of the way at once: the next one waits for none of them.
  @Test(.timeLimit(.minutes(20))) func abandonedRequestsHoldUpNobody() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      let next = try await pool.withConnection { connection in
        let abandoned = (0..<40).map { _ in
          Task { try await pool.withConnection { _ in Issue.record("it was lent") } }
        }
        await pool.hasWaiting(40)
        let next = Task { try await pool.withConnection { try await $0.backend } }
        await pool.hasWaiting(41)
        for task in abandoned { task.cancel() }
        // While the connection is still lent.
        for task in abandoned { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(pool.waiting == 1)
        #expect(connection.state == .idle)
        return next
      }
      #expect(try await next.value > 0)
      await pool.close()
    }
  }

  @Test(.timeLimit(.minutes(20))) func inTheOrderInWhichTheyCame() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      let served = Mutex<[Int]>([])
      let ask = { @Sendable (number: Int) async throws -> Void in
        try await pool.withConnection { connection in
          served.withLock { $0.append(number) }
          try await connection.query("SELECT 1")
        }
      }
      let tasks = try await pool.withConnection { _ in
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<20 {
          tasks.append(Task { try await ask(number) })
          await pool.hasWaiting(number + 1)
        }
        return tasks
      }
      for task in tasks { try await task.value }
      #expect(served.withLock { $0 } == Array(0..<20))
      await pool.close()
    }
  }

  @Test(.timeLimit(.minutes(20))) func aRequestWaitsNoLongerThanItMay() async throws {
    try await TestDatabase.with { database in
      let limit = Duration.milliseconds(20)
      let pool = ConnectionPool(size: 1, patience: limit) { try await database.connect() }
      try await pool.withConnection { _ in
        await #expect(throws: PoolError.exhausted(after: limit)) { try await pool.withConnection { _ in } }
        #expect(pool.waiting == 0)
      }
      try await pool.withConnection { _ = try await $0.query("SELECT 1") }
      await pool.close()
    }
  }

  @Test(.timeLimit(.minutes(20))) func closedItRefusesThoseWhoWaitAndThoseWhoCome() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      let lent = try await pool.withConnection { connection in
        let waiter = Task { try await pool.withConnection { _ in } }
        await pool.hasWaiting(1)
        await pool.close()
        await #expect(throws: PoolError.closed) { try await waiter.value }
        // What is lent can be used to the end.
        try await connection.query("SELECT 1")
        return connection
      }
      #expect(lent.state == .closed)
      await #expect(throws: PoolError.closed) { try await pool.withConnection { _ in } }
    }
  }

  /// The place of a connection that broke goes to the next waiter, who opens another.
  @Test(.timeLimit(.minutes(20))) func aBrokenConnectionIsNotHandedOn() async throws {
    try await TestDatabase.with { database in
      let pool = ConnectionPool(size: 1) { try await database.connect() }
      let (broken, next) = try await pool.withConnection { connection in
        let backend = try await connection.backend
        let next = Task { try await pool.withConnection { try await $0.backend } }
        await pool.hasWaiting(1)
        await connection.close()
        return (backend, next)
      }
      #expect(try await next.value != broken)
      await pool.close()
    }
  }
}

extension ConnectionPool {
  /// Comes back once so many requests wait.
  fileprivate func hasWaiting(_ count: Int) async {
    while waiting < count { await Task.yield() }
  }
}
