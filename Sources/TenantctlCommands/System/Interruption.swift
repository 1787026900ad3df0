internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C, `kill` and a closed terminal: the first signal ends the work cleanly, the second cancels it, which takes at
/// most 5 s (see `Connection`), the third ends the program.
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

  /// Does work that changes something. Signals do not end the program; they cancel the work, and the server rolls it back.
  /// - Parameters:
  ///   - tell: if given, the first signal only calls this: the work checks ``isRequested`` and stops by itself.
  ///   - known: the progress so far, for a third signal.
  ///   - executor: where the work runs; `nil` is Swift's pool of threads.
  func guarding<Value: Sendable>(
    drainingWith tell: (@Sendable (String) -> Void)? = nil, known: (@Sendable () -> String)? = nil,
    on executor: (any TaskExecutor)? = nil, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    InterruptionNotice.noteChange()
    let task = Task(executorPreference: executor) { try await work() }
    state.withLock { ($0.tell, $0.known) = (tell, known) }
    watch { _ in task.cancel() }
    return try await task.value
  }

  /// Sets what a third signal calls before the program ends.
  func ending(with end: @escaping @Sendable (String) -> Void) {
    state.withLock { $0.end = end }
  }

  /// Does work of child programs: each signal is passed on to them.
  func guarding<Value: Sendable>(
    passingOn signal: @escaping @Sendable (Int32) -> Void, known: (@Sendable () -> String)? = nil,
    _ work: () async throws -> Value
  ) async throws -> Value {
    InterruptionNotice.noteChange()
    state.withLock { $0.known = known }
    watch(signal)
    return try await work()
  }

  private func watch(_ act: @escaping @Sendable (Int32) -> Void) {
    state.withLock { $0.act = act }
    // Without a pipe, a signal ends the program at once.
    guard let signals = SignalPipe([SIGINT, SIGTERM, SIGHUP].filter(Self.isWatched)) else { return }
    // One thread that blocks; a Dispatch source would start three, at a millisecond of a short command.
    DispatchQueue(label: "tenantctl.signals").async {
      while let number = signals.next() { self.receive(number) }
    }
  }

  /// Until there is something to end cleanly, these signals end the program with the status that Ctrl-C gives it.
  static func endAtOnce(on numbers: [Int32]) {
    for number in numbers where isWatched(number) { signal(number) { _ in _exit(130) } }
  }

  /// The same for a program whose output is JSON: there is a document then, too.
  static func endAtOnceInJSON(on numbers: [Int32], _ terminal: Terminal) {
    InterruptionNotice.install(on: numbers.filter(isWatched), terminal)
  }

  /// A SIGHUP that `nohup` ignores stays ignored.
  private static func isWatched(_ number: Int32) -> Bool {
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
    // On another queue: a message may block on its reader, and the next signal must not wait for that.
    DispatchQueue(label: "tenantctl.signal").async {
      tell?("finishing the running tenants; interrupt again to cancel them")
      // A program that has taken no notice of two signals would be left behind.
      act?(count > 2 ? SIGKILL : number)
      if count > 2 { self.end() }
    }
    // Even if the queue above is blocked.
    if count > 2 { DispatchQueue(label: "tenantctl.end").asyncAfter(deadline: .now() + 1) { _exit(130) } }
  }

  private func end() -> Never {
    let (known, end) = state.withLock { ($0.known, $0.end) }
    end?(known?() ?? "whether the change was made is unknown")
    _exit(130)
  }
}

/// Signals as bytes of a pipe, whichever thread gets them. Dispatch's signal source sends them to one of its threads,
/// which need not be the one that reads.
private struct SignalPipe {
  private let pipe: Pipe
  nonisolated(unsafe) private static var writer: Int32 = -1

  init?(_ numbers: [Int32]) {
    guard let pipe = try? Pipe() else { return nil }
    self.pipe = pipe
    _ = fcntl(pipe.writer, F_SETFL, O_NONBLOCK)
    Self.writer = pipe.writer
    for number in numbers {
      // A signal handler may only call what signal-safety(7) allows.
      signal(number) { number in
        let before = errno
        var byte = UInt8(number)
        write(SignalPipe.writer, &byte, 1)
        errno = before
      }
    }
    // The parent process may have blocked them.
    var mask = sigset_t()
    sigemptyset(&mask)
    numbers.forEach { sigaddset(&mask, $0) }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  /// Waits for the next signal; `nil` if the pipe has failed.
  func next() -> Int32? {
    var number: UInt8 = 0
    while true {
      switch read(pipe.reader, &number, 1) {
      case 1: return Int32(number)
      case -1 where errno == EINTR: continue
      default: return nil
      }
    }
  }
}
