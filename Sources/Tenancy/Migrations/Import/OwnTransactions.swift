internal import SQLText

/// The transactions that another tool's file begins and ends itself, made one.
struct OwnTransactions {
  /// Every BEGIN and COMMIT of it; empty if it has none, or they cannot go.
  private(set) var control: [SQLStatement] = []
  /// What is not the same in one transaction.
  private(set) var problem: (ImportProblem.Reason, ScriptLocation)?

  init(_ statements: [SQLStatement], _ sent: ImportedSection.Sending) {
    let control = statements.filter { $0.opensTransaction || $0.commits }
    let isPlain = statements.allSatisfy { statement in
      if case .transactionControl = statement.refusal?.reason {
        statement.opensTransaction || statement.commits
      } else {
        true
      }
    }
    guard isPlain, !control.isEmpty, Self.areClosed(control, sent) else { return }
    self.control = control
    let body = statements.filter { !$0.opensTransaction && !$0.commits }
    if let statement = body.first(where: { SQLWords($0).isRefusedInTransaction }) {
      problem = (.outsideOfTransactions(statement.kind), statement.location)
    } else if let last = body.last?.location, let end = control.last(where: { $0.location < last })?.location,
      let statement = body.first(where: { $0.location < end && $0.dependsOnCommit })
    {
      problem = (.endsWithTransaction(statement.kind), statement.location)
    }
  }

  /// Whether none is begun twice, or left open for the tool to end; a COMMIT alone ends what the tool itself began.
  private static func areClosed(_ control: [SQLStatement], _ sent: ImportedSection.Sending) -> Bool {
    var isOpen = false
    for statement in control {
      if statement.opensTransaction, isOpen { return false }
      isOpen = statement.opensTransaction
    }
    return !isOpen || sent == .transaction
  }
}

extension SQLStatement {
  /// A BEGIN without settings of its own.
  fileprivate var opensTransaction: Bool {
    [["BEGIN"], ["BEGIN", "WORK"], ["BEGIN", "TRANSACTION"], ["START", "TRANSACTION"]].contains(
      leadingKeywords)
  }

  fileprivate var commits: Bool {
    ["COMMIT", "END"].contains { word in
      [[word], [word, "WORK"], [word, "TRANSACTION"]].contains(leadingKeywords)
    }
  }

  /// Whether what it does ends with its transaction, or can be used only after it (a new value of an enum).
  fileprivate var dependsOnCommit: Bool {
    if leadingKeywords.starts(with: ["SET", "LOCAL"]) || leadingKeywords.starts(with: ["SET", "CONSTRAINTS"])
    {
      return true
    }
    if leadingKeywords.first == "DECLARE" { return true }
    let words = SQLWords(self)
    return words.firstIndex(of: "ON", "COMMIT") != nil
      || leadingKeywords.starts(with: ["ALTER", "TYPE"]) && words.firstIndex(of: "ADD", "VALUE") != nil
  }

  /// Its first words, for a message.
  fileprivate var kind: String {
    if leadingKeywords.contains("CONCURRENTLY") {
      return leadingKeywords.prefix { $0 != "CONCURRENTLY" }.joined(separator: " ") + " CONCURRENTLY"
    }
    return leadingKeywords.prefix(2).joined(separator: " ")
  }
}
