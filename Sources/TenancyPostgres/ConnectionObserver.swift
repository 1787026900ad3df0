/// What a connection tells while it works.
package struct ConnectionObserver: Sendable {
  /// Gets each statement, parameters inlined, just before it is sent.
  package var statement: (@Sendable (String) -> Void)?
  /// Gets each notice and warning of the server.
  package var notice: (@Sendable (Notice) -> Void)?

  /// An observer of statements, notices, both or none.
  package init(
    statement: (@Sendable (String) -> Void)? = nil, notice: (@Sendable (Notice) -> Void)? = nil
  ) {
    self.statement = statement
    self.notice = notice
  }
}

/// A message of the server that is no error.
package struct Notice: Sendable, Hashable {
  /// `WARNING`, `NOTICE`, `INFO`, ...: never translated.
  package let severity: String
  /// The text and its details.
  package let message: ServerError
}
