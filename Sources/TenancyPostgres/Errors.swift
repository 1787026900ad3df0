/// What the server said about a statement that failed
/// (PostgreSQL manual, 55.8 "Error and Notice Message Fields").
package struct ServerError: Error, Sendable, Hashable {
  /// The error's code.
  package var state: SQLState
  /// The server's sentence.
  package var message: String
  /// More about the case at hand.
  package var detail: String?
  /// What the server proposes.
  package var hint: String?
  /// Where in the statement: a character's number, counted from 1.
  package var position: Int?
  /// The call stack of server-side functions.
  package var context: String?
  /// The statement of such a function that failed, if it is not part of the statement that was sent.
  package var internalQuery: String?
  /// The schema that the error is about.
  package var schema: String?
  /// The table that the error is about.
  package var table: String?
  /// The column that the error is about.
  package var column: String?
  /// The constraint that was violated.
  package var constraint: String?
  /// The function of the server's source that raised it: never translated, where the message may be.
  package var routine: String?

  /// An error with the fields that every error has; the others are set afterwards.
  package init(state: SQLState, message: String) {
    self.state = state
    self.message = message
  }

  /// What the server itself says of a NUL in a text.
  static let containsNUL = ServerError(
    state: .characterNotInRepertoire, message: "invalid byte sequence for encoding \"UTF8\": 0x00")
  /// What the server says of too many parameters, and libpq before it.
  static let hasTooManyParameters = ServerError(
    state: "54000", message: "a statement can have at most 65,535 parameters: pass arrays, and unnest() them")
  /// The client's end of a COPY is not there.
  static let copiesToClient = ServerError(
    state: "0A000", message: "COPY from or to the client is not supported, and has ended the connection")
  /// What the server says of a COMMIT in a function that a transaction calls, for a COMMIT in a block.
  package static let endsBlock = ServerError(
    state: .invalidTransactionTermination,
    message: """
      the statement would end the block's transaction: return from the block to commit, throw to roll back, or use SAVEPOINT \
      and ROLLBACK TO for a part
      """)
  /// What the server says of everything but the end of a transaction that has failed.
  static let failedTransaction = ServerError(
    state: .inFailedTransaction, message: "the transaction had failed: it was rolled back, not committed")
}

/// A statement of a pipeline that failed. Those before it took effect only if the transaction that they
/// are part of is committed; those after it were not run.
package struct StatementError: Error, Sendable, Hashable {
  /// Which one, counted from 0 in the list that was sent.
  package let index: Int
  /// What the server said.
  package let error: ServerError

  /// The failure of the statement with that index.
  package init(index: Int, error: ServerError) {
    self.index = index
    self.error = error
  }
}

/// The connection itself failed.
package enum ConnectionError: Error, Sendable, Hashable {
  /// The connection string, or a setting from elsewhere that belongs to it, is invalid.
  case malformed(MalformedTarget)
  /// No connection could be made: libpq's own words, without the password, the server's code if it answered, and whether it
  /// asked for a password where none was given.
  case refused(String, SQLState? = nil, needsPassword: Bool = false)
  /// The server went away. A transaction whose `COMMIT` was in progress may or may not have been committed.
  case lost(String)
}

/// What is wrong with the connection's settings. None of it repeats a value, which may be a password.
package enum MalformedTarget: Sendable, Hashable {
  /// The text is neither a URI nor `key=value` pairs.
  case syntax
  /// A character in the user name or the password, described, and how a URI has to write it.
  case unencoded(String, as: String)
  /// A `%` that begins no encoded character.
  case percent
  /// The text stands in quotes, which a shell would have removed.
  case quoted
  /// A URI of another scheme.
  case scheme(String)
  /// A parameter that libpq does not know, and whether its name cannot be a part of a password in which a character is not
  /// encoded; and whether its value switches something off.
  case parameter(String, isPublic: Bool, isOff: Bool = false)
  /// A parameter with a value that it cannot have, and the values that it can.
  case value(of: String, choices: [String])
  /// A parameter of a URI whose value has a `=` that is not encoded.
  case separator(in: String)
  /// A value of `key=value` pairs that begins with a quote and does not end with one.
  case unclosed
  /// Semicolons between `key=value` pairs: libpq would read all of it as the first one's value.
  case semicolons
  /// A parameter that must be a whole number and is not.
  case number(of: String)
  /// A port that is no number, or not one of a port.
  case port
}

/// A column did not hold what the program expects.
package struct ColumnError: Error, Sendable, Hashable {
  /// The column's name.
  package let column: String
  /// The Swift type that was asked for.
  package let expected: String
  /// The column's text; `nil` for NULL.
  package let found: String?

  /// A column that holds something else, or does not exist.
  package init(column: String, expected: String, found: String?) {
    (self.column, self.expected, self.found) = (column, expected, found)
  }
}
