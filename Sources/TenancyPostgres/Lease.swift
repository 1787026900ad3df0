internal import Synchronization

/// For how long somebody may use a connection. Whether it has ended is asked on the connection's thread, right before
/// something is sent: whoever asks before may be overtaken by the end.
package final class Lease: Sendable {
  private let state = Atomic(false)

  /// One that has not ended.
  package init() {}

  /// Whether it has ended.
  package var hasEnded: Bool { state.load(ordering: .acquiring) }

  /// Ends it. What is being sent is answered still.
  package func end() { state.store(true, ordering: .releasing) }
}

/// The lease has ended: nothing was sent.
package struct LeaseEnded: Error {}
