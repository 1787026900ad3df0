internal import SQLText

/// A version as another tool reads it: a number, or for Flyway numbers between dots. `001` is `1`, and `1.0` is `1`.
struct SourceVersion: Sendable, Hashable, Comparable {
  /// Digits without leading zeros; nothing is zero.
  let parts: [Substring]

  static let zero = SourceVersion(normal: [""])

  /// Reads a number; `nil` for anything else.
  init?(number text: some StringProtocol) {
    self.init(parts: [Substring(text)])
  }

  /// Reads numbers between dots or underscores; `nil` for anything else.
  init?(dotted text: some StringProtocol) {
    self.init(
      parts: Substring(text).split(omittingEmptySubsequences: false) { $0 == "." || $0 == "_" })
  }

  private init?(parts: [Substring]) {
    guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isDigit) }) else { return nil }
    var numbers = parts.map { $0.drop { $0 == "0" } }
    while numbers.count > 1, numbers[numbers.count - 1].isEmpty { numbers.removeLast() }
    self.init(normal: numbers)
  }

  private init(normal parts: [Substring]) {
    self.parts = parts
  }

  /// By number, part by part; a part that is missing is zero.
  static func < (left: SourceVersion, right: SourceVersion) -> Bool {
    for index in 0..<max(left.parts.count, right.parts.count) {
      let (left, right) = (left.part(index), right.part(index))
      if left != right { return (left.utf8.count, left) < (right.utf8.count, right) }
    }
    return false
  }

  func part(_ index: Int) -> Substring { index < parts.count ? parts[index] : "" }
}
