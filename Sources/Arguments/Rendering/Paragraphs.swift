/// A block of a text that was written in paragraphs.
enum Block: Equatable {
  /// Words to be filled into lines.
  case paragraph(String)
  /// Indented lines, to be kept as they are, without their common indentation.
  case literal([String])
}

/// The blocks of a text, parted by blank lines; a block whose lines are all indented is literal.
func blocks(of text: String) -> [Block] {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .split { $0.allSatisfy(\.isWhitespace) }
    .map { lines in
      let indent = lines.map { $0.prefix { $0 == " " }.count }.min() ?? 0
      return indent > 0
        ? .literal(lines.map { String($0.dropFirst(indent)) })
        : .paragraph(lines.joined(separator: " "))
    }
}

/// The words of a text in lines of at most `width` characters, and after them the notes, each kept on one
/// line where it fits. A longer word has a line to itself.
func fill(_ text: String, notes: [String] = [], width: Int) -> [String] {
  let words =
    text.split(separator: " ") + notes.flatMap { $0.count <= width ? [$0[...]] : $0.split(separator: " ") }
  var lines: [String] = []
  for word in words {
    if let last = lines.last, last.count + 1 + word.count <= width {
      lines[lines.count - 1] += " \(word)"
    } else {
      lines.append(String(word))
    }
  }
  return lines
}
