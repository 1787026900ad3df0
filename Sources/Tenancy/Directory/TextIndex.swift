/// Places of texts in one array of bytes, found by the text: a set of which each element costs 4 to 8 bytes. Swift's own sets of
/// strings take 50 to 100.
///
/// An open-addressing hash table with linear probing. The hash is Swift's, whose seed differs in each process, so that nobody
/// can choose host names that collide.
struct TextIndex: Sendable {
  /// A text in the array.
  struct Span: Sendable, Hashable {
    let start: UInt32
    let count: UInt32

    /// In the place of a text that there is not: an optional would take half as much again.
    static let none = Span(start: .max, count: .max)

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  private static let free = UInt32.max
  private var slots = [UInt32](repeating: free, count: 8)

  /// An empty one.
  init() {}

  /// An empty one in which as much has space as in another.
  init(asLargeAs other: TextIndex) { slots = [UInt32](repeating: Self.free, count: other.slots.count) }

  private var count = 0

  /// The number that the text was added with; `nil` if it was not.
  /// - Parameter span: where the text of a number is.
  func find(_ text: UnsafeBufferPointer<UInt8>, in bytes: [UInt8], by span: (Int) -> Span) -> Int? {
    bytes.withUnsafeBufferPointer { all in
      var slot = Self.hash(text) & (slots.count - 1)
      while slots[slot] != Self.free {
        let number = Int(slots[slot])
        let found = span(number)
        if Int(found.count) == text.count, text.elementsEqual(all[found.range]) { return number }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }

  /// Adds a number whose text is not there yet.
  mutating func add(_ number: Int, in bytes: [UInt8], by span: (Int) -> Span) {
    if 4 * (count + 1) > 3 * slots.count { grow(in: bytes, by: span) }
    place(number, in: bytes, by: span)
    count += 1
  }

  private mutating func grow(in bytes: [UInt8], by span: (Int) -> Span) {
    let numbers = slots.filter { $0 != Self.free }
    slots = [UInt32](repeating: Self.free, count: 2 * slots.count)
    for number in numbers { place(Int(number), in: bytes, by: span) }
  }

  private mutating func place(_ number: Int, in bytes: [UInt8], by span: (Int) -> Span) {
    let hash = bytes.withUnsafeBufferPointer {
      Self.hash(UnsafeBufferPointer(rebasing: $0[span(number).range]))
    }
    var slot = hash & (slots.count - 1)
    while slots[slot] != Self.free { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(number)
  }

  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(text))
    return hasher.finalize()
  }
}
