internal import Tenancy

extension ErrorReport {
  /// A script that is not run at all.
  init(script problem: ExecScriptProblem) {
    guard let error = problem.error else {
      self.init(
        "script", .usage, "\(problem.script): there is no statement in it",
        hint: "give the SQL with -c, or a file with -f")
      return
    }
    let hint =
      if case .transactionControl = error.reason {
        "leave it out: what runs in a tenant is one transaction already"
      } else {
        error.reason.hint
      }
    self.init(
      "script", .usage, "\(problem.script)\(error.location.suffix): \(error.reason.message)", hint: hint)
  }

  /// A script that failed in a tenant.
  init(exec failure: ExecFailure) {
    let place = failure.place?.location.suffix ?? ""
    let line = (failure.place?.excerpt).map { "\n  \($0[...].trimmingWhitespace())" } ?? ""
    let detail = failure.server.detail.map { "\n  \($0)" } ?? ""
    // read_only_sql_transaction (PostgreSQL manual, Appendix A).
    let wantsToWrite = failure.isReadOnly && failure.server.sqlState == "25006"
    self.init(
      "exec_failed", .failed, "\(failure.script)\(place): \(failure.server.message)\(detail)\(line)",
      hint: wantsToWrite ? "give --write if it is to change something" : failure.server.hint,
      sqlState: failure.server.sqlState)
  }
}

extension ScriptLocation {
  /// As compilers write it: `:LINE:COLUMN`.
  fileprivate var suffix: String { ":\(line):\(column)" }
}
