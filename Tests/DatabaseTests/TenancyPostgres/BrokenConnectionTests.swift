import Glibc
import TenancyPostgres
import TestSupport
import Testing

@Suite struct BrokenConnectionTests {
  @Test(.timeLimit(.minutes(20))) func cancellingATaskCancelsItsStatement() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let watcher = try await database.connect()
      let pid = try await connection.backend
      let task = Task { try await connection.query("SELECT pg_sleep(600)") }
      _ = try await watcher.awaited(
        "SELECT pid FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep'")
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(
        try await watcher.query("SELECT state FROM pg_stat_activity WHERE pid = \(pid)")[0][0] == "idle")
      #expect(try await connection.query("SELECT 7")[0][0] == "7")
    }
  }

  @Test func cancelledInATransactionIsRolledBack() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let watcher = try await database.connect()
      let pid = try await connection.backend
      let task = Task { try await connection.transaction(["CREATE TABLE t ()", "SELECT pg_sleep(600)"]) }
      _ = try await watcher.awaited(
        "SELECT pid FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep'")
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(connection.state == .idle)
      #expect(try await watcher.query("SELECT to_regclass('t')")[0][0] == nil)
    }
  }

  @Test func cancelledBeforeItIsSent() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        try await connection.query("CREATE TABLE t ()")
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await connection.query("SELECT to_regclass('t')")[0][0] == nil)
    }
  }

  @Test(.timeLimit(.minutes(20))) func aKilledSessionIsLost() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let watcher = try await database.connect()
      let pid = try await connection.backend
      let task = Task { try await connection.query("SELECT pg_sleep(600)") }
      _ = try await watcher.awaited(
        "SELECT pid FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep'")
      try await watcher.query("SELECT pg_terminate_backend(\(pid))")
      let error = try await #require(throws: ConnectionError.self) { try await task.value }
      guard case .lost(let message) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!message.isEmpty)
      #expect(connection.state == .closed)
      await #expect(throws: ConnectionError.self) { try await connection.query("SELECT 1") }
    }
  }

  @Test func aSessionKilledWhileIdleIsLost() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      let watcher = try await database.connect()
      try await watcher.kill(try await connection.backend)
      await #expect(throws: ConnectionError.self) { try await connection.query("SELECT 1") }
      #expect(connection.state == .closed)
    }
  }

  @Test func aClosedSessionIsLost() async throws {
    try await TestDatabase.with { database in
      let connection = try await database.connect()
      await connection.close()
      await #expect(throws: ConnectionError.lost("the connection is closed")) {
        try await connection.query("SELECT 1")
      }
    }
  }

  @Test(arguments: [
    "postgresql://127.0.0.1:1/d", "postgresql:///d?host=/nonexistent", "postgresql://no.such.host.invalid/d",
  ])
  func nobodyListens(url: String) async throws {
    let error = try await refusal("\(url)\(url.contains("?") ? "&" : "?")user=u&password=hunter2")
    #expect(!error.isEmpty && !error.contains("hunter2"))
  }

  @Test func noSuchDatabase() async throws {
    try await TestDatabase.with { database in
      let message = try await refusal(database.url.replacing(database.name, with: "nonesuch"))
      #expect(message.contains("nonesuch"))
    }
  }

  @Test func wrongPassword() async throws {
    try await TestDatabase.with { database in
      try await TestRole.with(database) { role in
        let error = try await refusal(role.url(password: "swordfish"))
        #expect(error.contains(role.name) && !error.contains("swordfish"))
        let connection = try await Connection.open(ConnectionTarget(role.url()), applicationName: "tests")
        #expect(try await connection.query("SELECT current_user")[0][0] == role.name)
      }
    }
  }

  /// A socket that takes connections and never says a word.
  @Test(.timeLimit(.minutes(20))) func nobodyAnswers() async throws {
    try await SilentServer.with { url in
      let error = try await refusal("\(url)&connect_timeout=1")
      #expect(error.contains("1.0 seconds"))
    }
  }

  @Test(.timeLimit(.minutes(20))) func connectingCanBeCancelled() async throws {
    try await SilentServer.with { url in
      let task = Task {
        try await Connection.open(ConnectionTarget("\(url)&connect_timeout=50"), applicationName: "t")
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  private func refusal(_ url: String) async throws -> String {
    let error = try await #require(throws: ConnectionError.self) {
      try await Connection.open(ConnectionTarget(url), applicationName: "tests")
    }
    guard case .refused(let message, _, _) = error else {
      Issue.record("\(error)")
      return ""
    }
    return message
  }
}

extension Connection {
  /// Ends another session, and waits until it is gone.
  func kill(_ pid: Int) async throws {
    try await query("SELECT pg_terminate_backend(\(pid), 10000)")
  }
}

private enum SilentServer {
  static func with(_ body: (_ url: String) async throws -> Void) async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    try #require(isBound)
    try await body("postgresql://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/d?user=u")
  }
}
