import Postgres
import TestSupport

extension Scene {
  /// Calls `body` while another session holds a lock that SQL takes; the lock is gone afterwards.
  func whileHolding<T: Sendable>(_ sql: String, _ body: (_ holder: Connection) async throws -> T) async throws
    -> T
  {
    let holder = try await Connection.open(ConnectionTarget(database.url), applicationName: "holder")
    let result = try await holder.transaction(opening: [SQL(unsafeRaw: sql)]) { _ in try await body(holder) }
    await holder.close()
    return result
  }
}

extension Connection {
  /// Waits until some session waits for a lock that this session holds.
  func hasBlocked() async throws {
    let waiting: SQL = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    while try await pipeline(["SELECT pg_stat_clear_snapshot()", "SELECT pg_sleep(0.002)", waiting])[2]
      .isEmpty
    {}
  }
}
