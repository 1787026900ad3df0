internal import Synchronization

/// Tells how a run over the fleet is getting on: a bar on a terminal, elsewhere a line for each failure.
final class FleetProgress: Sendable {
  private struct State {
    var done = 0
    var failed = 0
    var drawnAt: ContinuousClock.Instant?
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
    isSilent = session.isQuiet || session.format != .text
    showsBar = terminal.stderrIsTerminal && !session.isQuiet && session.format == .text
  }

  /// One tenant is done.
  func note(_ name: String, failure: (any Error)?) {
    state.withLock { state in
      state.done += 1
      if failure != nil { state.failed += 1 }
      if let failure, !isSilent {
        clear()
        // The summary says the rest.
        let sentence = ErrorReport(failure).message.prefix { !$0.isNewline }
        terminal.note("\(style.red("failed")) \(name): \(sentence)")
        state.drawnAt = nil
      }
      redraw(&state)
    }
  }

  /// Writes to the streams while the bar is away; nobody else writes meanwhile.
  func withoutBar<Value>(_ write: () throws -> Value) rethrows -> Value {
    try state.withLock { state in
      clear()
      state.drawnAt = nil
      return try write()
    }
  }

  /// Takes the bar away.
  func finish() {
    state.withLock { _ in clear() }
  }

  private func clear() {
    // Carriage return, then EL: erase to the end of the line (ECMA-48, 8.3.41).
    if showsBar { terminal.draw("\r\u{1B}[K") }
  }

  /// At most 20 times a second, and in one write: no flicker.
  private func redraw(_ state: inout State) {
    guard showsBar, state.done < total else { return }
    let now = ContinuousClock.now
    if let last = state.drawnAt, now - last < .milliseconds(50) { return }
    state.drawnAt = now
    terminal.draw("\r" + line(state, elapsed: now - start) + "\u{1B}[K")
  }

  private func line(_ state: State, elapsed: Duration) -> String {
    let rate = Double(state.done) / max(elapsed / .seconds(1), 0.001)
    let left = Duration.seconds(Double(total - state.done) / max(rate, 0.001))
    let failures = state.failed > 0 ? ", \(style.red("\(state.failed) failed"))" : ""
    let words = " \(state.done)/\(total)\(failures), \(Int(rate.rounded()))/s, \(durationText(left)) left"
    let width = min(30, terminal.width - words.count - 3)
    guard width >= 5 else { return words }
    let filled = width * state.done / max(total, 1)
    return "[" + style.green(String(repeating: "#", count: filled))
      + String(repeating: ".", count: width - filled) + "]"
      + words
  }
}
