internal import Tenancy

extension ErrorReport {
  /// A migration that failed, with its place and what it left.
  init(migration failure: MigrationFailure) {
    let line = failure.excerpt.map { "\n  \($0[...].trimmingWhitespace())" } ?? ""
    self.init(
      failure.code, .failed, "\(([failure.placed] + failure.remains).joined(separator: "\n  "))\(line)",
      hint: failure.leftIndexes.isEmpty ? failure.hint : failure.dropHint, sqlState: failure.server?.sqlState)
  }
}

extension MigrationFailure {
  /// What happened, and where.
  var placed: String {
    "\(path)\([line, column].compactMap { $0.map { ":\($0)" } }.joined()): \(sentence)"
  }

  fileprivate var code: String {
    switch reason {
    case .refused, .needsNoTransaction, .endsTransaction: "migration_failed"
    case .locked: "locked"
    case .searchPathChanged: "search_path_changed"
    case .ledgerRowGone, .ledgerChanged: "ledger_changed"
    case .ledgerReplaced: "ledger_not_trusted"
    case .recordDiscarded: "record_discarded"
    case .inProgress: "migration_under_way"
    case .halfUndone: "half_undone"
    case .invalidIndex: "invalid_index"
    }
  }

  fileprivate var sentence: String {
    switch reason {
    case .refused, .needsNoTransaction, .endsTransaction: server?.sentence ?? ""
    case .locked: held("another session held a lock for longer than lock_timeout")
    case .searchPathChanged: "it left another search_path behind, so it was rolled back"
    case .ledgerRowGone: "its own record is gone from the ledger by the end of it, so it was rolled back"
    case .ledgerChanged: "it changed other migrations' records in the ledger, so it was rolled back"
    case .ledgerReplaced:
      "the ledger is not the table any more that it was when the run began, so it was rolled back"
    case .recordDiscarded: "its statements ran, but the ledger did not store the record"
    case .inProgress: held("another session is at it right now")
    case .halfUndone: "a rollback of it was begun and has not finished"
    case .invalidIndex: "an index is in the way that is not valid: what a build that was cut off leaves"
    }
  }

  fileprivate var hint: String? {
    switch reason {
    case .refused:
      server?.hint
        ?? (isRelationThere
          ? "where an app has made a tenant's tables: 'tenantctl adopt NAME' gives it a ledger" : nil)
    case .needsNoTransaction where direction == .down:
      """
      begin that section with '-- migrate:down transaction:false'; 'tenantctl migration repair \(version)' accepts the \
      edited file
      """
    case .needsNoTransaction: "put it in a file of its own that begins with '-- migrate:up transaction:false'"
    case .endsTransaction:
      "take COMMIT and ROLLBACK out of what it runs, or run it by itself in a file with transaction:false"
    case .locked, .inProgress: "run the same command again when that session is done"
    case .searchPathChanged:
      "take the statement that sets search_path out of the file, or write SET LOCAL and set it back"
    case .ledgerRowGone:
      """
      unless somebody has renamed or dropped the tenant meanwhile, take the statement that changes the ledger out of \
      the file
      """
    case .ledgerChanged: "take the statement that changes the ledger out of the file"
    case .ledgerReplaced: "'tenantctl doctor' says what is wrong with the ledger; find out who changed it"
    case .recordDiscarded:
      "remove the trigger or rule on the ledger that discards rows, then record it with 'tenantctl migration baseline'"
    case .halfUndone: "'tenantctl rollback' finishes it, from the statement that is next; then migrate"
    case .invalidIndex: dropHint
    }
  }

  /// What became of the indexes that are not valid: what a build leaves that failed.
  fileprivate var remains: [String] {
    (droppedIndexes.isEmpty
      ? [] : ["dropped again, unfinished: index \(droppedIndexes.joined(separator: ", "))"])
      + (leftIndexes.isEmpty
        ? [] : ["not valid, and still there: index \(leftIndexes.joined(separator: ", "))"])
  }

  /// The same for each tenant, so that those with one cause stand together.
  fileprivate var dropHint: String {
    "tenantctl psql NAME -- \(dropStatements.map { "-c '\($0)'" }.joined(separator: " ")), then the same command again"
  }

  private func held(_ sentence: String) -> String {
    ([sentence] + lockHolders.map(\.sentence)).joined(separator: "\n  ")
  }
}

extension LockHolder {
  fileprivate var sentence: String {
    let who = [role, application].filter { !$0.isEmpty }.joined(separator: ", ")
    let name = who.isEmpty ? "" : " (\(who))"
    let doing =
      isIdle ? ", idle in transaction for \(durationText(age)), last: " : " for \(durationText(age)): "
    return "held by pid \(pid)\(name)\(doing)\(query)"
  }
}
