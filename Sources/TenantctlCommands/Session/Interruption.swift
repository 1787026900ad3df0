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
    // Without, a signal ends the program, as `kill -9` may.
    guard let signals = SignalPipe([SIGINT, SIGTERM]) else { return }
    let source = DispatchSource.makeReadSource(fileDescriptor: signals.reader, queue: .global())
    // The handler holds the source, which would end with this scope otherwise.
    source.setEventHandler { withExtendedLifetime(source) { signals.read().forEach(self.receive) } }
    source.resume()
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

/// Signals as bytes that can be read, whichever thread they reach. Dispatch's own source of signals has them sent again
/// to one thread of its own, which need not be the one that reads.
private struct SignalPipe {
  private let pipe: Pipe
  nonisolated(unsafe) private static var writer: Int32 = -1

  var reader: Int32 { pipe.reader }

  init?(_ numbers: [Int32]) {
    guard let pipe = try? Pipe() else { return nil }
    self.pipe = pipe
    for end in [pipe.reader, pipe.writer] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    Self.writer = pipe.writer
    for number in numbers {
      // Runs between any two instructions of the program: only what signal-safety(7) allows.
      signal(number) { number in
        let before = errno
        var byte = UInt8(number)
        write(SignalPipe.writer, &byte, 1)
        errno = before
      }
    }
    // Who started us may have blocked them.
    var mask = sigset_t()
    sigemptyset(&mask)
    numbers.forEach { sigaddset(&mask, $0) }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  func read() -> [Int32] {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = Glibc.read(reader, &bytes, bytes.count)
    return bytes.prefix(max(0, count)).map(Int32.init)
  }
}
