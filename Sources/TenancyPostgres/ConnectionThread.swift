internal import Dispatch
internal import Glibc
internal import Synchronization

/// The thread on which one connection lives: an executor of its own, so that waiting for the server never
/// holds a thread of Swift's cooperative pool, nor one of Dispatch's, of which there are about 250: as many blocks that wait for
/// a lock would keep the whole process waiting. Other work runs there only by ``Connection/onItsThread(_:)``.
final class ConnectionThread: SerialExecutor, TaskExecutor {
  /// What is to be done. The thread has it, too, and outlives the executor by as much as it takes to notice its end.
  private final class Jobs: Sendable {
    private let waiting = Mutex<[(job: UnownedJob, executor: ConnectionThread)]>([])
    private let arrivals = DispatchSemaphore(value: 0)

    func add(_ job: UnownedJob, of executor: ConnectionThread) {
      waiting.withLock { $0.append((job, executor)) }
      arrivals.signal()
    }

    func end() { arrivals.signal() }

    /// Waits for the next one; `nil` once the executor has ended.
    private func next() -> (job: UnownedJob, executor: ConnectionThread)? {
      arrivals.wait()
      return waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    func run() {
      while let (job, executor) = next() {
        job.runSynchronously(
          isolatedTo: executor.asUnownedSerialExecutor(), taskExecutor: executor.asUnownedTaskExecutor())
      }
    }
  }

  private let jobs = Jobs()

  /// Throws ``ConnectionError`` where the system has no further thread.
  init() throws {
    // Signals are for the other threads.
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let jobs = Unmanaged.passRetained(jobs)
    let problem = pthread_create(
      &thread, nil,
      { context in
        context.map { Unmanaged<Jobs>.fromOpaque($0).takeRetainedValue().run() }
        return nil
      }, jobs.toOpaque())
    guard problem == 0 else {
      jobs.release()
      throw ConnectionError.refused("no thread for the connection: \(String(cString: strerror(problem)))")
    }
    pthread_detach(thread)
  }

  deinit { jobs.end() }

  func enqueue(_ job: consuming ExecutorJob) {
    jobs.add(UnownedJob(job), of: self)
  }
}

/// Waits for a socket, and can be woken from another thread.
final class Waiter: Sendable {
  enum Event { case ready, woken, timedOut }

  private let wakeUps: (reader: Int32, writer: Int32)

  init() {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    wakeUps = (ends[0], ends[1])
  }

  deinit {
    close(wakeUps.reader)
    close(wakeUps.writer)
  }

  /// Ends the current wait, or the next one.
  func wake() {
    var byte: UInt8 = 1
    write(wakeUps.writer, &byte, 1)
  }

  /// Forgets a call of ``wake()`` that came when nobody waited.
  func rearm() {
    var bytes = [UInt8](repeating: 0, count: 16)
    read(wakeUps.reader, &bytes, bytes.count)
  }

  /// Whether nothing has come on the socket, not even its end.
  static func isQuiet(_ socket: CInt) -> Bool {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) == 0
  }

  /// Blocks until `socket` can be read (or written, if asked for).
  /// - Parameter timeout: in milliseconds; negative waits for ever.
  func wait(for socket: Int32, toWrite: Bool = false, toRead: Bool = true, timeout: Int32 = -1) -> Event {
    let events = (toRead ? POLLIN : 0) | (toWrite ? POLLOUT : 0)
    var descriptors = [
      pollfd(fd: socket, events: Int16(events), revents: 0),
      pollfd(fd: wakeUps.reader, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = poll(&descriptors, nfds_t(descriptors.count), timeout)
      if count == 0 { return .timedOut }
      if count < 0 && errno == EINTR { continue }
      if descriptors[1].revents != 0 {
        rearm()
        return .woken
      }
      return .ready
    }
  }
}
