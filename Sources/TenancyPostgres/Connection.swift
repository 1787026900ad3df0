internal import CLibPQ
internal import Synchronization

/// A connection to PostgreSQL over non-blocking libpq.
///
/// Statements go out in pipelines (PostgreSQL manual, 34.5 "Pipeline Mode"): any number of them costs one round
/// trip. No statement is prepared and nothing is kept in the session, so it works through PgBouncer in
/// transaction mode. One call runs at a time; a second one waits. When the task is cancelled, the running
/// statement is cancelled on the server.
package actor Connection {
  private let executor: any SerialExecutor
  let waiter = Waiter()
  let target: ConnectionTarget
  let observer: ConnectionObserver
  private let opening: SQL?
  let options: String?
  let patience: Duration
  private let answerLimit: Duration?
  var handle: Handle?
  /// Those that nobody has asked for yet.
  var notifications = Notifications()
  private let currentState = Atomic(State.closed)
  /// -1 while it is closed. Only whoever has leased the connection looks at it from another thread.
  private let socket = Atomic<CInt>(-1)
  private let canceller = Canceller()
  /// How long the server has to answer a cancellation; then the connection counts as lost.
  private static let cancelPatience = Duration.seconds(5)

  /// Where the connection lives.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private init(
    target: ConnectionTarget, opening: SQL?, options: String?, patience: Duration, answerLimit: Duration?,
    observer: ConnectionObserver, executor: any SerialExecutor
  ) {
    self.answerLimit = answerLimit
    (self.options, self.opening, self.target, self.observer) = (options, opening, target, observer)
    (self.patience, self.executor) = (patience, executor)
  }

  /// Connects.
  ///
  /// `application_name` is `applicationName` unless the target or the environment says otherwise. Gives up after
  /// the target's `connect_timeout`, or else after `patience`.
  /// Throws ``ConnectionError``, or `CancellationError` when the task is cancelled.
  /// - Parameters:
  ///   - opening: what each ``query(_:)`` and ``pipeline(_:)`` outside of a transaction block begins with, in the same round
  ///     trip: a setting for that transaction only, such as `SELECT set_config('lock_timeout', '2s', true)`. In the
  ///     session it would be lost behind a pooler, and PgBouncer refuses it among the start-up options.
  ///   - options: what the server's session is started with, such as `-c search_path=acme`.
  ///   - answerLimit: how long a pipeline waits for something to come, as in ``segments(_:within:)``; `nil`: for ever.
  ///   - executor: where the connection waits for the server, which blocks; by default a thread of its own.
  package static func open(
    _ target: ConnectionTarget, applicationName: String, opening: SQL? = nil, options: String? = nil,
    patience: Duration = .seconds(10), answerLimit: Duration? = nil,
    observer: ConnectionObserver = .init(), executor: (any SerialExecutor)? = nil
  ) async throws -> Connection {
    let connection = Connection(
      target: target, opening: opening, options: options, patience: patience, answerLimit: answerLimit,
      observer: observer, executor: try executor ?? ConnectionThread())
    try await connection.wakingOnCancel { try await $0.connect(applicationName: applicationName) }
    return connection
  }

  /// Ends the session. Later calls throw ``ConnectionError/lost(_:)``.
  package func close() {
    handle = nil
    noteState()
  }

  /// Runs one statement and returns its rows.
  ///
  /// Throws ``ServerError``, ``ConnectionError`` or `CancellationError`.
  @discardableResult
  package func query(_ statement: SQL) async throws -> Rows {
    do {
      return try await pipeline([statement])[0]
    } catch let failure as StatementError {
      throw failure.error
    }
  }

  /// Sends all the statements in one round trip and returns the rows of each.
  ///
  /// Outside of a transaction block they are one transaction. After the first failure the rest is not run.
  /// Throws ``StatementError`` for that failure, ``ConnectionError`` or `CancellationError`.
  /// - Parameter lease: for whose time; afterwards ``LeaseEnded`` is thrown, and nothing sent.
  package func pipeline(_ statements: [SQL], during lease: Lease? = nil) async throws -> [Rows] {
    if let lease {
      return try await wakingOnCancel { try await $0.exchange([statements], within: nil, during: lease) }[0]
        .get()
    }
    return try await openedSegments([statements])[0].get()
  }

  /// The same without the opening.
  func bare(_ statements: [SQL]) async throws -> [Rows] {
    try await segments([statements])[0].get()
  }

  /// Sends several pipelines in one round trip. Each is a transaction of its own, and the failure of one does not
  /// keep the next from running.
  ///
  /// Throws ``ConnectionError`` or `CancellationError`; ``StatementError`` with nothing sent if a statement or a value
  /// has a NUL, which PostgreSQL's text cannot hold.
  /// - Parameter limit: how long to wait for something to come; then the connection is closed, and counts as lost. Nothing
  ///   is cancelled: PgBouncer 1.18 ends when it is asked to cancel what waits for a session.
  package func segments(_ segments: [[SQL]], within limit: Duration? = nil) async throws -> [PipelineResult] {
    try await wakingOnCancel { try await $0.exchange(segments, within: limit) }
  }

  /// The same, each with the opening.
  ///
  /// Throws as ``segments(_:within:)`` does.
  package func openedSegments(_ segments: [[SQL]]) async throws -> [PipelineResult] {
    guard let opening, state == .idle else { return try await self.segments(segments) }
    return try await self.segments(segments.map { [opening] + $0 }).map(\.withoutOpening)
  }

  /// What the session can be used for.
  package enum State: Int, Sendable, AtomicRepresentable {
    /// Nothing any more.
    case closed
    /// Whatever comes.
    case idle
    /// A transaction block is open, or has failed and waits for its end.
    case inTransaction
  }

  /// What the session can be used for, as of the last answer of the server.
  package nonisolated var state: State { currentState.load(ordering: .acquiring) }

  /// Whether the server still holds the session, as far as can be told without asking it. If nothing has come it does: that
  /// is seen from any thread, and to wake the connection's own costs more.
  nonisolated func isAlive() async -> Bool {
    let socket = socket.load(ordering: .acquiring)
    if socket >= 0, Waiter.isQuiet(socket) { return true }
    return await canBeRead()
  }

  private func canBeRead() -> Bool {
    // The first read takes the server's last words, the second one sees the end.
    if let handle, PQconsumeInput(handle.pointer) == 1, PQconsumeInput(handle.pointer) == 1 { return true }
    close()
    return false
  }

  func noteState() {
    guard let handle, PQstatus(handle.pointer) == CONNECTION_OK else {
      socket.store(-1, ordering: .releasing)
      return currentState.store(.closed, ordering: .releasing)
    }
    socket.store(PQsocket(handle.pointer), ordering: .releasing)
    let isIdle = PQtransactionStatus(handle.pointer) == PQTRANS_IDLE
    currentState.store(isIdle ? .idle : .inTransaction, ordering: .releasing)
  }

  /// Does work on the connection's thread, unless it was opened with another executor: from one thread to another and
  /// back, each exchange with the server costs two wake-ups.
  ///
  /// For work that talks to this connection and does nothing besides: while it waits for the server the thread is
  /// blocked, and neither the work's other tasks nor what it awaits elsewhere goes on.
  /// Throws what the work throws.
  package nonisolated func onItsThread<T: Sendable>(_ work: () async throws -> T) async rethrows -> T {
    try await withTaskExecutorPreference(executor as? ConnectionThread, operation: work)
  }

  nonisolated func wakingOnCancel<T: Sendable>(
    _ body: @Sendable (Connection) async throws -> T
  ) async throws -> T {
    try await withTaskCancellationHandler {
      try await body(self)
    } onCancel: {
      waiter.wake()
    }
  }
}

// MARK: - Talking

extension Connection {
  /// It runs without a pause on the connection's thread: a lease that has not ended here ends after the answers, as what
  /// follows the lease is sent by a call of its own.
  func exchange(_ segments: [[SQL]], within limit: Duration?, during lease: Lease? = nil) throws
    -> [PipelineResult]
  {
    if lease?.hasEnded == true { throw LeaseEnded() }
    guard let handle else { throw ConnectionError.lost("the connection is closed") }
    for statements in segments { try Self.refuseUnsendable(statements) }
    let limit = limit ?? answerLimit
    waiter.rearm()
    try Task.checkCancellation()
    for statements in segments {
      for statement in statements { try send(statement, on: handle) }
      try check(PQpipelineSync(handle.pointer) == 1, handle)
    }
    var answers = Answers(expected: segments.count)
    while !answers.areComplete {
      try awaitInput(handle, &answers, within: limit)
      try collect(into: &answers, from: handle)
    }
    return try finish(answers)
  }

  /// What there is to return once the server has answered everything.
  func finish(_ answers: Answers) throws -> [PipelineResult] {
    if answers.wereCancelled, !canceller.settles(within: Self.cancelPatience) { close() }
    noteState()
    if answers.wereCancelled, answers.hasFailure(.queryCanceled) { throw CancellationError() }
    return answers.segments
  }

  private func send(_ statement: SQL, on handle: Handle) throws {
    observer.statement?(statement.inlined)
    let parameters = statement.parameters
    var values = parameters.map { UnsafePointer($0.flatMap(strdupOrNil)) }
    defer { values.forEach { freeCopy($0) } }
    try check(
      PQsendQueryParams(
        handle.pointer, statement.text, Int32(parameters.count), nil, &values, nil, nil, 0) == 1, handle)
  }

  /// Writes what is left to write, and waits until libpq has something to read.
  func awaitInput(_ handle: Handle, _ answers: inout Answers, within limit: Duration?) throws {
    let timeout = limit.map { Int32($0 / .milliseconds(1)) } ?? -1
    while true {
      if let deadline = answers.cancelDeadline, deadline <= .now {
        close()
        throw ConnectionError.lost("the server has not answered the cancellation within 5 s")
      }
      // The server takes no notice of a cancellation that comes between two statements: asked again until it is over.
      let pause = answers.wereCancelled ? 250 : timeout
      let unsent = PQflush(handle.pointer)
      try check(unsent >= 0, handle)
      if unsent == 0 && PQisBusy(handle.pointer) == 0 { return }
      switch waiter.wait(for: PQsocket(handle.pointer), toWrite: unsent > 0, timeout: pause) {
      case .ready:
        try check(PQconsumeInput(handle.pointer) == 1, handle)
        keepNotifications(of: handle)
      case .woken where Task.isCancelled:
        answers.cancelDeadline = answers.cancelDeadline ?? .now + Self.cancelPatience
        canceller.cancel(handle)
      case .woken: break
      case .timedOut where answers.wereCancelled: canceller.cancel(handle)
      case .timedOut:
        close()
        throw ConnectionError.lost("no answer within the time limit")
      }
      if unsent > 0 && PQisBusy(handle.pointer) == 0 { return }
    }
  }

  /// Takes the results that can be had without waiting.
  /// - Parameter isMessage: whether the statements were sent as one message, not as a pipeline.
  func collect(into answers: inout Answers, from handle: Handle, isMessage: Bool = false) throws {
    while !answers.areComplete && PQisBusy(handle.pointer) == 0 {
      // In a pipeline a null stands between one statement's results and the next one's, in a message after all of them.
      guard let pointer = PQgetResult(handle.pointer) else {
        try check(PQstatus(handle.pointer) == CONNECTION_OK, handle)
        if isMessage { answers.endSegment() }
        continue
      }
      let result = PostgresResult(pointer)
      switch PQresultStatus(pointer) {
      case PGRES_PIPELINE_SYNC: answers.endSegment()
      case PGRES_PIPELINE_ABORTED: break
      case PGRES_SINGLE_TUPLE where isMessage: break
      // The rows of a query that a rule has added come before the statement's own result, and without a command tag.
      case PGRES_TUPLES_OK where isMessage && result.isWithoutTag: break
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: answers.add(Rows(result: result))
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        // The protocol has no way on from here but the other end of the COPY.
        close()
        throw StatementError(index: 0, error: .copiesToClient)
      default:
        try check(PQstatus(handle.pointer) == CONNECTION_OK, handle)
        answers.add(result.serverError)
      }
    }
  }

  func errorMessage(of handle: Handle) -> String {
    let message = target.redacting(String(cString: PQerrorMessage(handle.pointer)))
    return message.split(whereSeparator: \.isNewline).joined(separator: "\n")
  }

  func check(_ succeeded: Bool, _ handle: Handle) throws {
    if succeeded { return }
    let message = errorMessage(of: handle)
    close()
    throw ConnectionError.lost(message)
  }
}
