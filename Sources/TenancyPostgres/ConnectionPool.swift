/// A few connections that many tasks share. They are opened when they are first needed.
package actor ConnectionPool {
  /// At most so many connections are open at a time.
  package nonisolated let size: Int

  private let open: @Sendable () async throws -> Connection
  private var idle: [Connection] = []
  private var leased = 0
  private var isClosed = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// A pool over connections that `open` makes.
  /// - Parameter size: how many connections it holds at most; at least 1.
  package init(size: Int, open: @escaping @Sendable () async throws -> Connection) {
    self.size = max(1, size)
    self.open = open
  }

  /// Lends a connection for the time of the block. A connection that comes back broken, or inside of a transaction,
  /// is closed and not lent again.
  ///
  /// Throws what opening a connection or the block throws.
  package nonisolated func withConnection<T: Sendable>(
    _ body: (Connection) async throws -> T
  ) async throws -> T {
    let connection = try await lease()
    do {
      let value = try await body(connection)
      await takeBack(connection)
      return value
    } catch {
      await takeBack(connection)
      throw error
    }
  }

  /// Closes the idle connections. Those that are lent are closed when they come back.
  package func close() async {
    for connection in idle { await connection.close() }
    idle = []
    isClosed = true
  }

  private func lease() async throws -> Connection {
    while leased >= size { await turn() }
    leased += 1
    while let connection = idle.popLast() {
      // The server may have been restarted since.
      if await connection.isAlive() { return connection }
    }
    do {
      return try await open()
    } catch {
      release()
      throw error
    }
  }

  // Apart from their callers, which would make the continuation's generic type also where nobody waits.

  @inline(never)
  private func turn() async {
    await withCheckedContinuation { waiting.append($0) }
  }

  @inline(never)
  private func giveTurn() {
    waiting.removeFirst().resume()
  }

  private func takeBack(_ connection: Connection) async {
    if !isClosed, connection.state == .idle {
      idle.append(connection)
    } else {
      await connection.close()
    }
    release()
  }

  private func release() {
    leased -= 1
    if !waiting.isEmpty { giveTurn() }
  }
}
