internal import Glibc
internal import Synchronization

/// The JSON document of a command that a signal ends before it is ready to end cleanly: while it connects, reads, or waits for
/// a lock. A signal handler prints it, so it may only call what signal-safety(7) allows.
enum InterruptionNotice {
  /// The document before and after a change may have been made, in memory that nothing moves or frees.
  private struct Texts {
    let before, after: UnsafeRawBufferPointer
    let isForStdout: Bool
  }

  // Written once, before the handlers that read it are installed.
  nonisolated(unsafe) private static let texts = UnsafeMutablePointer<Texts>.allocate(capacity: 1)
  private static let hasOutput = Atomic(false)
  private static let mayHaveChanged = Atomic(false)
  private static let isPrinted = Atomic(false)

  /// Standard output has begun: a second document would make both unreadable.
  static func noteOutput() { hasOutput.store(true, ordering: .relaxed) }

  /// From now on something may have been changed.
  static func noteChange() { mayHaveChanged.store(true, ordering: .relaxed) }

  /// From now on signals that end the program print the document: on both streams, as any error in JSON.
  static func install(on numbers: [Int32], _ terminal: Terminal) {
    let before = ErrorReport("interrupted", .interrupted, "interrupted; nothing was changed")
    let after = ErrorReport(interruptedKnowing: "whether a change was made is unknown")
    texts.initialize(
      to: Texts(
        before: copy(before.json), after: copy(after.json), isForStdout: !terminal.stdoutIsTerminal))
    // What is initialized when it is first used must not be so in a handler.
    _ = (
      hasOutput.load(ordering: .relaxed), mayHaveChanged.load(ordering: .relaxed),
      isPrinted.load(ordering: .relaxed)
    )
    for number in numbers {
      signal(number) { number in
        InterruptionNotice.write()
        if number != SIGINT { _exit(130) }
        // The shell that waits must see that it was Ctrl-C. It is delivered when this handler has returned.
        signal(SIGINT, SIG_DFL)
        raise(SIGINT)
      }
    }
  }

  private static func copy(_ document: String) -> UnsafeRawBufferPointer {
    let line = Array("\(document)\n".utf8)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: line.count, alignment: 1)
    bytes.copyBytes(from: line)
    return UnsafeRawBufferPointer(bytes)
  }

  /// Only where it need not wait for a reader: the signal is to end the program.
  private static func write() {
    // Another signal may come meanwhile, on another thread.
    if isPrinted.exchange(true, ordering: .relaxed) { return }
    signal(SIGPIPE, SIG_IGN)
    let texts = texts.pointee
    let text = mayHaveChanged.load(ordering: .relaxed) ? texts.after : texts.before
    write(text, to: STDERR_FILENO)
    if texts.isForStdout, !hasOutput.load(ordering: .relaxed) { write(text, to: STDOUT_FILENO) }
  }

  private static func write(_ text: UnsafeRawBufferPointer, to descriptor: Int32) {
    var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // A pipe that is ready takes PIPE_BUF bytes, which is more than this.
    guard poll(&state, 1, 0) == 1 else { return }
    _ = Glibc.write(descriptor, text.baseAddress, text.count)
  }
}
