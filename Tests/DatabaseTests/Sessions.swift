import Postgres
import Tenancy
import TestSupport

extension TestDatabase {
  /// A session of the code that is tested.
  func connect(observer: ConnectionObserver = .init()) async throws -> Connection {
    try await Connection.open(ConnectionTarget(url), applicationName: "tests", observer: observer)
  }

  /// Calls `body` while a session of its own holds what `statements` lock, and lets go of it afterwards.
  func whileHolding<T: Sendable>(
    _ statements: String..., body: (_ holder: Connection) async throws -> T
  ) async throws -> T {
    let holder = try await connect()
    return try await holder.transaction(opening: statements.map { SQL(unsafeRaw: $0) }) { _ in
      try await body(holder)
    }
  }
}

extension Connection {
  /// The server's process of this session.
  var backend: Int {
    get async throws { try await query("SELECT pg_backend_pid()")[0].decode(Int.self) }
  }

  /// Waits until some session waits for a lock that this session holds; returns that session's process.
  func blocked() async throws -> Int {
    try await awaited(
      "SELECT max(pid) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
  }

  /// Waits until the query gives something else than NULL.
  func awaited(_ query: SQL) async throws -> Int {
    while true {
      let answers = try await pipeline(["SELECT pg_stat_clear_snapshot()", "SELECT pg_sleep(0.002)", query])
      if let value = answers[2].first?[0].flatMap({ Int($0) }) { return value }
    }
  }
}
