package import TenancyPostgres

extension TestDatabase {
  /// A session of the code that is tested.
  package func connect(observer: ConnectionObserver = .init()) async throws -> Connection {
    try await Connection.open(ConnectionTarget(url), applicationName: "tests", observer: observer)
  }

  /// Calls `body` while a session of its own holds what `statements` lock, and lets go of it afterwards.
  package func whileHolding<T: Sendable>(
    _ statements: String..., body: (_ holder: Connection) async throws -> T
  ) async throws -> T {
    let holder = try await connect()
    return try await holder.transaction(opening: statements.map { SQL(unsafeRaw: $0) }) { _ in
      try await body(holder)
    }
  }
}

extension TestDatabase {
  /// A session whose transaction has run the statement, and keeps its locks until the session is closed: for a program that is
  /// to meet them whenever it starts.
  package func holder(of statement: String) async throws -> Connection {
    let holder = try await connect()
    _ = try await holder.query("BEGIN")
    _ = try await holder.query(SQL(unsafeRaw: statement))
    return holder
  }
}

extension Connection {
  /// The server's process of this session.
  package var backend: Int {
    get async throws { try await query("SELECT pg_backend_pid()")[0].decode(Int.self) }
  }

  /// Waits until some session waits for a lock that this session holds; returns that session's process.
  @discardableResult
  package func blocked() async throws -> Int {
    try await awaited(
      "SELECT max(pid) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
  }

  /// Waits until some session of this database runs something that sleeps.
  package func sleeping() async throws {
    _ = try await awaited(
      """
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()
      """)
  }

  /// Waits until the query gives something else than NULL.
  ///
  /// - Throws: `NothingCame` after two minutes, far longer than it takes on a busy machine.
  package func awaited(_ query: SQL) async throws -> Int {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      // The pause only keeps the server's processor free: what is waited for is what the query sees.
      let answers = try await pipeline(["SELECT pg_stat_clear_snapshot()", "SELECT pg_sleep(0.002)", query])
      if let value = answers[2].first?[0].flatMap({ Int($0) }) { return value }
    }
    throw NothingCame(query: query.text)
  }
}

/// What a test waits for did not come.
package struct NothingCame: Error {
  let query: String
}
