internal import CLibPQ
internal import Dispatch
internal import Synchronization

/// Asks the server to cancel what a connection runs.
///
/// libpq's request is a connection of its own, without a time limit: on a network that has died it waits for ever. So it
/// is made on a thread apart, one at a time, and nobody waits for it.
final class Canceller: Sendable {
  private let isAsking = Atomic(false)

  func cancel(_ handle: Handle) {
    guard isAsking.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return }
    guard let cancel = PQgetCancel(handle.pointer) else {
      return isAsking.store(false, ordering: .releasing)
    }
    nonisolated(unsafe) let request = cancel  // Holds: nobody but the block below uses it.
    DispatchQueue(label: "tenantctl.cancel").async { [self] in
      var reason = [CChar](repeating: 0, count: 256)
      PQcancel(request, &reason, Int32(reason.count))
      PQfreeCancel(request)
      isAsking.store(false, ordering: .releasing)
    }
  }
}
