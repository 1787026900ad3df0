internal import CLibPQ

/// What a session that listens on a channel is told (PostgreSQL manual, "NOTIFY").
package struct Notifications: Sendable {
  /// The payloads, in the order in which they came. Those of more than ``longestPayload`` bytes are left out.
  package fileprivate(set) var payloads: [String] = []
  /// Whether there were more than ``most``, so that some are missing.
  package fileprivate(set) var areMissing = false

  /// Anybody can send as many as he likes while the session is busy.
  static let most = 2_000
  /// In bytes; PostgreSQL's own limit is 8,000.
  static let longestPayload = 1_000

  package var isEmpty: Bool { payloads.isEmpty && !areMissing }

  /// None.
  package init() {}
}

extension Connection {
  /// The notifications that have come since the last call, as soon as there are some; none if `limit` has passed without one.
  ///
  /// Throws ``ConnectionError`` if the connection is lost, or `CancellationError` when the task is cancelled.
  package func notifications(within limit: Duration) async throws -> Notifications {
    try await wakingOnCancel { try await $0.awaitNotifications(until: .now + limit) }
  }

  private func awaitNotifications(until deadline: ContinuousClock.Instant) throws -> Notifications {
    guard let handle else { throw ConnectionError.lost("the connection is closed") }
    waiter.rearm()
    while true {
      try Task.checkCancellation()
      keepNotifications(of: handle)
      let left = (deadline - .now) / .milliseconds(1)
      if !notifications.isEmpty || left <= 0 {
        defer { notifications = Notifications() }
        return notifications
      }
      switch waiter.wait(for: PQsocket(handle.pointer), timeout: Int32(min(left.rounded(.up), 60_000))) {
      case .ready: try check(PQconsumeInput(handle.pointer) == 1, handle)
      case .woken, .timedOut: break
      }
    }
  }

  /// Takes what libpq has read, which it would keep without a limit.
  func keepNotifications(of handle: Handle) {
    while let found = PQnotifies(handle.pointer) {
      defer { PQfreemem(found) }
      let payload = String(cString: found.pointee.extra)
      if payload.utf8.count > Notifications.longestPayload { continue }
      if notifications.payloads.count < Notifications.most {
        notifications.payloads.append(payload)
      } else {
        notifications.areMissing = true
      }
    }
  }
}
