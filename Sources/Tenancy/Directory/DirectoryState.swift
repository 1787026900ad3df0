internal import Synchronization

/// What a directory knows, and since when: written by the one who reads the registry, read by everybody.
final class DirectoryState: Sendable {
  private struct Value {
    var contents: DirectoryContents?
    var status = DirectoryStatus()
    var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    var lastWaiter = 0
    /// The column that says who is deactivated, once it was there.
    var activity: RegistryMapping.Activity?
  }

  private let value = Mutex(Value())

  /// The contents and when they were last known to be current; `nil` before the first reading.
  var current: (contents: DirectoryContents, asOf: ContinuousClock.Instant)? {
    value.withLock { value in value.contents.flatMap { contents in value.status.asOf.map { (contents, $0) } }
    }
  }

  var contents: DirectoryContents? { value.withLock { $0.contents } }

  var status: DirectoryStatus { value.withLock { $0.status } }

  /// Notes what was read, and changes the status.
  /// - Parameters:
  ///   - contents: `nil` for what is known already.
  ///   - asOf: when it was current; `nil` if only a part of it is known to be.
  func publish(
    _ contents: DirectoryContents?, asOf: ContinuousClock.Instant?,
    _ change: (inout DirectoryStatus) -> Void = { _ in }
  ) {
    let waiting = value.withLock { value in
      if let contents {
        value.contents = contents
        (value.status.tenants, value.status.domains) = contents.counts
      }
      (value.status.asOf, value.status.failure) = (asOf ?? value.status.asOf, nil)
      change(&value.status)
      defer { value.waiting = [:] }
      return value.waiting.values
    }
    waiting.forEach { $0.resume() }
  }

  /// Notes what the registry looks like.
  ///
  /// Throws ``TenancyProblem/registryColumnMissing(_:)`` if it no longer says who is deactivated: an app's migration renames
  /// columns, and without this all tenants would count as active.
  func admit(_ shape: RegistryShape) throws {
    let (table, activity) = (shape.tenants.table.description, shape.tenants.activity)
    let known = value.withLock { value in
      value.activity = activity ?? value.activity
      return value.activity
    }
    if activity != nil { return }
    guard let known else { return }
    throw TenancyProblem.registryColumnMissing(
      MissingColumn(
        table: table, column: known.column, role: "deactivated",
        available: shape.tenants.columns.map(\.name)))
  }

  /// Notes that the registry cannot be read.
  func fail(_ error: TenancyError) {
    value.withLock { value in
      (value.status.failure, value.status.isNotified) = (error, false)
      value.status.failures += 1
    }
  }

  /// Returns once something was read.
  func wait() async throws {
    let ticket = value.withLock { value in
      value.lastWaiter += 1
      return value.lastWaiter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result: Result<Void, any Error>? = value.withLock { value in
          if value.contents != nil { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          value.waiting[ticket] = continuation
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      value.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
    }
  }
}

/// How a directory is doing.
package struct DirectoryStatus: Sendable {
  /// How many tenants there were at the last reading of all.
  package var tenants = 0
  /// How many domains there were then.
  package var domains = 0
  /// When the answers were last known to be current.
  package var asOf: ContinuousClock.Instant?
  /// Why the registry cannot be read; `nil` if it can.
  package var failure: TenancyError?
  /// Whether the database tells of changes; otherwise it is asked for them.
  package var isNotified = false
  /// How often all was read.
  package var readings = 0
  /// How often some tenants were read.
  package var updates = 0
  /// How often the registry could not be read.
  package var failures = 0
  /// How long the last reading of all took.
  package var readingTime = Duration.zero

  /// How it is doing before anything was read.
  package init() {}
}
