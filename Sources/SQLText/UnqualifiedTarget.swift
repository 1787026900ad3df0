/// An object that a statement changes or drops, named without its schema: which one it is, the search path says.
package struct UnqualifiedTarget: Sendable, Hashable {
  /// The objects that share their names (PostgreSQL manual, 5.9 "Schemas").
  package enum Kind: String, Sendable, Hashable {
    /// A table, a view, an index or a sequence.
    case relation
    /// A type or a domain.
    case type
    /// A function, a procedure or an aggregate.
    case routine
  }

  package let kind: Kind
  package let name: String
}

extension SQLStatement {
  /// What it changes or drops by names without a schema. Rows are left out, and so is the code in a DO block.
  package var unqualifiedTargets: [UnqualifiedTarget] {
    switch (leadingKeywords.first, leadingKeywords.dropFirst().first) {
    case ("ALTER", _), ("DROP", _): SQLWords(self).definitionTargets
    case ("TRUNCATE", "TABLE"): SQLWords(self).targets(from: 2, .relation)
    case ("TRUNCATE", _): SQLWords(self).targets(from: 1, .relation)
    case ("CREATE", "TABLE"), ("CREATE", "VIEW"), ("CREATE", "TYPE"), ("CREATE", "FUNCTION"): []
    case ("CREATE", _): SQLWords(self).ownerTarget
    default: []
    }
  }
}

extension SQLWords {
  private static let kinds: [String: UnqualifiedTarget.Kind] = [
    "TABLE": .relation, "VIEW": .relation, "INDEX": .relation, "SEQUENCE": .relation, "TYPE": .type,
    "DOMAIN": .type, "FUNCTION": .routine, "PROCEDURE": .routine, "ROUTINE": .routine, "AGGREGATE": .routine,
  ]

  /// Parts of a table: a statement about one names the table after ON.
  private static let parts = ["TRIGGER", "RULE", "POLICY"]

  /// Those of ALTER and DROP.
  fileprivate var definitionTargets: [UnqualifiedTarget] {
    let start = words.dropFirst().first.map { $0.is("MATERIALIZED") || $0.is("FOREIGN") } ?? false ? 2 : 1
    guard words.count > start, !words[start].isQuoted else { return [] }
    if Self.parts.contains(where: words[start].is) { return target(after: "ON") }
    guard let kind = Self.kinds[words[start].text] else { return [] }
    return words[0].is("DROP")
      ? targets(from: start + 1, kind) : [target(at: start + 1, kind)].compactMap { $0 }
  }

  /// The table that a new index, trigger, rule or policy belongs to.
  fileprivate var ownerTarget: [UnqualifiedTarget] {
    // CREATE OR REPLACE CONSTRAINT TRIGGER, CREATE UNIQUE INDEX
    let kind = words.dropFirst().first { word in
      !["OR", "REPLACE", "CONSTRAINT", "UNIQUE"].contains(where: word.is)
    }
    guard let kind, (Self.parts + ["INDEX"]).contains(where: kind.is) else { return [] }
    return target(after: kind.is("RULE") ? "TO" : "ON")
  }

  /// Those of a list of names.
  fileprivate func targets(from index: Int, _ kind: UnqualifiedTarget.Kind) -> [UnqualifiedTarget] {
    list(from: index).compactMap { target(at: $0.startIndex, kind) }
  }

  private func target(after keyword: String) -> [UnqualifiedTarget] {
    [words.firstIndex { $0.is(keyword) }.flatMap { target(at: $0 + 1, .relation) }].compactMap { $0 }
  }

  private func target(at index: Int, _ kind: UnqualifiedTarget.Kind) -> UnqualifiedTarget? {
    let isQualified =
      words.indices.contains(endOfName(at: index) - 2) && words[endOfName(at: index) - 2].text == "."
    return isQualified ? nil : name(at: index).map { UnqualifiedTarget(kind: kind, name: $0) }
  }
}
