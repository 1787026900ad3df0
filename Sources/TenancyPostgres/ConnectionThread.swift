internal import Dispatch
internal import Glibc

/// The thread on which one connection lives: an executor of its own, so that waiting for the server never
/// holds a thread of Swift's cooperative pool. Other work runs there only by ``Connection/onItsThread(_:)``.
final class ConnectionThread: SerialExecutor, TaskExecutor {
  private let queue = DispatchQueue(label: "tenantctl.postgres")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async {
      job.runSynchronously(
        isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
    }
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
