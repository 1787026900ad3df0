/// A pattern over names, as shells have them: `*` stands for any characters, `?` for one, `[a-z]` for one of these, `[!a-z]`
/// for one that is not, `{eu,us}` for one of the alternatives; everything else stands for itself. Characters are Unicode's code
/// points: names that only look alike are two.
package struct Glob: Sendable, Hashable {
  private enum Token: Hashable {
    case literal(Unicode.Scalar)
    case any
    case one
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

    /// Whether it stands for this character.
    func takes(_ character: Unicode.Scalar) -> Bool {
      switch self {
      case .literal(let own): own == character
      case .any: false
      case .one: true
      case .set(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
      }
    }
  }

  /// How many patterns the alternatives may come to.
  private static let mostPatterns = 1000

  private let patterns: [[Token]]

  /// The pattern as a user typed it; `nil` if its alternatives come to more than a thousand patterns.
  package init?(_ pattern: String) {
    guard let texts = Self.expanded(Array(pattern.unicodeScalars)[...]) else { return nil }
    patterns = texts.map(Self.tokens)
  }

  /// Whether the whole of the name matches.
  package func matches(_ name: String) -> Bool {
    let name = Array(name.unicodeScalars)
    return patterns.contains { Self.matches(name, $0) }
  }

  private static func matches(_ name: [Unicode.Scalar], _ pattern: [Token]) -> Bool {
    var (position, next) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while position < name.count {
      if next < pattern.count, pattern[next].takes(name[position]) {
        (position, next) = (position + 1, next + 1)
      } else if next < pattern.count, pattern[next] == .any {
        star = (next, position)
        next += 1
      } else if let back = star {
        // The last star takes one character more.
        star = (back.pattern, back.name + 1)
        (position, next) = (back.name + 1, back.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy { $0 == .any }
  }

  private static func tokens(_ text: [Unicode.Scalar]) -> [Token] {
    var tokens: [Token] = []
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "*": tokens.append(.any)
      case "?": tokens.append(.one)
      case "[":
        // Without its end it stands for itself.
        if let (set, after) = set(rest) { (tokens, rest) = (tokens + [set], after) } else { fallthrough }
      default: tokens.append(.literal(character))
      }
    }
    return tokens
  }

  /// Reads what follows a `[`.
  private static func set(_ text: ArraySlice<Unicode.Scalar>) -> (Token, ArraySlice<Unicode.Scalar>)? {
    let isNegated = text.first == "!" || text.first == "^"
    var rest = text.dropFirst(isNegated ? 1 : 0)
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let first = rest.popFirst() {
      // The first one stands for itself even if it is a bracket.
      if first == "]", !ranges.isEmpty { return (.set(ranges, isNegated: isNegated), rest) }
      if rest.first == "-", let last = rest.dropFirst().first, last != "]" {
        rest = rest.dropFirst(2)
        if first <= last { ranges.append(first...last) }
      } else {
        ranges.append(first...first)
      }
    }
    return nil
  }

  /// The patterns without braces. A brace without its pair, or without a comma in it, stands for itself.
  private static func expanded(_ text: ArraySlice<Unicode.Scalar>) -> [[Unicode.Scalar]]? {
    guard let (before, alternatives, after) = braces(text) else { return [Array(text)] }
    guard let tails = expanded(after) else { return nil }
    var patterns: [[Unicode.Scalar]] = []
    for alternative in alternatives {
      guard let middles = expanded(alternative) else { return nil }
      guard patterns.count + middles.count * tails.count <= mostPatterns else { return nil }
      for middle in middles { patterns += tails.map { before + middle + $0 } }
    }
    return patterns
  }

  /// The first pair of braces with a comma in it, and what stands around it.
  private static func braces(
    _ text: ArraySlice<Unicode.Scalar>
  ) -> (
    before: [Unicode.Scalar], alternatives: [ArraySlice<Unicode.Scalar>], after: ArraySlice<Unicode.Scalar>
  )? {
    for open in text.indices where text[open] == "{" {
      var (depth, start) = (0, open + 1)
      var alternatives: [ArraySlice<Unicode.Scalar>] = []
      scan: for index in start..<text.endIndex {
        switch text[index] {
        case "{": depth += 1
        case "}" where depth > 0: depth -= 1
        case "," where depth == 0:
          alternatives.append(text[start..<index])
          start = index + 1
        case "}":
          if alternatives.isEmpty { break scan }
          return (Array(text[..<open]), alternatives + [text[start..<index]], text[(index + 1)...])
        default: break
        }
      }
    }
    return nil
  }
}
