internal import TenancyPostgres

/// A column of the registry that does not exist.
package struct MissingColumn: Sendable, Hashable {
  /// The table.
  package let table: String
  /// The missing column.
  package let column: String
  /// What it is to us: a key of `[registry.columns]`.
  package let role: String
  /// The columns that exist.
  package let available: [String]
}

/// Why no connection could be made.
package struct ConnectionFailure: Sendable, Hashable {
  /// libpq's sentence, and the server's.
  package let message: String
  /// The code of PostgreSQL's Appendix A, if the server answered.
  package let sqlState: String?
}

/// The server's words about a statement that failed.
package struct ServerFailure: Sendable, Hashable {
  /// The code of PostgreSQL's Appendix A.
  package let sqlState: String
  /// The server's sentence.
  package let message: String
  /// The server's details.
  package let detail: String?
  /// The server's advice.
  package let hint: String?
  /// Whether another attempt is likely to succeed.
  let isTransient: Bool

  init(_ error: ServerError) {
    isTransient = error.isTransient
    sqlState = error.state.rawValue
    message = error.message
    detail = error.detail
    hint = error.hint
  }
}
