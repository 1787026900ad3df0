internal import SQLText
internal import TenancyPostgres

/// The server's words about a statement that failed, without the passwords of statements that they quote.
package struct ServerFailure: Sendable, Hashable {
  /// The code of PostgreSQL's Appendix A.
  package let sqlState: String
  /// The server's sentence.
  package let message: String
  /// The server's details.
  package let detail: String?
  /// The server's advice.
  package let hint: String?
  /// The call stack of the server's functions, the innermost first.
  package let context: String?
  /// The statement inside of a function that failed.
  package let internalQuery: String?
  /// Whether row-level security would have hidden rows. The server's function is named, as its sentence may be translated.
  package let isPolicyRefusal: Bool
  /// Whether `lock_timeout` has ended a wait for a lock. NOWAIT gives the same code without a wait. By the server's function,
  /// as for policies.
  package let isLockTimeout: Bool
  /// Whether it is a RAISE of PL/pgSQL's: code and sentence are those of whoever wrote it.
  package let isRaised: Bool
  /// Whether code that the statement has called, such as a trigger's, did not find a table, a function or a type.
  package let isOfCalledCode: Bool
  /// Whether another attempt is likely to succeed.
  let isTransient: Bool
  /// Whether another session changed the same catalog object at the same time.
  let isCatalogRace: Bool
  /// Whether another session has won a deadlock, or a conflict of transactions that see one state of the rows.
  let isConflict: Bool

  init(_ error: ServerError) {
    isTransient = error.isTransient
    isCatalogRace = error.isCatalogRace
    isConflict = error.isConflict
    isOfCalledCode =
      error.context != nil && [.undefinedTable, .undefinedFunction, .undefinedObject].contains(error.state)
    isPolicyRefusal = error.routine == "check_enable_rls"
    isLockTimeout = error.state == .lockNotAvailable && error.routine == "ProcessInterrupts"
    isRaised = error.isRaised
    sqlState = error.state.rawValue
    message = withoutPasswords(error.message)
    detail = error.detail.map(withoutPasswords)
    hint = error.hint
    context = error.context.map(withoutPasswords)
    internalQuery = error.internalQuery.map(withoutPasswords)
  }
}

extension ServerError {
  /// Whether a RAISE of PL/pgSQL's has made it.
  var isRaised: Bool { routine == "exec_stmt_raise" }
}

extension TenancyProblem {
  /// The errors of the layer below in our terms; others pass unchanged.
  static func translating(_ error: any Error) -> any Error {
    switch error {
    case let failure as StatementError: return translating(failure.error)
    case let error as ServerError: return from(error)
    case ConnectionError.malformed(let problem): return TenancyProblem.malformedConnection(problem)
    case ConnectionError.refused(let reason, let state, let needsPassword):
      return TenancyProblem.cannotConnect(
        ConnectionFailure(message: reason, sqlState: state?.rawValue, needsPassword: needsPassword))
    case ConnectionError.lost(let reason): return TenancyProblem.connectionLost(reason)
    case PoolError.exhausted(let limit): return TenancyProblem.poolExhausted(after: limit)
    case PoolError.closed: return TenancyProblem.poolClosed
    case let error as ColumnError: return TenancyProblem.columnMismatch(error)
    default: return error
    }
  }

  static func from(_ error: ServerError) -> TenancyProblem {
    let failure = ServerFailure(error)
    switch error.state {
    case .insufficientPrivilege: return .insufficientPrivilege(failure)
    case .lockNotAvailable: return .locked(failure)
    case _ where error.isCatalogRace: return .changedMeanwhile
    // 57P: an operator shut the server down or ended our session; the connection is gone with it.
    case let state where state.errorClass == "57" && state != .queryCanceled:
      return .connectionLost(error.message)
    default: return .server(failure)
    }
  }
}
