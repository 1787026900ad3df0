internal import Glibc
internal import Synchronization
internal import Tenancy

/// The progress of a fleet run: a bar on a terminal, elsewhere a line every now and then, so that a log of CI shows that the
/// run goes on.
final class FleetProgress: Sendable {
  private struct State {
    var tally: FleetTally
    var drawnAt: ContinuousClock.Instant?
    /// The messages that were shown already.
    var told: Set<String> = []
    var outputFailure: OutputClosed?
    var ticker: Task<Void, Never>?
  }

  /// How often a log gets a line.
  private static let interval = Duration.seconds(30)
  private let terminal: Terminal
  private let style: Style
  private let showsBar: Bool
  private let isSilent: Bool
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  init(total: Int, _ session: Session) {
    state = Mutex(State(tally: FleetTally(total: total)))
    terminal = session.terminal
    style = session.errorStyle
    isSilent = session.isQuiet
    // A terminal that is "dumb" cannot erase a line.
    showsBar =
      terminal.stderrIsTerminal && session.environment["TERM"] != "dumb" && !session.isQuiet
      && session.format == .text
    if isSilent { return }
    // A single tenant may take long: the bar stays and the time keeps counting.
    let interval = showsBar ? .milliseconds(250) : Self.interval
    let ticker = Task { [weak self] in
      while (try? await Task.sleep(for: interval)) != nil { self?.tick() }  // Until `finish`.
    }
    state.withLock { $0.ticker = ticker }
  }

  private func tick() {
    state.withLock { state in
      guard state.ticker != nil else { return }
      if showsBar { return redraw(&state) }
      terminal.note(state.tally.line(.now - start))
    }
  }

  /// Counts a finished tenant.
  /// - Parameter isSkipped: whether it had nothing to do.
  func note(_ name: String, failure: (any Error)?, isSkipped: Bool = false) {
    state.withLock { state in
      state.tally.done += 1
      state.tally.waiting.remove(name)
      if isSkipped { state.tally.skipped += 1 }
      // Why is told in the end, once for all that have the cause.
      if failure != nil { state.tally.failed += 1 }
      redraw(&state)
    }
  }

  /// Counts a tenant that waits for another attempt, and names the sessions that hold its lock.
  func notePostponed(_ name: String, _ error: any Error) {
    let message =
      if let failure = (error as? TenancyProblem)?.migrationFailure { failure.placed } else {
        ErrorReport(error).message
      }
    state.withLock { state in
      state.tally.waiting.insert(name)
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

  /// Tells that fewer programs run at a time than the run was told to run.
  func tellFewerPrograms(_ jobs: Int, _ most: Int) {
    guard !isSilent else { return }
    tell("\(style.yellow("note:")) \(fewerPrograms(jobs, most))")
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
      if let text = state.withLockIfAvailable(\.tally.lastWords) { return text }
      usleep(5000)  // Between attempts to get the lock: the program ends here, on a thread of its own.
    } while ContinuousClock.now < end
    return "its progress is unknown"
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
    guard showsBar, state.ticker != nil, state.tally.done < state.tally.total else { return }
    let now = ContinuousClock.now
    if let last = state.drawnAt, now - last < .milliseconds(50) { return }
    state.drawnAt = now
    terminal.draw("\r" + state.tally.bar(now - start, width: terminal.width, style) + "\u{1B}[K")
  }
}
