internal import Tenancy

extension ServerFailure {
  /// The server's message, its details, and where in which function, as psql prints it, on separate lines.
  var sentence: String {
    ([message] + (detail.map { [$0] } ?? []) + Self.few("QUERY: ", internalQuery)
      + Self.few("CONTEXT: ", context)).joined(separator: "\n  ")
  }

  /// A text's first lines: a recursion would fill the screen.
  private static func few(_ title: String, _ text: String?) -> [String] {
    guard let text else { return [] }
    let lines = text.split(whereSeparator: \.isNewline)
    return ["\(title)\(lines.prefix(6).joined(separator: "\n    "))\(lines.count > 6 ? "\n    ..." : "")"]
  }

  /// The server's advice, or ours.
  var advice: String? {
    switch sqlState {
    case _ where hint != nil: hint
    case Self.readOnlyState: Self.readOnlyHint
    // insufficient_privilege; a RAISE with this code may mean anything.
    case "42501" where !isRaised: privilegeHint
    default: nil
    }
  }

  /// What to do where the role may not do it.
  var privilegeHint: String {
    isPolicyRefusal
      ? "connect as the tables' owner or as a role with BYPASSRLS: policies apply to this role"
      : "connect as the owner, or grant the privilege"
  }

  /// The advice for a statement of ours, which no option limits.
  var generalAdvice: String? { ownStatementAdvice ?? timeoutHint("PGOPTIONS='-c statement_timeout=TIME'") }

  /// The same without a word on time limits.
  var ownStatementAdvice: String? { advice ?? (isOfCalledCode ? Self.triggerPathHint : nil) }

  /// What to do about a trigger, on a table or on events, that relies on another search path.
  static let triggerPathHint = """
    tenantctl runs with search_path = pg_catalog, so that it calls no other role's objects: set the path of the trigger's \
    function, ALTER FUNCTION ... SET search_path TO public
    """

  /// read_only_sql_transaction (PostgreSQL manual, Appendix A)
  static let readOnlyState = "25006"
  static let readOnlyHint = """
    the server is a standby, or the database is read-only (default_transaction_read_only): \(readOnlyAdvice)
    """
  static let readOnlyAdvice =
    "connect to the primary server; with several hosts in the URL, target_session_attrs=read-write finds it"
}

extension ServerFailure {
  /// What to do if `statement_timeout` has ended the statement, which only the server's text says: the code is that of every
  /// cancelled statement.
  /// - Parameter remedy: what sets another limit.
  func timeoutHint(_ remedy: String) -> String? {
    // query_canceled (PostgreSQL manual, Appendix A)
    sqlState == "57014" ? "if statement_timeout has ended it: \(remedy) sets another limit, 0 none" : nil
  }
}

extension ErrorReport {
  /// A server that is not there, or that refuses the connection.
  static func connectionLostHint(_ reason: String) -> String {
    // PgBouncer's, for a client that got no server connection in time.
    if reason.contains("query_wait_timeout") {
      return
        "the pooler has fewer connections to the server than the command wants: give it fewer --jobs, or the server's address"
    }
    // The server's words before it ends a session; the command, run again, would end like that again.
    let limits = [
      "transaction timeout": "transaction_timeout",
      "idle-in-transaction timeout": "idle_in_transaction_session_timeout",
      "idle-session timeout": "idle_session_timeout",
    ]
    if let limit = limits.first(where: { reason.contains("due to \($0.key)") })?.value {
      return
        "\(limit) of the role or the database has ended it: PGOPTIONS='-c \(limit)=0' sets no limit for the command"
    }
    return "run the same command again: what was committed stays, the rest is done again"
  }

  static func insufficientPrivilege(_ failure: ServerFailure) -> ErrorReport {
    ErrorReport(
      "insufficient_privilege", .failed, failure.sentence,
      hint: failure.privilegeHint
        + (failure.isPolicyRefusal
          ? ", and could hide tenants" : "; creating tenants needs CREATE on the database"),
      sqlState: failure.sqlState)
  }

  static var poolerInBetween: ErrorReport {
    ErrorReport(
      "pooler_in_between", .failed,
      "a migration with transaction:false cannot run through a connection pooler",
      hint: "connect to PostgreSQL directly for this run: give the server's address with --database")
  }

  static var poolerBeforeProgram: ErrorReport {
    ErrorReport(
      "pooler_in_between", .failed,
      "a program cannot work on one tenant's tables through a connection pooler, which does not keep its search path",
      hint: "connect to PostgreSQL directly for this run: give the server's address with --database")
  }

  static func locked(_ failure: ServerFailure, _ holders: [LockHolder]) -> ErrorReport {
    ErrorReport(
      "locked", .failed,
      (["another session holds a lock: \(failure.message)"] + holders.map(\.sentence)).joined(
        separator: "\n"),
      hint:
        "run the command again when that session has finished; lock_timeout in tenantctl.toml limits the wait",
      sqlState: failure.sqlState)
  }

  /// A trigger of the app's that relies on another search path.
  static func triggerFailed(_ table: String, _ failure: ServerFailure) -> ErrorReport {
    ErrorReport(
      "trigger_failed", .failed, "a trigger on \(table) failed: \(failure.message)",
      // 42P06 duplicate_schema, 3F000 invalid_schema_name
      hint: ["42P06", "3F000"].contains(failure.sqlState)
        ? "tenantctl makes, renames and drops the schemas itself: disable the trigger"
        : ServerFailure.triggerPathHint, assurance: .nothingChanged, sqlState: failure.sqlState)
  }
}

extension ConnectionFailure {
  /// By the server's code (PostgreSQL manual, Appendix A); without one, it did not answer.
  var hint: String {
    if needsPassword {
      return "the server asks for a password: set PGPASSWORD, or write it to ~/.pgpass or into the URL"
    }
    return switch sqlState {
    // too_many_connections
    case "53300":
      """
      the server, the role or the database has no free connection: try again later, or with fewer --jobs; \
      pg_stat_activity shows who has them
      """
    // cannot_connect_now
    case "57P03": "the server is starting, stopping or in recovery: try again later"
    // invalid_catalog_name
    case "3D000": "check the database's name in --database or DATABASE_URL, or create it"
    // invalid_password, invalid_authorization_specification
    case "28P01", "28000": "check the user and the password, and the server's pg_hba.conf"
    case "42501": "the role needs CONNECT on the database"
    // A pooler gives no other code (PgBouncer: protocol_violation).
    case "08P01": "the server, or the pooler in front of it, refuses the connection: its log says why"
    case nil: Self.libpqHint(message)
    default: Self.generalHint
    }
  }
}

extension LockHolder {
  var sentence: String {
    let age = durationText(age)
    switch holder {
    case .prepared(let name):
      return
        "held by the prepared transaction '\(name.onOneLine)' of \(role) for \(age): ROLLBACK PREPARED ends it"
    case .session(let pid):
      let who = [role, application].filter { !$0.isEmpty }.joined(separator: ", ")
      let name = who.isEmpty ? "" : " (\(who))"
      let doing = isIdle ? ", idle in transaction for \(age), last: " : " for \(age): "
      return "held by pid \(pid)\(name)\(doing)\(query)"
    }
  }
}
