internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C and `kill`: the first ends the work cleanly, the second ends it now.
final class Interruption: Sendable {
  private struct State {
    var count = 0
    var tell: (@Sendable (String) -> Void)?
    var act: (@Sendable (Int32) -> Void)?
  }

  private let state = Mutex(State())

  /// Whether a signal came.
  var isRequested: Bool { state.withLock { $0.count > 0 } }

  /// Does work that changes something. Meanwhile SIGINT and SIGTERM do not end the program; they cancel the work, which
  /// the server then rolls back.
  /// - Parameter tell: if given, the first signal only asks, and says so there: the work looks at ``isRequested`` and
  ///   stops by itself.
  func guarding<Value: Sendable>(
    drainingWith tell: (@Sendable (String) -> Void)? = nil,
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task { try await work() }
    state.withLock { $0.tell = tell }
    watch { _ in task.cancel() }
    return try await task.value
  }

  /// Does work that other programs do: each signal is for them.
  func guarding<Value: Sendable>(
    passingOn signal: @escaping @Sendable (Int32) -> Void, _ work: () async throws -> Value
  ) async throws -> Value {
    watch(signal)
    return try await work()
  }

  private func watch(_ act: @escaping @Sendable (Int32) -> Void) {
    state.withLock { $0.act = act }
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // The handler holds the source, which would end with this scope otherwise.
      source.setEventHandler { withExtendedLifetime(source) { self.receive(number) } }
      source.resume()
    }
  }

  private func receive(_ number: Int32) {
    let (act, tell) = state.withLock { state in
      state.count += 1
      return state.count == 1 && state.tell != nil ? (nil, state.tell) : (state.act, nil)
    }
    tell?("finishing the tenants that are under way; once more cancels them")
    act?(number)
  }
}
