internal import Tenancy

/// How many tenants of a run are done, and how that is told while it goes on.
struct FleetTally: Sendable {
  let total: Int
  var done = 0
  var failed = 0
  /// Tenants that had nothing to do: they do not count for the estimate of the time left.
  var skipped = 0
  /// Tenants that wait for another attempt.
  var waiting: Set<String> = []

  /// The end of a bar: `3/20, 1 failed, 12/s, 1.4 s left`.
  private func parts(_ elapsed: Duration) -> (count: String, failed: String, time: String) {
    let waits = waiting.isEmpty ? "" : ", \(waiting.count) waiting"
    let (worked, left) = (done - skipped, total - done)
    // How long a lock will be held cannot be estimated.
    let isGuess = worked == 0 || waiting.count == left
    let time = isGuess ? "\(durationText(elapsed)) so far" : pace(worked, elapsed, left: left)
    return ("\(done)/\(total)", failed > 0 ? ", \(failed) failed" : "", "\(waits), \(time)")
  }

  /// A bar that fits into a line of so many columns.
  func bar(_ elapsed: Duration, width: Int, _ style: Style) -> String {
    let (count, failed, time) = parts(elapsed)
    let length = 1 + count.count + failed.count + time.count
    let size = min(30, width - length - 3)
    // One line only: a second one would not be erased.
    guard size >= 5 else { return String((count + failed + time).prefix(width - 1)) }
    let filled = size * done / max(total, 1)
    return "[" + style.green(String(repeating: "#", count: filled))
      + String(repeating: ".", count: size - filled) + "] "
      + count + (failed.isEmpty ? "" : style.red(failed)) + time
  }

  /// A line of a log: `412 of 1000 tenants done, 3 failed, 20/s, 29.4 s left`.
  func line(_ elapsed: Duration) -> String {
    let (_, failed, time) = parts(elapsed)
    return "\(done) of \(counted(total, "tenant")) done\(failed)\(time)"
  }

  /// What is known when the program is ended at once.
  var lastWords: String {
    "\(done - failed) of \(counted(total, "tenant")) done, \(failed) failed; the state of the others is unknown"
  }

  /// The rate so far and the estimated time left.
  private func pace(_ worked: Int, _ elapsed: Duration, left count: Int) -> String {
    let perSecond = Double(worked) / max(elapsed / .seconds(1), 0.001)
    let left = Duration.seconds(Double(count) / perSecond)
    let (rate, unit) = perSecond < 1 ? (perSecond * 60, "min") : (perSecond, "s")
    return "\(Int(rate.rounded()))/\(unit), \(durationText(left)) left"
  }
}
