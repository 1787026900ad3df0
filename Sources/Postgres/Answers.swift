/// What has come back from the server for the pipelines that were sent.
struct Answers {
  private let expected: Int
  private var rows: [Rows] = []
  private var failure: StatementError?
  private(set) var segments: [Result<[Rows], StatementError>] = []
  var wereCancelled = false

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
