internal import SQLText

/// Queries that find an object in a system catalog by its name, in whatever schema it is. `IF NOT EXISTS (SELECT 1 FROM
/// pg_constraint WHERE conname = 'c')` finds the first tenant's in the second one, and leaves the change out.
struct CatalogLookups {
  private let words: [SQLWords.Word]

  init(_ words: [SQLWords.Word]) {
    self.words = words
  }

  /// Where each names the catalog.
  var offsets: [Int] {
    var (found, queries): ([Int], [Range<Int>]) = ([], [])
    for index in words.indices where isCatalog(index) {
      let query = query(around: index)
      // One in another query is a part of that.
      if queries.contains(where: { query.clamped(to: $0) == query }) { continue }
      queries.append(query)
      if comparesName(query), !saysWhere(query) { found.append(words[index].offset) }
    }
    return found
  }

  private func isCatalog(_ index: Int) -> Bool {
    let word = words[index]
    if Self.catalogs.contains(word.text) { return !word.isQuoted }
    return word.is("INFORMATION_SCHEMA") && words[index...].dropFirst().first?.text == "."
  }

  /// The words between the parentheses around it; outside of them, the statement.
  private func query(around index: Int) -> Range<Int> {
    func end(_ indices: some Sequence<Int>, _ opening: String, _ closing: String) -> Int? {
      var depth = 0
      return indices.first { index in
        let text = words[index].text
        if text == opening { depth += 1 }
        if text == closing { depth -= 1 }
        return depth < 0 || depth == 0 && text == ";"
      }
    }
    let start = end((0..<index).reversed(), ")", "(").map { $0 + 1 } ?? 0
    return start..<(end(index..<words.count, "(", ")") ?? words.count)
  }

  /// Whether a name is compared with something: `conname = 'c'`, `'c' = conname`, `lower(relname) IN (...)`.
  private func comparesName(_ query: Range<Int>) -> Bool {
    query.contains { index in
      guard Self.names.contains(where: words[index].is) else { return false }
      var rest = words[(index + 1)..<query.upperBound].drop { $0.text == ")" }
      // A cast to another type.
      if rest.first?.text == ":" { rest = rest.drop { $0.text == ":" }.dropFirst() }
      let operators = ["=", "IN", "LIKE", "ILIKE", "~"]
      if let next = rest.first, !next.isQuoted, operators.contains(next.text) { return true }
      return words[query.lowerBound..<index].last?.text == "="
    }
  }

  /// Whether it says in which schema: by a schema's name, or by an object that is found on the search path.
  private func saysWhere(_ query: Range<Int>) -> Bool {
    words[query].contains { word in
      !word.isString
        && (Self.places.contains(where: word.is)
          || ["NAMESPACE", "_SCHEMA", "_IS_VISIBLE"].contains { word.text.hasSuffix($0) }
            && !word.is("INFORMATION_SCHEMA"))
    }
  }

  private static let catalogs: Set = [
    "PG_CONSTRAINT", "PG_TYPE", "PG_ENUM", "PG_CLASS", "PG_ATTRIBUTE", "PG_PROC", "PG_TRIGGER", "PG_POLICY",
    "PG_TABLES", "PG_INDEXES", "PG_VIEWS", "PG_MATVIEWS", "PG_SEQUENCES", "PG_POLICIES", "PG_RULES",
    "PG_STAT_USER_TABLES", "PG_STAT_USER_INDEXES",
  ]

  private static let names = [
    "CONNAME", "TYPNAME", "ENUMLABEL", "RELNAME", "INDEXRELNAME", "ATTNAME", "PRONAME", "TGNAME", "POLNAME",
    "TABLENAME", "INDEXNAME", "VIEWNAME", "MATVIEWNAME", "SEQUENCENAME", "POLICYNAME", "RULENAME",
    "TABLE_NAME", "COLUMN_NAME", "CONSTRAINT_NAME", "TRIGGER_NAME", "ROUTINE_NAME", "SEQUENCE_NAME",
    "DOMAIN_NAME", "UDT_NAME", "EVENT_OBJECT_TABLE",
  ]

  private static let places = [
    "NSPNAME", "SCHEMANAME", "CURRENT_SCHEMA", "CURRENT_SCHEMAS", "SEARCH_PATH", "REGCLASS", "TO_REGCLASS",
    "REGTYPE", "TO_REGTYPE", "REGPROC", "TO_REGPROC", "REGPROCEDURE", "TO_REGPROCEDURE",
  ]
}

extension SQLWords {
  /// Whether it makes something that runs its queries later, such as a view or a function.
  var keepsQuery: Bool {
    words.first?.is("CREATE") ?? false && !words.prefix(4).contains { $0.is("TABLE") }
  }
}
