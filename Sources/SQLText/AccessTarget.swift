/// What statements name that change no definition: who may use an object, who subscribes to its rows, and what is said about it.
extension SQLWords {
  /// The words after which GRANT and REVOKE name objects. Without one of them these are tables; what else there is after ON
  /// has no schema, or is named by its schema.
  private static let granted: [(word: String, kind: UnqualifiedTarget.Kind?)] = [
    ("TABLE", .relation), ("SEQUENCE", .relation), ("FUNCTION", .routine), ("PROCEDURE", .routine),
    ("ROUTINE", .routine), ("TYPE", .type), ("DOMAIN", .type), ("ALL", nil), ("DATABASE", nil),
    ("FOREIGN", nil),
    ("LANGUAGE", nil), ("LARGE", nil), ("PARAMETER", nil), ("SCHEMA", nil), ("TABLESPACE", nil),
    ("PROPERTY", nil),
  ]

  /// Those of GRANT and REVOKE; none where a role is granted.
  var grantTargets: [UnqualifiedTarget] {
    guard let on = words.firstIndex(where: { $0.is("ON") }) else { return [] }
    let end = words[on...].firstIndex { $0.is("TO") || $0.is("FROM") } ?? words.endIndex
    let objects = SQLWords(Array(words[..<end]))
    let first = words.dropFirst(on + 1).first
    // A table may have the name of such a word.
    let isFollowed = on + 2 < end && words[on + 2].isName
    guard isFollowed, let found = Self.granted.first(where: { first?.is($0.word) == true }) else {
      return objects.targets(from: on + 1, .relation)
    }
    return found.kind.map { objects.targets(from: on + 2, $0) } ?? []
  }

  /// Those of COMMENT and SECURITY LABEL.
  var remarkTargets: [UnqualifiedTarget] {
    guard let on = words.firstIndex(where: { $0.is("ON") }), on + 2 < words.count else { return [] }
    let rest = SQLWords(Array(words[(on + 1)...]))
    if rest.words[0].is("COLUMN") {
      // A column's name is the last part. It may be one of a composite type, whose row in pg_type has the type's name, as a
      // table's has: so it is looked at as a type.
      let isOfOwnTable = rest.endOfName(at: 1) == 4
      return isOfOwnTable ? [UnqualifiedTarget(kind: .type, name: rest.words[1].name)] : []
    }
    if (Self.parts + ["CONSTRAINT"]).contains(where: rest.words[0].is) {
      return rest.words.dropFirst(2).first?.is("ON") != true
        ? [] : rest.has(["DOMAIN"], at: 3) ? rest.target(at: 4, .type) : rest.target(at: 3, .relation)
    }
    guard let (keywords, kind) = Self.kinds.first(where: { rest.has($0.words, at: 0) }) else { return [] }
    return rest.target(at: keywords.count, kind)
  }

  /// The tables that a publication gets, or loses.
  var publishedTargets: [UnqualifiedTarget] {
    guard words.count > 4, ["ADD", "SET", "DROP", "FOR"].contains(where: words[3].is) else { return [] }
    var isTable = false
    return list(from: 4).flatMap { item -> [UnqualifiedTarget] in
      guard let first = item.first else { return [] }
      let isKeyword = first.is("TABLE")
      if isKeyword { isTable = true }
      if first.is("TABLES") || first.is("ALL") || first.text == "(" { isTable = false }
      return isTable ? target(at: item.startIndex + (isKeyword ? 1 : 0), .relation) : []
    }
  }
}
