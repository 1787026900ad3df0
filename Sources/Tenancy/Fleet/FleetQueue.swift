internal import Synchronization

/// Work over a fleet: a number of items, taken one by one by a few workers. An item that has to wait goes to the back.
final class FleetQueue<Outcome: Sendable>: Sendable {
  /// What came of an item's turn.
  enum Turn: Sendable {
    case done(Outcome)
    /// Its turn comes again, not before this time has passed.
    case again(after: Duration)
  }

  private struct State {
    var ready: ArraySlice<Int>
    var waiting: [(index: Int, until: ContinuousClock.Instant)] = []
    var outcomes: [Outcome?]
  }

  private enum Next {
    case item(Int)
    case wait(until: ContinuousClock.Instant)
    case nothing
  }

  private let state: Mutex<State>

  /// A queue of the items 0 to `count` - 1.
  init(count: Int) {
    state = Mutex(State(ready: ArraySlice(0..<count), outcomes: Array(repeating: nil, count: count)))
  }

  /// Runs the work on each item, and returns what came of each; `nil` for those that were not done because the run was
  /// to stop or its task was cancelled.
  func run(
    jobs: Int, shouldStop: @escaping @Sendable () -> Bool, _ work: @escaping @Sendable (Int) async -> Turn
  ) async -> [Outcome?] {
    await withTaskGroup { group in
      for _ in 0..<jobs {
        group.addTask { await self.serve(shouldStop, work) }
      }
    }
    return state.withLock { $0.outcomes }
  }

  private func serve(_ shouldStop: () -> Bool, _ work: (Int) async -> Turn) async {
    while !shouldStop(), !Task.isCancelled {
      switch next() {
      case .nothing: return
      case .wait(let time):
        try? await Task.sleep(until: min(time, .now + .milliseconds(100)))  // a stop waits no longer
      case .item(let index):
        switch await work(index) {
        case .done(let outcome): state.withLock { $0.outcomes[index] = outcome }
        case .again(let delay): state.withLock { $0.waiting.append((index, .now + delay)) }
        }
      }
    }
  }

  private func next() -> Next {
    state.withLock { state in
      if let index = state.ready.popFirst() { return .item(index) }
      guard let first = state.waiting.indices.min(by: { state.waiting[$0].until < state.waiting[$1].until })
      else { return .nothing }
      let time = state.waiting[first].until
      return time > .now ? .wait(until: time) : .item(state.waiting.remove(at: first).index)
    }
  }
}
