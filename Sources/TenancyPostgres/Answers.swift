/// What came of one of several pipelines that went out together.
///
/// As Swift's own `Result`, but not generic: to make that type, every program that asks one thing would search all
/// conformances for that of ``StatementError`` to `Error`.
package enum PipelineResult: Sendable {
  /// The rows of each statement.
  case success([Rows])
  /// The first statement that failed.
  case failure(StatementError)

  /// What came of the statements after the first one.
  var withoutOpening: PipelineResult {
    switch self {
    case .success(let rows): .success(Array(rows.dropFirst()))
    case .failure(let failure):
      .failure(StatementError(index: max(0, failure.index - 1), error: failure.error))
    }
  }

  /// The rows. Throws ``StatementError``.
  package func get() throws(StatementError) -> [Rows] {
    switch self {
    case .success(let rows): return rows
    case .failure(let error): throw error
    }
  }
}

/// What has come back from the server for the pipelines that were sent.
struct Answers {
  private let expected: Int
  private var rows: [Rows] = []
  private var failure: StatementError?
  private(set) var segments: [PipelineResult] = []
  /// Until when the server has to answer our cancellation; `nil` if we have not cancelled.
  var cancelDeadline: ContinuousClock.Instant?

  var wereCancelled: Bool { cancelDeadline != nil }

  init(expected: Int) {
    self.expected = expected
  }

  var areComplete: Bool { segments.count == expected }

  mutating func add(_ result: Rows) {
    rows.append(result)
  }

  mutating func add(_ error: ServerError) {
    failure = failure ?? StatementError(index: rows.count, error: error)
  }

  mutating func endSegment() {
    segments.append(failure.map { .failure($0) } ?? .success(rows))
    rows = []
    failure = nil
  }

  func hasFailure(_ state: SQLState) -> Bool {
    segments.contains { segment in
      if case .failure(let failure) = segment { failure.error.state == state } else { false }
    }
  }
}
