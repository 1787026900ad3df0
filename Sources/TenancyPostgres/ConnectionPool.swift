internal import Synchronization

/// A few connections that many tasks share, first come, first served. They are opened when they are first needed.
package final class ConnectionPool: Sendable {
  /// At most so many connections are open at a time.
  package let size: Int

  private typealias Grant = PoolGrant<Connection>
  private typealias State = PoolState<Connection, CheckedContinuation<Grant, any Error>>
  private let open: @Sendable () async throws -> Connection
  private let patience: Duration?
  private let state: Mutex<State>

  /// A pool over connections that `open` makes.
  /// - Parameters:
  ///   - size: how many connections it holds at most; at least 1.
  ///   - patience: how long a request waits for a connection; `nil` is for ever.
  package init(
    size: Int, patience: Duration? = nil, open: @escaping @Sendable () async throws -> Connection
  ) {
    self.size = max(1, size)
    self.patience = patience
    self.open = open
    state = Mutex(State(size: self.size))
  }

  /// Lends a connection for the time of the block, which runs where the caller does. A connection that comes back broken,
  /// or inside of a transaction, is closed and not lent again.
  ///
  /// Throws ``PoolError``, `CancellationError` when the task is cancelled while it waits, and what opening a connection or
  /// the block throws.
  package func withConnection<T>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> T
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

  /// Closes the idle connections; those that are lent are closed when they come back. Who waits for one, and who asks for
  /// one from now on, gets ``PoolError/closed``.
  package func close() async {
    let (idle, waiting) = state.withLock { $0.close() }
    for waiter in waiting { waiter.resume(throwing: PoolError.closed) }
    for connection in idle { await connection.close() }
  }

  /// How many requests wait for a connection.
  var waiting: Int { state.withLock { $0.waitingCount } }

  private func lease() async throws -> Connection {
    var grant = if let grant = try state.withLock({ try $0.request() }) { grant } else { try await turn() }
    while case .idle(let connection) = grant {
      if await connection.isAlive() { return connection }
      grant = state.withLock { $0.replacement() }
    }
    if case .returned(let connection) = grant { return connection }
    do {
      return try await open()
    } catch {
      await giveBack(nil)
      throw error
    }
  }

  // Apart from its caller, which would make the continuation's generic type also where nobody waits.
  @inline(never)
  private func turn() async throws -> Grant {
    let ticket = state.withLock { $0.ticket() }
    var alarm: Task<Void, any Error>?
    defer { alarm?.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Grant, any Error>? = state.withLock { state in
          // The handler below has found nobody if the task was cancelled before this.
          if Task.isCancelled { return .failure(CancellationError()) }
          do throws(PoolError) {
            if let grant = try state.request() { return .success(grant) }
          } catch {
            return .failure(error)
          }
          state.wait(ticket, continuation)
          return nil
        }
        if let answer { return continuation.resume(with: answer) }
        // It is in the queue by now: an alarm that rang before would find nobody.
        alarm = patience.map { patience in
          Task {
            try await Task.sleep(for: patience)  // The limit on waiting, cancelled by `defer`.
            refuse(ticket, PoolError.exhausted(after: patience))
          }
        }
      }
    } onCancel: {
      refuse(ticket, CancellationError())
    }
  }

  private func refuse(_ ticket: Int, _ error: any Error) {
    state.withLock { $0.leave(ticket) }?.resume(throwing: error)
  }

  private func takeBack(_ connection: Connection) async {
    let isSound = connection.state == .idle
    if !isSound { await connection.close() }
    await giveBack(isSound ? connection : nil)
  }

  private func giveBack(_ connection: Connection?) async {
    switch state.withLock({ $0.giveBack(connection) }) {
    case .grant(let waiter, let grant): waiter.resume(returning: grant)
    case .close(let connection): await connection.close()
    case .nothing: break
    }
  }
}
