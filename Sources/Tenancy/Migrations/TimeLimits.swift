internal import Postgres

/// How long a statement of ours may wait or run, before the server ends it.
struct TimeLimits: Sendable, Hashable {
  /// For a lock; `nil` and zero: as the server says, and for ever.
  var lock: Duration?
  /// In all.
  var statement: Duration?

  /// For the rest of the transaction.
  var local: SQL {
    guard let statement else {
      return lock.map { "SET LOCAL lock_timeout TO \(literal: $0.milliseconds)" } ?? "SELECT"
    }
    return """
      SELECT set_config('lock_timeout', \(lock?.milliseconds ?? "0"), true),
        set_config('statement_timeout', \(statement.milliseconds), true)
      """
  }

  /// The same, as far as a file says otherwise.
  func overridden(by options: MigrationOptions) -> TimeLimits {
    TimeLimits(lock: options.lockTimeout ?? lock, statement: options.statementTimeout ?? statement)
  }
}

/// What a session is set to for a statement that is no part of a transaction.
struct SessionSettings: Sendable {
  let schema: SchemaName
  let limits: TimeLimits

  private var values: [(name: String, value: SQL)] {
    let limits = [("lock_timeout", limits.lock), ("statement_timeout", limits.statement)].compactMap {
      name, limit in
      limit.map { (name: name, value: "\(literal: $0.milliseconds)" as SQL) }
    }
    return [("search_path", "\(unsafeRaw: schema.searchPath)")] + limits
  }

  var enter: [SQL] { values.map { "SET \(unsafeRaw: $0.name) TO \($0.value)" } }
  var leave: [SQL] { values.map { "RESET \(unsafeRaw: $0.name)" } }
}
