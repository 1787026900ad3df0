internal import SQLText
internal import Tenancy

extension ErrorReport {
  /// A script that was not run at all.
  init(script problem: ExecScriptProblem) {
    guard let error = problem.error else {
      self.init(
        "script", .usage, "\(problem.script): it contains no statement",
        hint: "give the SQL with -c, or a file with -f")
      return
    }
    let hint =
      if case .transactionControl = error.reason {
        "remove it: the script already runs as one transaction in each tenant"
      } else {
        error.reason.hint
      }
    self.init(
      "script", .usage, "\(problem.script)\(error.location.suffix): \(error.reason.message)", hint: hint)
  }

  /// A script that failed in a tenant.
  init(exec failure: ExecFailure) {
    let place = failure.place?.location.suffix ?? ""
    if let object = failure.sharedObject {
      self.init(
        "shared_object", .failed, "\(failure.script)\(place): \(object.refusal)",
        hint: object.advice(in: "the script"))
      return
    }
    if failure.setsRoleWithoutUsage {
      self.init(
        RoleWithoutUsage.code, .failed, "\(failure.script)\(place): \(RoleWithoutUsage.sentence)",
        hint: RoleWithoutUsage.advice(in: "the script"))
      return
    }
    if !failure.reachedOutside.isEmpty {
      self.init(
        "cascades_outside", .failed,
        "\(failure.script)\(place): \(CascadeSentences.refusal(failure.reachedOutside))",
        hint: CascadeSentences.advice)
      return
    }
    let line = (failure.place?.excerpt).map { "\n  \($0[...].trimmingWhitespace())" } ?? ""
    self.init(
      "exec_failed", .failed, "\(failure.script)\(place): \(failure.server.sentence)\(line)",
      hint: failure.hint, sqlState: failure.server.sqlState)
  }

  static func scriptMadeWritable(_ script: String) -> ErrorReport {
    ErrorReport(
      "script_not_read_only", .failed,
      "\(script): it makes its read-only transaction writable, so nothing that it wrote is kept",
      hint: "add --write to allow changes, or remove the RESET of transaction_read_only")
  }

  /// Results that do not fit into one table.
  static func columnsDiffer(_ sets: [ColumnSet], changesStay: Bool) -> ErrorReport {
    let isOfTypes = sets.differByType
    let lines = sets.map { set in
      let columns = sets.distinguishing(set).map { isOfTypes ? $0.typed : $0.name }
      return "  \(columns.joined(separator: ", ")): \(named(set.tenants))"
    }
    let remedy =
      isOfTypes
      ? "cast these columns to one type in the SELECT, as in CAST(COLUMN AS text)"
      : "name the columns in the SELECT"
    return ErrorReport(
      "columns_differ", .failed,
      """
      the tenants' results have \(isOfTypes ? "columns of different types" : "different columns")\
      \(changesStay ? "; the changes are committed" : "")
      \(lines.joined(separator: "\n"))
      """,
      hint: changesStay
        ? "do not run it again: its changes are made, and a SELECT shows the rows"
        : "\(remedy), or run it for each of these groups of tenants")
  }
}

extension ColumnSet.Column {
  /// `id integer`; `id bigint or integer`.
  fileprivate var typed: String {
    types.isEmpty ? name : "\(name) \(types.joined(separator: " or "))"
  }
}

extension ExecFailure {
  fileprivate var hint: String? {
    switch server.sqlState {
    // read_only_sql_transaction (PostgreSQL manual, Appendix A)
    case "25006" where isReadOnly: "add --write to allow changes"
    // active_sql_transaction, invalid_transaction_termination
    case "25001", "2D000":
      "the script runs in a transaction; without one: tenantctl run NAME -- psql -c \"...\""
    default: server.advice ?? server.timeoutHint("--statement-timeout TIME")
    }
  }
}

extension ScriptLocation {
  /// As compilers write it: `:LINE:COLUMN`.
  fileprivate var suffix: String { ":\(line):\(column)" }
}
