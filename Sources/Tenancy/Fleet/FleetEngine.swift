internal import Synchronization
internal import TenancyPostgres

/// A tenant, or the shared schema, as something that work is done on.
struct FleetSubject: Sendable {
  /// `nil` is the shared schema.
  let tenant: Tenant?
  let schema: SchemaName

  /// The tenant's name, or `public`.
  var label: String { tenant?.name.rawValue ?? schema.rawValue }

  init(_ tenant: Tenant) { self.init(tenant, tenant.schema) }

  init(_ tenant: Tenant?, _ schema: SchemaName) {
    self.tenant = tenant
    self.schema = schema
  }
}

/// The work of a fleet command: what one attempt does for one subject. Selection, jobs, canaries, phases, further attempts,
/// failures and interruption are the engine's.
struct FleetWork<Value: Sendable>: Sendable {
  /// Returns whether nothing is left to do. The value has what earlier attempts did, and gets what this one does.
  typealias Attempt = @Sendable (_ index: Int, _ phase: Int, _ value: inout Value?) async throws -> Bool

  /// The shared schema, if it is among them, comes first: where it fails, no tenant is begun with.
  let subjects: [FleetSubject]
  let attempt: Attempt
  /// Whether there is something to do, or something in the way: others are done at once.
  var isOpen: @Sendable (Int) -> Bool = { _ in true }
  /// How many tenants at a time at most, for each phase. What an attempt leaves waits until all have come as far.
  var phases = [Int.max]
  /// How many more attempts are usual.
  var retries = 0
  /// For deferred commits: finished tenants are reported after the flush.
  var announcements: Announcements?
  /// Adds details to a failure when it is reported.
  var detailed: @Sendable (Int, any Error) async -> any Error = { $1 }

  init(_ subjects: [FleetSubject], _ attempt: @escaping Attempt) {
    self.subjects = subjects
    self.attempt = attempt
  }

  func run(_ run: FleetRun<Value>) async -> FleetReport<Value> {
    let start = ContinuousClock.now
    let engine = FleetEngine(self, run)
    let shared = subjects.indices.filter { subjects[$0].tenant == nil }
    let tenants = subjects.indices.filter { subjects[$0].tenant != nil }
    await engine.require(shared)
    // One that has nothing to do would prove nothing.
    let canaries = Array(tenants.lazy.filter(isOpen).prefix(run.canaries))
    engine.mark(canaries)
    await engine.require(canaries)
    await engine.run(tenants.filter { !canaries.contains($0) })
    let outcomes = engine.outcomes
    return FleetReport(
      shared: shared.first.map { outcomes[$0] }, tenants: tenants.map { outcomes[$0] },
      duration: .now - start,
      wasInterrupted: run.shouldStop())
  }
}

/// For whom the current task works, for messages of the server that do not say it.
package enum FleetTask {
  /// The tenant's name, or `public`; `nil` outside of a run for many.
  @TaskLocal package static var label: String?
}

/// Thrown by an attempt that was cancelled after a part was committed that its value does not hold.
struct FleetUnfinished: Error {}

/// Runs a ``FleetWork``: failures are counted, and one that has to wait for a lock is tried again.
private final class FleetEngine<Value: Sendable>: Sendable {
  private struct State {
    var failures = 0
    var isStopped = false
    var canaries: Set<Int> = []
    var hasFewerJobs = false
    var progress: [Int: Progress] = [:]
    /// By index; `nil` for those that are not done with.
    var outcomes: [FleetOutcome<Value>?]
  }

  /// What the attempts for one have come to so far.
  private struct Progress {
    var attempts = 0
    var value: Value?
    var duration = Duration.zero
    /// Whether the last worker had no connection for it once.
    var isLastWorkers = false
  }

  private let work: FleetWork<Value>
  private let settings: FleetRun<Value>
  private let state: Mutex<State>

  init(_ work: FleetWork<Value>, _ settings: FleetRun<Value>) {
    self.work = work
    self.settings = settings
    state = Mutex(State(outcomes: Array(repeating: nil, count: work.subjects.count)))
  }

  /// How it has ended for each.
  var outcomes: [FleetOutcome<Value>] {
    state.withLock { state in
      work.subjects.indices.map { index in
        let value = state.progress[index]?.value
        var outcome =
          state.outcomes[index]
          ?? FleetOutcome(work.subjects[index], value == nil ? .notRun : .unfinished, value)
        outcome.isCanary = state.canaries.contains(index)
        return outcome
      }
    }
  }

  /// Notes which are canaries, for the report.
  func mark(_ canaries: [Int]) {
    state.withLock { $0.canaries = Set(canaries) }
  }

  /// Runs some, and starts no others unless all of them succeed.
  func require(_ indices: [Int]) async {
    await run(indices)
    state.withLock { state in
      if !indices.allSatisfy({ state.outcomes[$0]?.isDone == true }) { state.isStopped = true }
    }
  }

  func run(_ indices: [Int]) async {
    // Most often most tenants have nothing to do: they need no attempt.
    for index in indices where !work.isOpen(index) {
      finish(index, FleetOutcome(work.subjects[index], .done))
    }
    for (phase, jobs) in work.phases.enumerated() {
      let open = state.withLock { state in indices.filter { state.outcomes[$0] == nil } }
      await serve(open, phase, jobs: min(settings.jobs, jobs, open.count))
    }
  }

  private func serve(_ indices: [Int], _ phase: Int, jobs: Int) async {
    let queue = FleetQueue(count: indices.count)
    await withTaskGroup(of: Void.self) { group in
      if let announcements = work.announcements { group.addTask { await announcements.serve() } }
      await queue.run(jobs: jobs, atOnce: settings.jobsAtOnce, shouldStop: shouldStop) { place in
        await self.attempt(indices[place], phase) { queue.handBack(place) }
      }
      group.cancelAll()
    }
    await work.announcements?.announceAll()
  }

  private func shouldStop() -> Bool {
    let (isStopped, failures) = state.withLock { ($0.isStopped, $0.failures) }
    return isStopped || failures >= settings.maxFailures ?? .max || settings.shouldStop()
      || work.announcements?.haveFailed == true
  }

  /// - Parameter handBack: lets another worker do it, if there is one.
  private func attempt(_ index: Int, _ phase: Int, handBack: () -> Bool) async -> FleetQueue.Attempt {
    let start = ContinuousClock.now
    var progress = state.withLock { $0.progress[index] ?? Progress() }
    let status: FleetOutcome<Value>.Status?
    do {
      status = try await FleetTask.$label.withValue(work.subjects[index].label) {
        try await work.attempt(index, phase, &progress.value) ? .done : nil
      }
    } catch is CancellationError {
      status = progress.value == nil ? .notRun : .unfinished
    } catch is FleetUnfinished {
      status = .unfinished
    } catch {
      status = .failed(error)
    }
    if case .failed(let error as TenancyProblem) = status, case .cannotConnect = error,
      let other = withoutConnection(index, &progress, error, handBack: handBack)
    {
      return other
    }
    progress.attempts += 1
    progress.duration += .now - start
    guard let status else {
      progress.attempts = 0
      state.withLock { $0.progress[index] = progress }
      return .done
    }
    var outcome = FleetOutcome(work.subjects[index], status, progress.value, took: progress.duration)
    if let error = outcome.failure {
      let detailed = await work.detailed(index, error)
      outcome = FleetOutcome(work.subjects[index], .failed(detailed), progress.value, took: progress.duration)
      let problem = error as? TenancyProblem
      if progress.attempts <= min(settings.retries ?? work.retries, problem?.worthwhileAttempts ?? 0) {
        state.withLock { $0.progress[index] = progress }
        if progress.attempts == 1 { settings.onPostponed(outcome) }
        return .again(after: FleetRetry.pause(afterAttempt: progress.attempts))
      }
    }
    finish(index, outcome)
    return .done
  }

  /// There are fewer connections than jobs: others may have one. `nil` if there is no such hope.
  private func withoutConnection(
    _ index: Int, _ progress: inout Progress, _ problem: TenancyProblem, handBack: () -> Bool
  ) -> FleetQueue.Attempt? {
    if handBack() {
      tellFewerJobs(problem)
      return .handedBack
    }
    // The last worker: the others may have ended while it was refused, and theirs are free now.
    if settings.jobs == 1 || progress.isLastWorkers { return nil }
    progress.isLastWorkers = true
    state.withLock { [progress] in $0.progress[index] = progress }
    return .again(after: .zero)
  }

  private func tellFewerJobs(_ problem: TenancyProblem) {
    guard case .cannotConnect(let failure) = problem, failure.isAboutLimits else { return }
    let isFirst = state.withLock { state in
      defer { state.hasFewerJobs = true }
      return !state.hasFewerJobs
    }
    if isFirst { settings.onFewerJobs(problem) }
  }

  private func finish(_ index: Int, _ outcome: FleetOutcome<Value>) {
    var outcome = outcome
    outcome.isCanary = state.withLock { $0.canaries.contains(index) }
    note(index, outcome)
    guard let announcements = work.announcements, outcome.value != nil else {
      return settings.onOutcome(outcome)
    }
    announcements.add { [outcome] error in
      guard let error else { return self.settings.onOutcome(outcome) }
      var lost = FleetOutcome<Value>(self.work.subjects[index], .failed(error))
      lost.isCanary = outcome.isCanary
      self.note(index, lost)
      self.settings.onOutcome(lost)
    }
  }

  private func note(_ index: Int, _ outcome: FleetOutcome<Value>) {
    state.withLock { state in
      if outcome.failure != nil, state.outcomes[index]?.failure == nil { state.failures += 1 }
      state.outcomes[index] = outcome
      // While a server restarts, each of the others would only fail as fast as it can.
      if case TenancyProblem.cannotConnect? = outcome.failure { state.isStopped = true }
    }
  }
}
