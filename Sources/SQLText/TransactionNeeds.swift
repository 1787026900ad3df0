extension SQLStatement {
  /// Whether it is to be sent outside of a transaction: PostgreSQL refuses it inside of one, or it may end it.
  package var wantsNoTransaction: Bool { SQLWords(self).isRefusedInTransaction || mayEndTransaction }

  /// Whether it may be refused inside of a transaction, which for some depends on what it is for: a partitioned table or
  /// index can neither be reindexed there nor clustered.
  package var mayWantNoTransaction: Bool {
    wantsNoTransaction || ["REINDEX", "CLUSTER"].contains(leadingKeywords.first)
      || leadingKeywords.starts(with: ["ALTER", "SUBSCRIPTION"])
      || leadingKeywords.starts(with: ["ALTER", "DATABASE"])
  }

  /// Whether it is a program that may commit, which PostgreSQL lets it do outside of a transaction only.
  package var mayEndTransaction: Bool {
    switch leadingKeywords.first {
    case "CALL": return true
    case "DO":
      let text = text.uppercased()
      return text.contains("COMMIT") || text.contains("ROLLBACK")
    default: return false
    }
  }
}

extension SQLStatement {
  /// Whether it sets what its transaction is: the isolation level, read only, deferrable.
  package var setsTransaction: Bool { leadingKeywords.first == "SET" && SQLWords(self).setsTransaction }
}

extension SQLStatement {
  /// Whether it makes a read-only transaction writable by what PostgreSQL lets pass up to version 15.
  package var resetsAccess: Bool {
    let words = SQLWords(self)
    return ["RESET", "SET"].contains(leadingKeywords.first) && words.contains("TRANSACTION_READ_ONLY")
      && (leadingKeywords.first == "RESET" || words.contains("DEFAULT"))
  }

  /// The names of what it makes that ends with the session: temporary tables, views and sequences.
  fileprivate var temporaries: [String] {
    let words = SQLWords(self)
    func isTemporary(_ word: SQLWords.Word) -> Bool { word.is("TEMP") || word.is("TEMPORARY") }
    switch leadingKeywords.first {
    case "CREATE":
      let kinds = ["TABLE", "VIEW", "SEQUENCE"]
      guard let kind = words.words.firstIndex(where: { word in kinds.contains(where: word.is) }) else {
        return []
      }
      let isInSchema = words.words.contains { !$0.isString && $0.name == "pg_temp" }
      let isNamed = words.words[..<kind].contains(where: isTemporary) || isInSchema
      return isNamed ? [words.name(at: kind + 1)].compactMap { $0 } : []
    case "SELECT", "WITH":
      guard let into = words.words.firstIndex(where: { $0.is("INTO") }) else { return [] }
      let rest = words.words[(into + 1)...]
      guard let first = rest.first, isTemporary(first) || first.name == "pg_temp" else { return [] }
      let skipped = rest.prefix { isTemporary($0) || $0.is("TABLE") }.count
      return [words.name(at: into + 1 + skipped)].compactMap { $0 }
    default: return []
    }
  }

  fileprivate func names(_ name: String) -> Bool {
    SQLWords(self).words.contains { !$0.isString && $0.name == name }
  }
}

extension [SQLStatement] {
  /// Whether the statements from that index on name something that an earlier one has made for its session alone, and that
  /// none has dropped.
  package func needsTemporaries(from index: Int) -> Bool {
    var made: Set<String> = []
    for statement in prefix(index) {
      if statement.leadingKeywords.first == "DROP" { made = made.filter { !statement.names($0) } }
      made.formUnion(statement.temporaries)
    }
    return dropFirst(index).contains { statement in made.contains(where: statement.names) }
  }

  /// The statements that set what the transaction is while PostgreSQL still takes it: before the first that is no setting.
  package var openingTransactionSettings: [Int] {
    prefix { ["SET", "RESET"].contains($0.leadingKeywords.first) }.indices.filter { self[$0].setsTransaction }
  }
}

extension SQLWords {
  /// Whether it sets what its transaction is.
  package var setsTransaction: Bool {
    guard words.first?.is("SET") ?? false else { return false }
    let rest = words.dropFirst().drop { $0.is("LOCAL") || $0.is("SESSION") }
    let names = ["TRANSACTION", "TRANSACTION_ISOLATION", "TRANSACTION_READ_ONLY", "TRANSACTION_DEFERRABLE"]
    return rest.first.map { names.contains(where: $0.is) } ?? false
  }

  /// Whether PostgreSQL refuses the statement inside of a transaction: what its source calls PreventInTransactionBlock.
  package var isRefusedInTransaction: Bool {
    guard let first = words.first, let second = words.dropFirst().first else {
      return words.first.map { $0.is("VACUUM") || $0.is("CLUSTER") } ?? false
    }
    func isSecond(_ keywords: String...) -> Bool { keywords.contains(where: second.is) }
    switch first.isQuoted ? "" : first.text {
    case "VACUUM": return true
    case "CREATE", "DROP":
      return isSecond("DATABASE", "TABLESPACE", "SUBSCRIPTION")
        || contains("INDEX") && contains("CONCURRENTLY")
    case "REINDEX":
      return contains("CONCURRENTLY") || ["SCHEMA", "DATABASE", "SYSTEM"].contains(where: contains)
    case "ALTER": return isSecond("SYSTEM") || contains("DETACH") && contains("CONCURRENTLY")
    case "DISCARD": return isSecond("ALL")
    default: return false
    }
  }
}
