import TestSupport
import Testing

@testable import TenancyPostgres

@Suite struct KeepAliveTests {
  @Test(arguments: [
    ("", [30, 10, 3, 60_000]),
    ("?keepalives_idle=7&tcp_user_timeout=8000", [7, 10, 3, 8000]),
    // What the system has.
    ("?keepalives=0", nil as [Int]?),
  ])
  func areSetUnlessSomebodySaysOtherwise(query: String, values: [Int]?) async throws {
    try await TestDatabase.with { database in
      try await TestProxy.with(database) { proxy in
        let target = try ConnectionTarget(proxy.url + query)
        let connection = try await Connection.open(target, applicationName: "tests")
        let found = await connection.keepAlive
        if let values { #expect(found == values) } else { #expect(found[0] > 30) }
        await connection.close()
      }
    }
  }

  @Test(.timeLimit(.minutes(20))) func aCancellationThatNobodyAnswersIsGivenUp() async throws {
    try await TestDatabase.with { database in
      try await TestProxy.with(database) { proxy in
        let connection = try await Connection.open(ConnectionTarget(proxy.url), applicationName: "tests")
        let watcher = try await database.connect()
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        _ = try await watcher.awaited(
          "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
        proxy.goSilent()
        task.cancel()
        let lost = ConnectionError.lost("the server has not answered the cancellation within 5 s")
        await #expect(throws: lost) { try await task.value }
        #expect(connection.state == .closed)
      }
    }
  }
}
