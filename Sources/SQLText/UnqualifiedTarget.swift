/// An object that a statement changes or drops, named without its schema: which one it is, the search path says.
package struct UnqualifiedTarget: Sendable, Hashable {
  /// The objects that share their names (PostgreSQL manual, 5.9 "Schemas").
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A table, a view or a sequence.
    case relation
    case index
    /// A type or a domain.
    case type
    /// A function, a procedure or an aggregate.
    case routine
    case `operator`, operatorClass, operatorFamily
    case collation, conversion, statistics
    case textSearchConfiguration, textSearchDictionary, textSearchParser, textSearchTemplate
  }

  package let kind: Kind
  package let name: String
}

extension SQLStatement {
  /// What it changes or drops by names without a schema, or ties to an object of its own, as a partition to its table; what
  /// it grants, publishes or comments on, too. Rows are left out, and so is the code in a DO block.
  package var unqualifiedTargets: [UnqualifiedTarget] {
    switch (leadingKeywords.first, leadingKeywords.dropFirst().first) {
    case ("GRANT", _), ("REVOKE", _): SQLWords(self).grantTargets
    case ("COMMENT", _), ("SECURITY", "LABEL"): SQLWords(self).remarkTargets
    case ("ALTER", "PUBLICATION"), ("CREATE", "PUBLICATION"): SQLWords(self).publishedTargets
    case ("ALTER", _), ("DROP", _): SQLWords(self).definitionTargets
    case ("TRUNCATE", "TABLE"): SQLWords(self).targets(from: 2, .relation)
    case ("TRUNCATE", _): SQLWords(self).targets(from: 1, .relation)
    case ("CREATE", "VIEW"), ("CREATE", "TYPE"), ("CREATE", "FUNCTION"), ("CREATE", "OR"): ownerTargets
    case ("CREATE", _): ownerTargets + parentTargets
    default: []
    }
  }

  /// All that an ALTER, DROP or TRUNCATE changes, if these are relations, types or routines, and all are named without a schema;
  /// `nil` otherwise, and where the text may not tell.
  package var onlyTargets: [UnqualifiedTarget]? {
    ["ALTER", "DROP", "TRUNCATE"].contains(leadingKeywords.first) ? SQLWords(self).onlyTargets : nil
  }

  /// The table that it makes in the first schema of the search path.
  package var newTable: UnqualifiedTarget? {
    leadingKeywords.starts(with: ["CREATE", "TABLE"]) ? SQLWords(self).target(at: 2, .relation).first : nil
  }

  /// Those that a new index, trigger, rule, policy or set of statistics belongs to.
  private var ownerTargets: [UnqualifiedTarget] {
    leadingKeywords.contains(where: Self.ofTables.contains) ? SQLWords(self).ownerTarget : []
  }

  private static let ofTables: Set = ["TRIGGER", "RULE", "POLICY", "INDEX", "STATISTICS"]

  /// Those whose rows a new table's would be a part of.
  private var parentTargets: [UnqualifiedTarget] {
    let code = text.uppercased()
    return code.contains("PARTITION") || code.contains("INHERITS") ? SQLWords(self).parentTargets : []
  }
}

extension SQLWords {
  static let kinds: [(words: [String], kind: UnqualifiedTarget.Kind)] = [
    (["TABLE"], .relation), (["VIEW"], .relation), (["MATERIALIZED", "VIEW"], .relation),
    (["FOREIGN", "TABLE"], .relation), (["INDEX"], .index), (["SEQUENCE"], .relation), (["TYPE"], .type),
    (["DOMAIN"], .type), (["FUNCTION"], .routine), (["PROCEDURE"], .routine), (["ROUTINE"], .routine),
    (["AGGREGATE"], .routine), (["OPERATOR", "CLASS"], .operatorClass),
    (["OPERATOR", "FAMILY"], .operatorFamily), (["OPERATOR"], .operator), (["COLLATION"], .collation),
    (["CONVERSION"], .conversion), (["STATISTICS"], .statistics),
    (["TEXT", "SEARCH", "CONFIGURATION"], .textSearchConfiguration),
    (["TEXT", "SEARCH", "DICTIONARY"], .textSearchDictionary),
    (["TEXT", "SEARCH", "PARSER"], .textSearchParser),
    (["TEXT", "SEARCH", "TEMPLATE"], .textSearchTemplate),
  ]

  /// Parts of a table: a statement about one names the table after ON.
  static let parts = ["TRIGGER", "RULE", "POLICY"]

  /// Those of ALTER and DROP.
  fileprivate var definitionTargets: [UnqualifiedTarget] {
    guard words.count > 1, !words[1].isQuoted else { return [] }
    if Self.parts.contains(where: words[1].is) { return target(after: "ON") }
    guard let (keywords, kind) = Self.kinds.first(where: { has($0.words, at: 1) }) else { return [] }
    let start = 1 + keywords.count
    if words[0].is("DROP") { return targets(from: start, kind) }
    let others: [[String]] =
      switch kind {
      case .relation: [["ATTACH", "PARTITION"], ["INHERIT"]]
      case .index: [["ATTACH", "PARTITION"]]
      default: []
      }
    return target(at: start, kind) + others.flatMap { target(after: $0, kind) }
  }

  fileprivate var onlyTargets: [UnqualifiedTarget]? {
    if contains("UESCAPE") { return nil }
    if words[0].is("TRUNCATE") { return allTargets(from: has(["TABLE"], at: 1) ? 2 : 1, .relation) }
    guard let (keywords, kind) = Self.kinds.first(where: { has($0.words, at: 1) }),
      [.relation, .index, .type, .routine].contains(kind)
    else { return nil }
    let start = 1 + keywords.count
    if words[0].is("DROP") { return allTargets(from: start, kind) }
    let target = target(at: start, kind)
    return target.isEmpty || kind == .routine ? nil : target
  }

  /// Those of a list of names; `nil` if one of them has a schema.
  private func allTargets(from index: Int, _ kind: UnqualifiedTarget.Kind) -> [UnqualifiedTarget]? {
    let items = list(from: index)
    let targets = items.flatMap { target(at: $0.startIndex, kind) }
    return targets.isEmpty || targets.count < items.count ? nil : targets
  }

  /// The table that a new index, trigger, rule, policy or set of statistics belongs to.
  fileprivate var ownerTarget: [UnqualifiedTarget] {
    // CREATE OR REPLACE CONSTRAINT TRIGGER, CREATE UNIQUE INDEX
    let kind = words.dropFirst().first { word in
      !["OR", "REPLACE", "CONSTRAINT", "UNIQUE"].contains(where: word.is)
    }
    guard let kind else { return [] }
    if kind.is("STATISTICS") { return target(after: "FROM") }
    guard (Self.parts + ["INDEX"]).contains(where: kind.is) else { return [] }
    return target(after: kind.is("RULE") ? "TO" : "ON")
  }

  /// The tables that a new one is a partition of, or inherits from.
  fileprivate var parentTargets: [UnqualifiedTarget] {
    let parents = words.firstIndex { $0.is("INHERITS") }.map { targets(from: $0 + 2, .relation) } ?? []
    return parents + target(after: "PARTITION", "OF")
  }

  /// Those of a list of names.
  func targets(from index: Int, _ kind: UnqualifiedTarget.Kind) -> [UnqualifiedTarget] {
    list(from: index).flatMap { target(at: $0.startIndex, kind) }
  }

  private func target(after keywords: String...) -> [UnqualifiedTarget] { target(after: keywords) }

  func target(after keywords: [String], _ kind: UnqualifiedTarget.Kind = .relation)
    -> [UnqualifiedTarget]
  {
    words.indices.first { has(keywords, at: $0) }.map { target(at: $0 + keywords.count, kind) } ?? []
  }

  func has(_ keywords: [String], at index: Int) -> Bool {
    words.count >= index + keywords.count && zip(keywords, words[index...]).allSatisfy { $1.is($0) }
  }

  /// None if the name has a schema.
  func target(at index: Int, _ kind: UnqualifiedTarget.Kind) -> [UnqualifiedTarget] {
    if kind == .operator { return symbol(at: index).map { [UnqualifiedTarget(kind: kind, name: $0)] } ?? [] }
    let isQualified =
      words.indices.contains(endOfName(at: index) - 2) && words[endOfName(at: index) - 2].text == "."
    return isQualified ? [] : name(at: index).map { [UnqualifiedTarget(kind: kind, name: $0)] } ?? []
  }

  /// The operator that begins there, after `IF EXISTS`; `nil` if it has a schema.
  private func symbol(at index: Int) -> String? {
    let rest = words[min(index, words.count)...].drop { $0.is("IF") || $0.is("EXISTS") }
    let symbol = rest.prefix { !$0.isName && $0.text != "(" }.map(\.text).joined()
    return symbol.isEmpty ? nil : symbol
  }
}
