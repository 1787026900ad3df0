internal import Dispatch
internal import Synchronization

/// The main thread as an executor: where tasks that prefer it run, one job after the other.
///
/// Most commands do one thing after another over one connection. On the main thread that takes no other thread at all;
/// on Swift's pool it takes four, and a switch between two of them for each answer of the server.
public final class MainThread: SerialExecutor, TaskExecutor {
  /// The one that there is.
  public static let shared = MainThread()

  private let jobs = Mutex<[UnownedJob]>([])
  private let arrivals = DispatchSemaphore(value: 0)

  private init() {}

  /// See `Executor`.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    arrivals.signal()
  }

  /// Runs jobs for ever; the program ends by exiting.
  public func run() -> Never {
    while true {
      arrivals.wait()
      let job = jobs.withLock { $0.removeFirst() }
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }
}
