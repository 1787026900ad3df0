/// How one direction of a migration runs: the `key:value` pairs of its marker line.
package struct MigrationOptions: Sendable, Hashable {
  /// Whether the statements run in one transaction (`transaction:false` for `CREATE INDEX CONCURRENTLY`).
  package var transaction = true
  /// The direction's own `lock_timeout`; zero is no limit.
  package var lockTimeout: Duration?
  /// The direction's own `statement_timeout`; zero is no limit.
  package var statementTimeout: Duration?

  /// The options of a file that says nothing.
  package init() {}

  /// Reads one pair.
  ///
  /// - Throws: what is wrong with it. A key that is not known, ignored, would let a file run as it was not meant to.
  mutating func read(key: String, value: String) throws(MigrationFileError.Reason) {
    switch key {
    case "transaction":
      guard let transaction = Bool(value) else {
        throw .badOption(key: key, value: value, expected: "true or false")
      }
      self.transaction = transaction
    case "lock_timeout": lockTimeout = try MigrationOptions.duration(key, value)
    case "statement_timeout": statementTimeout = try MigrationOptions.duration(key, value)
    default: throw .unknownOption(key: key)
    }
  }

  private static func duration(
    _ key: String, _ value: String
  ) throws(MigrationFileError.Reason) -> Duration {
    guard let duration = Duration(postgresSetting: value) else {
      throw .badOption(key: key, value: value, expected: "a time such as 2s, 500ms, 1min or 0")
    }
    return duration
  }
}
