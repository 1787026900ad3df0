internal import Postgres

/// When a tenant whose turn failed gets another one.
enum FleetRetry {
  /// Twice as long each time, up to eight seconds; by chance up to half of it less, so that runners do not meet again.
  static func pause(afterAttempt count: Int) -> Duration {
    .milliseconds(min(8000, 250 << min(count, 8))) * Double.random(in: 0.5...1)
  }
}

extension TenancyError {
  /// Whether the cause is likely to go away by itself: a lock, a deadlock or conflict that another transaction won, or
  /// another runner that is at it.
  var isWorthAnotherTurn: Bool {
    let failure: ServerFailure?
    switch self {
    case .migrationFailed(let migration):
      if migration.reason == .underWay { return true }
      failure = migration.server
    case .locked(let server), .server(let server): failure = server
    default: return false
    }
    let states: [SQLState] = [.lockNotAvailable, .deadlockDetected, .serializationFailure]
    return states.contains { $0.rawValue == failure?.sqlState }
  }
}
