internal import Synchronization
internal import TenancyPostgres

/// Outcomes that are reported once their commits are on disk.
///
/// A commit that waits for the disk takes longer than most migrations, so a fleet's commits return before (PostgreSQL manual,
/// 30.4 "Asynchronous Commit"), and one flush serves all commits before it. If the server crashes before the flush, rows,
/// schema and comment are lost together and were never reported as done; the next run does them again. A flush after the
/// crash proves nothing, so it looks whether there was one.
final class Announcements: Sendable {
  /// Gets `nil` once the commit is on disk, or why that is not known.
  typealias Announcement = @Sendable (TenancyProblem?) -> Void

  private static let interval = Duration.milliseconds(100)
  private let database: TenantDatabase
  private let serverRun: String?
  private let waiting = Mutex<[Announcement]>([])
  private let crash = Atomic(false)

  /// - Parameter serverRun: ``DatabaseTraits/serverRun`` before the first commit.
  init(_ database: TenantDatabase, since serverRun: String?) {
    self.database = database
    self.serverRun = serverRun
  }

  /// Whether the server has crashed, so that nothing more can be confirmed.
  var haveFailed: Bool { crash.load(ordering: .relaxed) }

  func add(_ announcement: @escaping Announcement) {
    waiting.withLock { $0.append(announcement) }
  }

  /// Flushes ten times a second, until its task is cancelled.
  func serve() async {
    while (try? await Task.sleep(for: Self.interval)) != nil {  // Gathers commits; the run cancels it.
      let batch = take()
      if batch.isEmpty { continue }
      do {
        try await flush()
        batch.forEach { $0(nil) }
      } catch {
        // All connections may be in use. The last flush decides.
        waiting.withLock { $0 = batch + $0 }
      }
    }
  }

  /// Flushes what is left; also when the task is cancelled already.
  func announceAll() async {
    let batch = take()
    if batch.isEmpty { return }
    do {
      try await flush()
      batch.forEach { $0(nil) }
    } catch {
      let reason = error as? TenancyProblem ?? Self.unconfirmed
      batch.forEach { $0(reason) }
    }
  }

  private func take() -> [Announcement] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }

  /// A cancelled task still waits for the flush, but not long: the server may be unreachable.
  private static let patience = Duration.seconds(2)

  private static let unconfirmed = TenancyProblem.connectionLost(
    "it did not confirm that the commit is on disk")

  /// Writes a WAL record without effect and waits until it is on disk; an empty transaction would write none.
  private func flush() async throws {
    let request = Task {
      let run = try await database.connected { connection in
        try await connection.query(
          "SELECT (\(DatabaseTraits.serverRun)), pg_logical_emit_message(true, 'tenantctl', '')")[0][0]
      }
      if run == serverRun { return }
      crash.store(true, ordering: .relaxed)
      throw Self.unconfirmed
    }
    try await withTaskCancellationHandler {
      try await request.value
    } onCancel: {
      Task {
        try? await Task.sleep(for: Self.patience)  // The limit on a flush that nobody answers.
        request.cancel()
      }
    }
  }
}
