internal import TenancyPostgres

/// When a tenant whose attempt failed is tried again.
package enum FleetRetry {
  /// How many more attempts a migration gets.
  package static let usual = 8

  /// Twice as long each time, up to eight seconds; by chance up to half of it less, so that runners do not meet again.
  static func pause(afterAttempt count: Int) -> Duration {
    .milliseconds(min(8000, 250 << min(count, 8))) * Double.random(in: 0.5...1)
  }
}

extension TenancyProblem {
  /// How many more attempts are worthwhile: any number if the cause goes away by itself, a few if the error may be a race
  /// and may be permanent.
  var worthwhileAttempts: Int {
    if isWorthAnotherAttempt { return .max }
    if case .migrationFailed(let migration) = self, migration.isExistenceRace { return 3 }
    return 0
  }

  /// Whether the cause is likely to go away by itself: a lock, a deadlock or conflict that another transaction won, or
  /// another runner of the same migration.
  var isWorthAnotherAttempt: Bool {
    switch self {
    case .migrationFailed(let migration):
      migration.reason == .inProgress || migration.server?.isTransient == true
    case .execFailed(let failure): failure.server.isCatalogRace || failure.server.isConflict
    case .locked(let server, _), .server(let server): server.isTransient
    case .dropStopped(_, let cause), .keysDropped(_, let cause): cause.isWorthAnotherAttempt
    default: false
    }
  }
}

extension ServerError {
  /// Whether another attempt is likely to succeed: another session held a lock, won a deadlock or a conflict, or changed
  /// the same catalog object at the same time.
  var isTransient: Bool {
    state == .lockNotAvailable || isConflict || isCatalogRace
  }

  /// Whether another transaction, of which it was one or the other, has won.
  var isConflict: Bool { [.deadlockDetected, .serializationFailure].contains(state) }

  /// Whether two sessions changed one catalog object: "tuple concurrently updated" or deleted, recognized by the server
  /// function that raises it, or two rows for one object. PostgreSQL takes no lock there (pgsql-hackers, "tuple concurrently
  /// updated" for GRANT and CREATE OR REPLACE FUNCTION).
  var isCatalogRace: Bool {
    state == .internalError && ["simple_heap_update", "simple_heap_delete"].contains(routine)
      || state == .uniqueViolation && schema == "pg_catalog"
  }
}
