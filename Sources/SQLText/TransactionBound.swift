/// A statement whose effect ends with the transaction that it runs in: alone in one, it has none.
package enum TransactionBound: String, Sendable, Hashable {
  case setLocal = "SET LOCAL"
  case setTransaction = "SET TRANSACTION"
  case setConstraints = "SET CONSTRAINTS"
  case lock = "LOCK"
  case savepoint = "SAVEPOINT"
  case release = "RELEASE"
  case rollbackTo = "ROLLBACK TO"
  case cursor = "DECLARE without WITH HOLD"
  case temporaryTable = "ON COMMIT DROP"
}

extension SQLStatement {
  /// `nil` for what has an effect alone, too.
  package var transactionBound: TransactionBound? {
    let keywords = ["SET", "LOCK", "SAVEPOINT", "RELEASE", "ROLLBACK", "DECLARE", "CREATE"]
    return leadingKeywords.first.map(keywords.contains) ?? false ? SQLWords(self).transactionBound : nil
  }
}

extension SQLWords {
  /// `nil` for what has an effect alone, too.
  package var transactionBound: TransactionBound? {
    guard let first = words.first, !first.isQuoted else { return nil }
    let second = words.dropFirst().first
    switch first.text {
    case "SET":
      if setsTransaction { return .setTransaction }
      return second?.is("LOCAL") ?? false
        ? .setLocal : second?.is("CONSTRAINTS") ?? false ? .setConstraints : nil
    case "LOCK": return .lock
    case "SAVEPOINT": return .savepoint
    case "RELEASE": return .release
    case "ROLLBACK": return words.prefix(3).contains { $0.is("TO") } ? .rollbackTo : nil
    case "DECLARE": return firstIndex(of: "CURSOR", "WITH", "HOLD") == nil ? .cursor : nil
    case "CREATE": return firstIndex(of: "ON", "COMMIT", "DROP") == nil ? nil : .temporaryTable
    default: return nil
    }
  }
}
