internal import CLibPQ

/// What a session that listens on a channel is told (PostgreSQL manual, "NOTIFY").
package struct Notification: Sendable, Hashable {
  /// The channel.
  package let channel: String
  /// What was sent along; empty if nothing was.
  package let payload: String
}

extension Connection {
  /// The notifications that have come since the last call, as soon as there are some; none if `limit` has passed without one.
  ///
  /// Throws ``ConnectionError`` if the connection is lost, or `CancellationError` when the task is cancelled.
  package func notifications(within limit: Duration) async throws -> [Notification] {
    try await wakingOnCancel { try await $0.awaitNotifications(until: .now + limit) }
  }

  private func awaitNotifications(until deadline: ContinuousClock.Instant) throws -> [Notification] {
    guard let handle else { throw ConnectionError.lost("the connection is closed") }
    waiter.rearm()
    while true {
      try Task.checkCancellation()
      let found = takeNotifications(from: handle)
      let left = (deadline - .now) / .milliseconds(1)
      if !found.isEmpty || left <= 0 { return found }
      switch waiter.wait(for: PQsocket(handle.pointer), timeout: Int32(min(left.rounded(.up), 60_000))) {
      case .ready: try check(PQconsumeInput(handle.pointer) == 1, handle)
      case .woken, .timedOut: break
      }
    }
  }

  private func takeNotifications(from handle: Handle) -> [Notification] {
    var found: [Notification] = []
    while let notification = PQnotifies(handle.pointer) {
      defer { PQfreemem(notification) }
      found.append(
        Notification(
          channel: String(cString: notification.pointee.relname),
          payload: String(cString: notification.pointee.extra)))
    }
    return found
  }
}
