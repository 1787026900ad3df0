internal import SQLText

/// A comment `-- tenantctl:allow index-lock, not-null`: what comes next is meant as it is written.
enum HazardAllowance {
  private static let marker = "tenantctl:allow"

  /// The names of hazards, by the line of the comment.
  static func all(in bytes: [UInt8]) -> [Int: Set<String>] {
    let start = ByteOrderMark.count(in: bytes)
    var cursor = LocationCursor(bytes, from: start)
    var allowances: [Int: Set<String>] = [:]
    for range in SQLLexer.lineComments(in: bytes, from: start) {
      let words = String(decoding: bytes[range], as: UTF8.self).dropFirst(2).split { " \t,\r".contains($0) }
      guard let first = words.first, first == marker else { continue }
      allowances[cursor.location(at: range.lowerBound).line, default: []]
        .formUnion(words.dropFirst().map(String.init))
    }
    return allowances
  }
}

extension MigrationFile {
  /// Whether a comment says that a hazard is meant: after the statement before, up to the end of the statement's line.
  func allows(_ hazard: Hazard, in statements: [SQLStatement], at index: Int) -> Bool {
    let first = index == 0 ? sectionStart(of: statements) : statements[index - 1].lastLine + 1
    return allowances.contains { line, names in
      (first...max(first, statements[index].lastLine)).contains(line)
        && !names.isDisjoint(with: hazard.allowances)
    }
  }

  /// The line after the last one of the other section.
  private func sectionStart(of statements: [SQLStatement]) -> Int {
    statements.first == up.first ? 1 : (up.last?.lastLine ?? 0) + 1
  }
}

extension SQLStatement {
  fileprivate var lastLine: Int { location(ofCharacter: .max).line }
}
