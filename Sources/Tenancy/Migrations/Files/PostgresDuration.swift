extension Duration {
  /// Reads a time as PostgreSQL's settings are written: `2s`, `500ms`, `1min`, `0`.
  ///
  /// Units are `us`, `ms`, `s`, `min`, `h` and `d`. Nil for anything else, for parts of
  /// a millisecond, which the server would round, for a number without a unit, which PostgreSQL would take for milliseconds, and for more than its settings hold (2,147,483,647 ms).
  package init?(postgresSetting text: String) {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard let number = Int64(digits) else { return nil }
    let microseconds: Int64
    switch text.dropFirst(digits.count).drop(while: { $0 == " " }) {
    case "us": microseconds = 1
    case "ms": microseconds = 1_000
    case "" where number == 0: microseconds = 1
    case "s": microseconds = 1_000_000
    case "min": microseconds = 60_000_000
    case "h": microseconds = 3_600_000_000
    case "d": microseconds = 86_400_000_000
    default: return nil
    }
    let (total, overflow) = number.multipliedReportingOverflow(by: microseconds)
    guard !overflow, total % 1_000 == 0, total / 1_000 <= Int32.max else { return nil }
    self = .milliseconds(total / 1_000)
  }
}
