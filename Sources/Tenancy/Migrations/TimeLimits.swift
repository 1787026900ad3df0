internal import Postgres

/// How long a statement of ours may wait or run, before the server ends it.
struct TimeLimits: Sendable, Hashable {
  /// For a lock; `nil` and zero: as the server says, and for ever.
  var lock: Duration?
  /// In all.
  var statement: Duration?

  /// For the rest of the transaction.
  var local: SQL {
    if statement != nil { return Self.local(values) }
    return lock.map { "SET LOCAL lock_timeout TO \(literal: $0.milliseconds)" } ?? "SELECT"
  }

  /// The same, with a search path. In one statement: a statement each would cost the server more. Not by SET LOCAL,
  /// which keeps another spelling of the same path: ``Ledger/searchPathIsSound`` compares it.
  func local(in schema: SchemaName) -> SQL { Self.local(values + [("search_path", "\(schema.searchPath)")]) }

  private var values: [(name: String, value: SQL)] {
    [("lock_timeout", lock), ("statement_timeout", statement)].compactMap { name, limit in
      limit.map { (name, "\($0.milliseconds)") }
    }
  }

  private static func local(_ values: [(name: String, value: SQL)]) -> SQL {
    "SELECT \(SQL.joined(values.map { "set_config(\(literal: $0.name), \($0.value), true)" }))"
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
