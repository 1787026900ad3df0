/// A pattern over names: `*` stands for any characters, `?` for one, everything else for itself.
package struct Glob: Sendable, Hashable {
  private let pattern: [Character]

  /// The pattern as a user typed it.
  package init(_ pattern: String) {
    self.pattern = Array(pattern)
  }

  /// Whether the whole of the name matches.
  package func matches(_ name: String) -> Bool {
    let name = Array(name)
    var (position, next) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while position < name.count {
      if next < pattern.count,
        pattern[next] == "?" || (pattern[next] == name[position] && pattern[next] != "*")
      {
        (position, next) = (position + 1, next + 1)
      } else if next < pattern.count, pattern[next] == "*" {
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
    return pattern[next...].allSatisfy { $0 == "*" }
  }
}
