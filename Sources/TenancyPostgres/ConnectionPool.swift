internal import Synchronization

/// A few connections that many tasks share, first come, first served. They are opened when they are first needed; whoever
/// waits for that takes one that comes back sooner. So a server or pooler that admits fewer than the pool's size is no
/// obstacle, as long as it lets the others wait.
package final class ConnectionPool: Sendable {
  /// At most so many connections are open at a time.
  package let size: Int

  /// What a request ends with; `isIdle`: the connection was not in use, and may have broken since.
  private typealias Lease = (connection: Connection, isIdle: Bool)
  private typealias State = PoolState<Connection, CheckedContinuation<Lease, any Error>>
  private let open: @Sendable () async throws -> Connection
  private let patience: Duration?
  private let state: Mutex<State>

  /// A pool over connections that `open` makes.
  /// - Parameters:
  ///   - size: how many connections it holds at most; at least 1.
  ///   - patience: how long a request waits for a connection; `nil` is for ever. With a limit a request whose connection is
  ///     refused waits for one of the others, if some are lent; without one it fails.
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
  /// - Parameter limit: how long to wait for a connection, if less than the pool's patience; for a new one to be opened, too.
  package func withConnection<T>(
    within limit: Duration? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (Connection) async throws -> T
  ) async throws -> T {
    let connection = try await lease(within: limit)
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

  /// How many requests wait for a connection, those included for which one is being opened.
  var waiting: Int { state.withLock { $0.waitingCount } }

  private func lease(within limit: Duration?) async throws -> Connection {
    if state.withLock({ $0.requestFirst() }) { return try await openAlone() }
    while true {
      let (connection, isIdle) = try await turn(within: limit)
      if !isIdle { return connection }
      if await connection.isAlive() { return connection }
      await proceed(state.withLock { $0.giveBack(nil) })
    }
  }

  private func turn(within limit: Duration?) async throws -> Lease {
    let ticket = state.withLock { $0.ticket() }
    var alarm: Task<Void, any Error>?
    defer { alarm?.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        do {
          let grant = try request(ticket, continuation)
          // It is in the queue by now: an alarm that rang before would find nobody.
          let isOpening = if case .open = grant { true } else { false }
          alarm = (isOpening ? limit : limit ?? patience).map { limit in
            Task {
              try await Task.sleep(for: limit)  // The limit on waiting, cancelled by `defer`.
              refuse(ticket, PoolError.exhausted(after: limit))
            }
          }
          switch grant {
          case .idle(let connection): continuation.resume(returning: (connection, isIdle: true))
          case .open: open(for: ticket)
          case nil: break
          }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      refuse(ticket, CancellationError())
    }
  }

  /// Asks for a connection, and queues who gets none at once.
  private func request(
    _ ticket: State.Ticket, _ waiter: CheckedContinuation<Lease, any Error>
  ) throws -> State.Grant? {
    try state.withLock { state in
      // The handler of the cancellation has found nobody if the task was cancelled before this.
      if Task.isCancelled { throw CancellationError() }
      let grant = try state.request()
      switch grant {
      case .idle: break
      case .open: state.wait(ticket, waiter, hasOpening: true)
      case nil: state.wait(ticket, waiter, hasOpening: false)
      }
      return grant
    }
  }

  /// Without a task of its own, which a program with one connection would start up slower for.
  private func openAlone() async throws -> Connection {
    do {
      return try await open()
    } catch {
      await proceed(state.withLock { $0.giveBack(nil) })
      throw error
    }
  }

  /// Opens a connection in a task of its own: whoever it is for may get another one first, or give up.
  private func open(for ticket: State.Ticket) {
    Task {
      do {
        let connection = try await open()
        // A pooler that lends sessions answers the login at once, and the first question when one is free.
        if state.withLock({ $0.hasOthers }) { _ = try await connection.segments([[]]) }
        await proceed(state.withLock { $0.opened(connection, for: ticket) })
      } catch {
        let (waiter, next) = state.withLock { $0.refused(for: ticket, staying: patience != nil) }
        waiter?.resume(throwing: error)
        await proceed(next)
        if waiter == nil, let patience {
          try await Task.sleep(for: patience)  // Its limit, now that it waits.
          refuse(ticket, error)
        }
      }
    }
  }

  private func refuse(_ ticket: State.Ticket, _ error: any Error) {
    state.withLock { $0.leave(ticket) }?.resume(throwing: error)
  }

  private func takeBack(_ connection: Connection) async {
    let isSound = connection.state == .idle
    if !isSound { await connection.close() }
    await proceed(state.withLock { $0.giveBack(isSound ? connection : nil) })
  }

  private func proceed(_ next: State.Next) async {
    switch next {
    case .lend(let connection, let waiter): waiter.resume(returning: (connection, isIdle: false))
    case .open(let ticket): open(for: ticket)
    case .close(let connection): await connection.close()
    case .nothing: break
    }
  }
}
