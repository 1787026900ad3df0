internal import CLibPQ

extension Connection {
  /// Sends all the statements as one message of the simple query protocol (PostgreSQL manual, 55.2.2.1 "Multiple
  /// Statements in a Simple Query") and returns how each ended. Their rows are passed over, one by one: a query in a migration may
  /// have millions, and nobody looks at them. The server spends less on it than on a pipeline, which
  /// has three messages for each statement. Values stand in the text as literals.
  ///
  /// A transaction needs its own `BEGIN` and `COMMIT` among the statements. After the first failure the rest does not run,
  /// and a transaction that was begun is still open.
  ///
  /// Throws ``StatementError`` for that failure, ``ConnectionError`` or `CancellationError`.
  package func message(_ statements: [SQL]) async throws -> [Rows] {
    let message = Message(statements)
    // A transaction that was open before has failed by then: nothing can be asked again.
    let canAskAgain = state == .idle
    let answer = try await wakingOnCancel { try await $0.exchange(message) }
    do {
      return try answer.get()
    } catch {
      guard let found = message.locate(error, inBytes: keepsBytes) else {
        // Nothing ran, and nothing says which statement is to blame: asked one by one, the server tells.
        guard canAskAgain else { throw error }
        return try await bare(statements)
      }
      throw found
    }
  }

  private func exchange(_ message: Message) throws -> PipelineResult {
    guard let handle else { throw ConnectionError.lost("the connection is closed") }
    try Self.refuseUnsendable(message.statements)
    waiter.rearm()
    try Task.checkCancellation()
    if let tell = observer.statement { message.statements.forEach { tell($0.inlined) } }
    // The simple protocol and pipeline mode exclude each other. Both switches are libpq's own: nothing is sent for them.
    try check(
      PQexitPipelineMode(handle.pointer) == 1 && PQsendQuery(handle.pointer, message.text) == 1
        && PQsetSingleRowMode(handle.pointer) == 1, handle)
    var answers = Answers(expected: 1)
    while !answers.areComplete {
      try awaitInput(handle, &answers, within: nil)
      try collect(into: &answers, from: handle, isMessage: true)
    }
    // Only the start of another query ends the single-row mode, and in a pipeline not even that. libpq refuses this one
    // before it sends anything.
    _ = PQsendQuery(handle.pointer, nil)
    try check(PQenterPipelineMode(handle.pointer) == 1, handle)
    return try finish(answers)[0]
  }
}

/// Statements as one text.
struct Message: Sendable {
  let statements: [SQL]
  let text: String

  init(_ statements: [SQL]) {
    self.statements = statements
    text = statements.reduce(into: "") { text, statement in
      let part = statement.inlined
      text += part
      text += Self.end(of: part)
    }
  }

  /// A statement may end in a comment, which the semicolon must not be part of.
  private static func end(of statement: String) -> String { statement.hasSuffix(";") ? "\n" : "\n;\n" }

  /// The failure with the position in its own statement. A syntax error comes before any statement runs, so its statement
  /// is told by the position alone; `nil` if nothing ran and there is no position.
  /// - Parameter inBytes: whether the server counts bytes, as it does where a database has no encoding.
  func locate(_ failure: StatementError, inBytes: Bool = false) -> StatementError? {
    var error = failure.error
    guard let position = error.position else {
      // Class 57 is an operator's intervention: to ask again would not help.
      return failure.index > 0 || error.state.errorClass == "57" ? failure : nil
    }
    let starts = starts(inBytes: inBytes)
    let index =
      failure.index == 0
      ? starts.lastIndex { $0 < position } ?? 0 : min(failure.index, statements.count - 1)
    error.position = max(1, position - starts[index])
    return StatementError(index: index, error: error)
  }

  /// The number of characters, or bytes, before each statement.
  private func starts(inBytes: Bool) -> [Int] {
    var count = 0
    return statements.map { statement in
      let part = statement.inlined
      defer {
        count += (inBytes ? part.utf8.count : part.unicodeScalars.count) + Self.end(of: part).utf8.count
      }
      return count
    }
  }
}

extension Connection {
  /// Throws ``StatementError`` for what the protocol cannot hold: a NUL, or a 16-bit number of parameters that is too large.
  static func refuseUnsendable(_ statements: [SQL]) throws {
    for (index, statement) in statements.enumerated() {
      if statement.hasNUL { throw StatementError(index: index, error: .containsNUL) }
      if statement.parameters.count > Int(UInt16.max) {
        throw StatementError(index: index, error: .hasTooManyParameters)
      }
    }
  }
}
