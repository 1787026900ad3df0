import Testing

@testable import TenantctlCommands

/// How far a run is, as a bar and as a line of a log.
@Suite struct FleetTallyTests {
  private static let plain = Style(isColored: false)

  private func tally(_ done: Int, of total: Int, failed: Int = 0, skipped: Int = 0, waiting: [String] = [])
    -> FleetTally
  {
    FleetTally(total: total, done: done, failed: failed, skipped: skipped, waiting: Set(waiting))
  }

  @Test func aLineOfALog() {
    #expect(tally(0, of: 9).line(.seconds(30)) == "0 of 9 tenants done, 30.0 s so far")
    #expect(
      tally(412, of: 1000, failed: 3).line(.seconds(60))
        == "412 of 1000 tenants done, 3 failed, 7/s, 1 min 25 s left")
    #expect(
      tally(8, of: 10, skipped: 7, waiting: ["a"]).line(.seconds(120))
        == "8 of 10 tenants done, 1 waiting, 1/min, 4 min 0 s left")
    // A lock is held as long as it is.
    #expect(
      tally(1, of: 2, waiting: ["b"]).line(.seconds(90))
        == "1 of 2 tenants done, 1 waiting, 1 min 30 s so far")
  }

  @Test(arguments: [20, 40, 60, 80, 120, 300]) func aBarFitsIntoItsLine(width: Int) {
    for tally in [
      tally(0, of: 1), tally(999, of: 100_000, failed: 99, waiting: ["a", "b"]), tally(7, of: 7, failed: 7),
    ] {
      let bar = tally.bar(.seconds(4000), width: width, Self.plain)
      #expect(bar.count < width && bar.contains("\(tally.done)/\(tally.total)"), "\(bar)")
    }
    #expect(
      tally(5, of: 10, failed: 1).bar(.seconds(5), width: 80, Self.plain)
        == "[###############...............] 5/10, 1 failed, 1/s, 5.0 s left")
  }
}
