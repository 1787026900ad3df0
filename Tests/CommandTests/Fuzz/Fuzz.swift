import Foundation
import TestSupport
import Testing

/// Inputs that nobody would write: a seeded generator, so that a failure can be had again.
///
/// `TENANTCTL_FUZZ=100000` sets how many there are of each kind, `TENANTCTL_FUZZ_SEED` another beginning.
struct Fuzz {
  static let count = number("TENANTCTL_FUZZ") ?? 1000
  static let seed = UInt64(number("TENANTCTL_FUZZ_SEED") ?? 1)

  /// Valid inputs, to be broken.
  let corpus: [String]
  /// What means something to the reader of the input.
  let words: [String]
  private var random: SplitMix64

  init(_ corpus: [String], words: [String]) {
    self.corpus = corpus
    self.words = words
    random = SplitMix64(state: Self.seed)
  }

  /// Calls `body` with each input. What is being tried stands in a file: after a crash it is the one to look at.
  static func each(_ kind: String, _ fuzz: Fuzz, _ body: ([UInt8]) throws -> Void) throws {
    var fuzz = fuzz
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let file = open("\(folder)/tenantctl-fuzz-\(kind).input", O_RDWR | O_CREAT | O_TRUNC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    for number in 0..<count {
      let input = fuzz.next()
      ftruncate(file, 0)
      pwrite(file, input, input.count, 0)
      do {
        try body(input)
      } catch {
        Issue.record(
          error,
          "\(kind) \(number) of seed \(seed): \(String(decoding: input, as: UTF8.self).debugDescription)")
        return
      }
    }
    unlink("\(folder)/tenantctl-fuzz-\(kind).input")
  }

  private static func number(_ variable: String) -> Int? {
    ProcessInfo.processInfo.environment[variable].flatMap(Int.init)
  }

  /// Bytes, words, or a valid input with a few changes.
  mutating func next() -> [UInt8] {
    switch random.below(8) {
    case 0: return (0..<random.below(40)).map { _ in byte() }
    case 1: return (0..<random.below(12)).flatMap { _ in Array(random.element(of: words).utf8) }
    default:
      var input = Array(random.element(of: corpus).utf8)
      for _ in 0...random.below(4) { change(&input) }
      return input
    }
  }

  private mutating func byte() -> UInt8 {
    // Half of them mean something in most languages.
    random.below(2) == 0
      ? UInt8(random.below(256)) : random.element(of: Array("[]{}()=.,:;/\\'\"@#$%&?*-+_ \t\r\n\0aE0".utf8))
  }

  private mutating func change(_ input: inout [UInt8]) {
    let place = random.below(input.count + 1)
    let end = min(input.count, place + 1 + random.below(random.below(3) == 0 ? 20 : 3))
    switch random.below(7) {
    case 0: input.removeSubrange(place..<end)
    case 1: input.insert(byte(), at: place)
    case 2: input.insert(contentsOf: random.element(of: words).utf8, at: place)
    case 3: input.insert(contentsOf: input[place..<end], at: random.below(input.count + 1))
    case 4: input.removeSubrange(place...)
    case 5: input.insert(contentsOf: random.element(of: corpus).utf8, at: place)
    default: if place < input.count { input[place] = byte() }
    }
  }
}

extension SplitMix64 {
  fileprivate mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
  fileprivate mutating func element<T>(of list: [T]) -> T { list[below(list.count)] }
}
