internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C and `kill`: the first ends the work cleanly, the second ends it now.
final class Interruption: Sendable {
  private struct State {
    var count = 0
    var drains = false
    var cancel: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Whether a signal came.
  var isRequested: Bool { state.withLock { $0.count > 0 } }

  /// From now on SIGINT and SIGTERM do not end the program; they cancel its work.
  func watch(cancel: @escaping @Sendable () -> Void) {
    state.withLock { $0.cancel = cancel }
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // The handler holds the source, which would end with this scope otherwise.
      source.setEventHandler { withExtendedLifetime(source) { self.receive() } }
      source.resume()
    }
  }

  /// From now on the first signal only asks: the work looks at ``isRequested`` and stops by itself.
  func drainFirst() {
    state.withLock { $0.drains = true }
  }

  private func receive() {
    let (cancel, isDraining) = state.withLock { state in
      state.count += 1
      let isDraining = state.drains && state.count == 1
      return (isDraining ? nil : state.cancel, isDraining)
    }
    if isDraining {
      Terminal().note("finishing the tenants that are under way; once more to cancel them on the server")
    }
    cancel?()
  }
}
