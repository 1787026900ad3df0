internal import SQLText
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
    self.init(
      "exec_failed", .failed, "\(failure.script)\(place): \(failure.server.message)\(detail)\(line)",
      hint: failure.hint, sqlState: failure.server.sqlState)
  }
}

extension ExecFailure {
  fileprivate var hint: String? {
    switch server.sqlState {
    // read_only_sql_transaction (PostgreSQL manual, Appendix A)
    case "25006" where isReadOnly: "give --write if it is to change something"
    // active_sql_transaction, invalid_transaction_termination
    case "25001", "2D000":
      "what runs in a tenant is one transaction; without one: tenantctl run NAME -- psql -c \"...\""
    default: server.hint
    }
  }
}

extension ScriptLocation {
  /// As compilers write it: `:LINE:COLUMN`.
  fileprivate var suffix: String { ":\(line):\(column)" }
}
