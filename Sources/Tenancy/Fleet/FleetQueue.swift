internal import Synchronization

/// The items of a fleet run, taken one by one by a few workers. An item that has to wait goes to the back.
///
/// A worker needs a connection, and opening one costs the server as much as half a dozen short migrations. So where nobody has
/// said how many there are, only a few start at once, and the others join one by one while work is left for them.
final class FleetQueue: Sendable {
  /// What came of an attempt.
  enum Attempt: Sendable {
    case done
    /// Another one is to come, not before this time has passed.
    case again(after: Duration)
    /// Another worker does it, as ``FleetQueue/handBack(_:)`` has said: this one ends.
    case handedBack
  }

  private struct State {
    var ready: ArraySlice<Int>
    /// How many will come back for more.
    var workers = 0
    var waiting: [(index: Int, until: ContinuousClock.Instant)] = []
    /// Whether a worker has found nothing left to take.
    var isOver = false
    /// The wait before the next worker joins.
    var pause: Task<Void, any Error>?

    /// A worker leaves, and no other is to join.
    mutating func end() {
      workers -= 1
      isOver = true
      pause?.cancel()
    }
  }

  private enum Next {
    case item(Int)
    case wait(until: ContinuousClock.Instant)
    case nothing
  }

  private let state: Mutex<State>

  /// A queue of the items 0 to `count` - 1.
  init(count: Int) {
    state = Mutex(State(ready: ArraySlice(0..<count)))
  }

  /// Runs the work on each item, until the run is to stop or its task is cancelled.
  /// - Parameter atOnce: how many workers start at once.
  func run(
    jobs: Int, atOnce: Int = .max, shouldStop: @escaping @Sendable () -> Bool,
    _ work: @escaping @Sendable (Int) async -> Attempt
  ) async {
    let first = min(jobs, atOnce)
    state.withLock { $0.workers = first }
    await withTaskGroup { group in
      for _ in 0..<first {
        group.addTask { await self.serve(shouldStop, work) }
      }
      for _ in first..<jobs where await self.needsAnotherWorker() {
        group.addTask { await self.serve(shouldStop, work) }
      }
    }
  }

  private static var pause: Duration { .milliseconds(500) }

  /// Gives an item back that this worker has no connection for: another one does it, and this one ends. Returns whether there
  /// is another one.
  func handBack(_ index: Int) -> Bool {
    state.withLock { state in
      if state.workers < 2 { return false }
      state.workers -= 1
      state.ready.insert(index, at: state.ready.startIndex)
      return true
    }
  }

  /// Waits for ``pause``. Returns whether untaken work is left; then another worker is expected.
  private func needsAnotherWorker() async -> Bool {
    let pause = state.withLock { state -> Task<Void, any Error>? in
      if state.isOver { return nil }
      state.pause = Task { try await Task.sleep(for: Self.pause) }  // By then short work is done.
      return state.pause
    }
    guard let pause else { return false }
    _ = await pause.result
    return state.withLock { state in
      if state.isOver || state.ready.isEmpty { return false }
      state.workers += 1
      return true
    }
  }

  private func serve(_ shouldStop: () -> Bool, _ work: (Int) async -> Attempt) async {
    while !shouldStop(), !Task.isCancelled {
      switch next() {
      case .nothing: return
      case .wait(let time):
        try? await Task.sleep(until: min(time, .now + .milliseconds(100)))  // Polls: a stop wakes nobody.
      case .item(let index):
        switch await work(index) {
        case .done: break
        case .again(let delay): state.withLock { $0.waiting.append((index, .now + delay)) }
        case .handedBack: return
        }
      }
    }
    state.withLock { $0.end() }
  }

  private func next() -> Next {
    state.withLock { state in
      if let index = state.ready.popFirst() { return .item(index) }
      guard let first = state.waiting.indices.min(by: { state.waiting[$0].until < state.waiting[$1].until })
      else {
        // With the same lock, so that nobody hands something back to workers that are about to leave.
        state.end()
        return .nothing
      }
      let time = state.waiting[first].until
      return time > .now ? .wait(until: time) : .item(state.waiting.remove(at: first).index)
    }
  }
}
