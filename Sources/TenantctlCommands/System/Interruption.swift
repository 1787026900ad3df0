internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C, `kill` and a terminal that is closed: the first signal ends the work cleanly, the second one cancels it, which
/// takes 5 s at most (see `Connection`), the third one ends the program.
final class Interruption: Sendable {
  private struct State {
    var count = 0
    var known: (@Sendable () -> String)?
    var end: (@Sendable (String) -> Void)?
    var tell: (@Sendable (String) -> Void)?
    var act: (@Sendable (Int32) -> Void)?
  }

  private let state = Mutex(State())

  /// Whether a signal came.
  var isRequested: Bool { state.withLock { $0.count > 0 } }

  /// Does work that changes something. Meanwhile SIGINT and SIGTERM do not end the program; they cancel the work, which
  /// the server then rolls back.
  /// - Parameters:
  ///   - tell: if given, the first signal only asks, and says so there: the work looks at ``isRequested`` and stops by itself.
  ///   - known: what there is to say when the third signal ends the program in the middle.
  func guarding<Value: Sendable>(
    drainingWith tell: (@Sendable (String) -> Void)? = nil, known: (@Sendable () -> String)? = nil,
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task { try await work() }
    state.withLock { ($0.tell, $0.known) = (tell, known) }
    watch { _ in task.cancel() }
    return try await task.value
  }

  /// How the third signal says what is known, before the program ends.
  func ending(with end: @escaping @Sendable (String) -> Void) {
    state.withLock { $0.end = end }
  }

  /// Does work that other programs do: each signal is for them.
  func guarding<Value: Sendable>(
    passingOn signal: @escaping @Sendable (Int32) -> Void, known: (@Sendable () -> String)? = nil,
    _ work: () async throws -> Value
  ) async throws -> Value {
    state.withLock { $0.known = known }
    watch(signal)
    return try await work()
  }

  private func watch(_ act: @escaping @Sendable (Int32) -> Void) {
    state.withLock { $0.act = act }
    // Without, a signal ends the program, as `kill -9` may.
    guard let signals = SignalPipe([SIGINT, SIGTERM, SIGHUP].filter(isWatched)) else { return }
    let source = DispatchSource.makeReadSource(fileDescriptor: signals.reader, queue: .global())
    // The handler holds the source, which would end with this scope otherwise.
    source.setEventHandler { withExtendedLifetime(source) { signals.read().forEach(self.receive) } }
    source.resume()
  }

  /// What `nohup` has made ignored stays so.
  private func isWatched(_ number: Int32) -> Bool {
    var before = sigaction()
    guard number == SIGHUP, sigaction(number, nil, &before) == 0 else { return true }
    return unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
      != unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private func receive(_ number: Int32) {
    let (count, act, tell) = state.withLock { state in
      state.count += 1
      let isFirst = state.count == 1 && state.tell != nil
      return (state.count, isFirst ? nil : state.act, isFirst ? state.tell : nil)
    }
    // Apart: what is told may have to wait for a reader, and the next signal must not.
    DispatchQueue(label: "tenantctl.signal").async {
      tell?("finishing the tenants that are under way; once more cancels them")
      act?(number)
      if count > 2 { self.end() }
    }
    // Whatever is in its way.
    if count > 2 { DispatchQueue(label: "tenantctl.end").asyncAfter(deadline: .now() + 1) { _exit(130) } }
  }

  private func end() -> Never {
    let (known, end) = state.withLock { ($0.known, $0.end) }
    end?(known?() ?? "whether the change was made is not known")
    _exit(130)
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
