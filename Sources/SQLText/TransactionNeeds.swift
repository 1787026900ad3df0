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
  package var setsTransaction: Bool {
    guard leadingKeywords.first == "SET" else { return false }
    let rest = leadingKeywords.dropFirst().drop { ["LOCAL", "SESSION"].contains($0) }
    return leadingKeywords.dropFirst().first == "TRANSACTION"
      || rest.first?.hasPrefix("TRANSACTION_") ?? false
  }
}

extension SQLStatement {
  /// Whether it makes a read-only transaction writable by what PostgreSQL lets pass up to version 15.
  package var resetsAccess: Bool {
    let words = SQLWords(self)
    return ["RESET", "SET"].contains(leadingKeywords.first) && words.contains("TRANSACTION_READ_ONLY")
      && (leadingKeywords.first == "RESET" || words.contains("DEFAULT"))
  }

  /// Whether it makes something that ends with the session: a temporary table, view or sequence.
  package var makesTemporary: Bool {
    let words = SQLWords(self)
    let isTemporary = ["TEMP", "TEMPORARY"]
    switch leadingKeywords.first {
    case "CREATE": return leadingKeywords.dropFirst().prefix(4).contains(where: isTemporary.contains)
    case "SELECT", "WITH": return isTemporary.contains { words.firstIndex(of: "INTO", $0) != nil }
    default: return false
    }
  }
}

extension [SQLStatement] {
  /// The statements that set what the transaction is while PostgreSQL still takes it: before the first that is no setting.
  package var openingTransactionSettings: [Int] {
    prefix { ["SET", "RESET"].contains($0.leadingKeywords.first) }.indices.filter { self[$0].setsTransaction }
  }
}

extension SQLWords {
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
