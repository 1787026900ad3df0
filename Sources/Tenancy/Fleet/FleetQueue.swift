internal import Synchronization

/// Work over a fleet: a number of items, taken one by one by a few workers.
final class FleetQueue: Sendable {
  private let count: Int
  private let next = Atomic(0)

  init(count: Int) {
    self.count = count
  }

  /// Runs the work on each item, and returns what came of each; `nil` for those whose turn never came, because the run
  /// was to stop or its task was cancelled.
  func run<Outcome: Sendable>(
    jobs: Int, shouldStop: @escaping @Sendable () -> Bool, _ work: @escaping @Sendable (Int) async -> Outcome
  ) async -> [Outcome?] {
    await withTaskGroup(of: [(Int, Outcome)].self) { group in
      for _ in 0..<min(jobs, count) {
        group.addTask {
          var done: [(Int, Outcome)] = []
          while !shouldStop(), !Task.isCancelled, let index = self.take() {
            done.append((index, await work(index)))
          }
          return done
        }
      }
      var outcomes = [Outcome?](repeating: nil, count: self.count)
      for await part in group {
        for (index, outcome) in part { outcomes[index] = outcome }
      }
      return outcomes
    }
  }

  private func take() -> Int? {
    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }
}
