internal import Glibc
internal import Synchronization
internal import Tenancy

/// The progress of a fleet run: a bar on a terminal, elsewhere a line for each failure.
final class FleetProgress: Sendable {
  private struct State {
    var done = 0
    var failed = 0
    /// Tenants that had nothing to do: they do not count for the estimate of the time left.
    var skipped = 0
    /// Tenants that wait for another attempt.
    var waiting: Set<String> = []
    var drawnAt: ContinuousClock.Instant?
    /// The messages that were shown already.
    var told: Set<String> = []
    var outputFailure: OutputClosed?
    var ticker: Task<Void, Never>?
  }

  private let total: Int
  private let terminal: Terminal
  private let style: Style
  private let showsBar: Bool
  private let isSilent: Bool
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  init(total: Int, _ session: Session) {
    self.total = total
    terminal = session.terminal
    style = session.errorStyle
    isSilent = session.isQuiet
    showsBar = terminal.stderrIsTerminal && !session.isQuiet && session.format == .text
    guard showsBar else { return }
    // A single tenant may take long: the bar stays and the time keeps counting.
    let ticker = Task { [weak self] in
      while (try? await Task.sleep(for: .milliseconds(250))) != nil {  // Cancelled by `finish`.
        self?.state.withLock { self?.redraw(&$0) }
      }
    }
    state.withLock { $0.ticker = ticker }
  }

  /// Counts a finished tenant.
  /// - Parameter isSkipped: whether it had nothing to do.
  func note(_ name: String, failure: (any Error)?, isSkipped: Bool = false) {
    state.withLock { state in
      state.done += 1
      state.waiting.remove(name)
      if isSkipped { state.skipped += 1 }
      // Why is told in the end, once for all that have the cause.
      if failure != nil { state.failed += 1 }
      redraw(&state)
    }
  }

  /// Counts a tenant that waits for another attempt, and names the sessions that hold its lock.
  func notePostponed(_ name: String, _ error: any Error) {
    let message =
      if case TenancyProblem.migrationFailed(let failure) = error { failure.placed } else {
        ErrorReport(error).message
      }
    state.withLock { state in
      state.waiting.insert(name)
      // The bar counts them: the same message is shown once.
      if !isSilent, state.told.insert("\(message.firstLine)").inserted || !showsBar {
        clear(&state)
        terminal.note("\(style.yellow("waiting")) \(name): \(message)")
      }
      redraw(&state)
    }
  }

  /// Tells once that the server has fewer connections than the run would use.
  func tellFewerJobs(_ jobs: Int, _ problem: TenancyProblem) {
    guard !isSilent else { return }
    tell("\(style.yellow("note:")) \(fewerJobs(jobs, problem))")
  }

  /// Writes a line to standard error, above the bar.
  func tell(_ line: String) {
    tell(lines: [line])
  }

  /// Writes lines that stay together.
  func tell(lines: [String]) {
    state.withLock { state in
      clear(&state)
      terminal.note(lines.joined(separator: "\n"), isMessage: lines.count == 1)
    }
  }

  /// Writes to standard output, above the bar. If that fails the work goes on: see ``outputFailure``.
  func print(_ text: String) {
    state.withLock { state in
      clear(&state)
      do {
        try terminal.write(text)
      } catch let error as OutputClosed {
        state.outputFailure = state.outputFailure ?? error
      } catch {}
    }
  }

  /// Why standard output could not be written; `nil` if it could.
  var outputFailure: OutputClosed? { state.withLock { $0.outputFailure } }

  /// The progress, for a run that is ended at once. The lock's holder may be blocked by a terminal that accepts no
  /// output, so this waits half a second at most.
  func known() -> String {
    let end = ContinuousClock.now + .milliseconds(500)
    repeat {
      if let text = state.withLockIfAvailable({ sentence($0) }) { return text }
      usleep(5000)  // Between attempts to get the lock: the program ends here, on a thread of its own.
    } while ContinuousClock.now < end
    return "its progress is unknown"
  }

  private func sentence(_ state: State) -> String {
    "\(state.done - state.failed) of \(counted(total, "tenant")) done, \(state.failed) failed; the state of the others is unknown"
  }

  /// Removes the bar.
  func finish() {
    state.withLock { state in
      state.ticker?.cancel()
      state.ticker = nil
      clear(&state)
    }
  }

  private func clear(_ state: inout State) {
    // Carriage return, then EL: erase to the end of the line (ECMA-48, 8.3.41).
    if showsBar { terminal.draw("\r\u{1B}[K") }
    state.drawnAt = nil
  }

  /// At most 20 times a second and in one write, so that the bar does not flicker.
  private func redraw(_ state: inout State) {
    guard showsBar, state.ticker != nil, state.done < total else { return }
    let now = ContinuousClock.now
    if let last = state.drawnAt, now - last < .milliseconds(50) { return }
    state.drawnAt = now
    terminal.draw("\r" + line(state, elapsed: now - start) + "\u{1B}[K")
  }

  private func line(_ state: State, elapsed: Duration) -> String {
    let count = " \(state.done)/\(total)"
    let failed = state.failed > 0 ? ", \(state.failed) failed" : ""
    let waiting = state.waiting.isEmpty ? "" : ", \(state.waiting.count) waiting"
    let (worked, left) = (state.done - state.skipped, total - state.done)
    // How long a lock will be held cannot be estimated.
    let isGuess = worked == 0 || state.waiting.count == left
    let time =
      waiting + (isGuess ? ", \(durationText(elapsed)) so far" : ", \(pace(worked, elapsed, left: left))")
    let length = count.count + failed.count + time.count
    let width = min(30, terminal.width - length - 3)
    // One line only: a second one would not be erased.
    guard width >= 5 else { return String((count + failed + time).dropFirst().prefix(terminal.width - 1)) }
    let filled = width * state.done / max(total, 1)
    return "[" + style.green(String(repeating: "#", count: filled))
      + String(repeating: ".", count: width - filled) + "]"
      + count + (failed.isEmpty ? "" : style.red(failed)) + time
  }

  /// The rate so far and the estimated time left.
  private func pace(_ done: Int, _ elapsed: Duration, left count: Int) -> String {
    let perSecond = Double(done) / max(elapsed / .seconds(1), 0.001)
    let left = Duration.seconds(Double(count) / perSecond)
    let (rate, unit) = perSecond < 1 ? (perSecond * 60, "min") : (perSecond, "s")
    return "\(Int(rate.rounded()))/\(unit), \(durationText(left)) left"
  }
}
