internal import CLibPQ
internal import Dispatch
internal import Synchronization

/// Asks the server to cancel what a connection runs.
///
/// libpq's request is a connection of its own, without a time limit: on a network that has died it waits for ever. So it
/// is made on a thread apart, one at a time.
final class Canceller: Sendable {
  private let isAsking = Atomic(false)
  private let requests = DispatchGroup()

  func cancel(_ handle: Handle) {
    guard isAsking.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return }
    guard let cancel = PQgetCancel(handle.pointer) else {
      return isAsking.store(false, ordering: .releasing)
    }
    requests.enter()
    nonisolated(unsafe) let request = cancel  // Holds: nobody but the block below uses it.
    DispatchQueue(label: "tenantctl.cancel").async { [self] in
      var reason = [CChar](repeating: 0, count: 256)
      PQcancel(request, &reason, Int32(reason.count))
      PQfreeCancel(request)
      isAsking.store(false, ordering: .releasing)
      requests.leave()
    }
  }

  /// Waits for a request that is on its way, which would cancel whatever the session does next. Whether it has arrived.
  func settles(within limit: Duration) -> Bool {
    requests.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1)))) == .success
  }
}
