internal import Postgres

/// A change that is decided but not made: what would be sent, and what there is to say once it is done.
///
/// Planning looks at the database and changes nothing; ``apply()`` does it; ``script`` is what a dry run shows. Both
/// come from the same statements.
public struct Change<Result: Sendable>: Sendable {
  /// What will be true once the change is applied.
  public let result: Result
  let steps: [Step]
  let database: TenantDatabase
  /// What an error of the server means here; `nil` leaves it as it is.
  var explain: @Sendable (ServerError) -> TenancyError? = { _ in nil }
  /// Sent when a step after the first one fails, so that nothing half-made stays behind.
  var cleanUp: [SQL] = []

  /// Makes the change. Whoever is killed meanwhile leaves nothing of the transaction that was under way.
  ///
  /// Throws ``TenancyError``; a change of one transaction has then not happened at all.
  @discardableResult
  public func apply() async throws -> Result {
    try await database.connected { connection in
      try await Step.check(steps, over: connection)
      for (index, step) in steps.enumerated() {
        do {
          try await step.run(over: connection, commitsApart: true)
        } catch {
          if index > 0 && !cleanUp.isEmpty {
            // In a task of its own: this one may be cancelled, and could not talk to the server any more.
            _ = await Task { try? await connection.transaction(cleanUp) }.value
          }
          throw explained(error)
        }
      }
    }
    return result
  }

  /// The SQL that ``apply()`` would send, one statement after the other, each ended by a semicolon.
  public var script: [String] {
    steps.flatMap(\.script)
  }

  private func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as MigrationStatementError: TenancyError.migrationFailed(error.source.failure(error.error))
    case let error as StatementError:
      isLostRace(error.error)
        ? TenancyError.changedMeanwhile : explain(error.error) ?? TenancyError.translating(error)
    default: error
    }
  }

  /// Whether the error says that what was planned on is not so any more: somebody else was faster.
  private func isLostRace(_ error: ServerError) -> Bool {
    switch error.state {
    case .deadlockDetected, .invalidSchemaName, .duplicateColumn: true
    // "tuple concurrently updated", or deleted: two sessions change one object of the catalog. Never translated.
    case .internalError: error.message.hasPrefix("tuple concurrently ")
    case .foreignKeyViolation: isBetweenRegistryTables(error)
    default: false
    }
  }

  /// Whether a domain came, or a tenant went. A value of the user's may refer to another table.
  private func isBetweenRegistryTables(_ error: ServerError) -> Bool {
    let registry = database.settings.registry
    guard let domains = registry.domains?.name.name, error.table == domains else { return false }
    return [registry.tenants.name.name, domains].contains { error.detail?.contains("\"\($0)\"") ?? false }
  }
}

/// What is sent in one go.
enum Step: Sendable {
  /// All of it or nothing.
  case transaction([PlannedStatement])
  /// A statement that PostgreSQL does not run inside of a transaction block.
  case alone(PlannedStatement, SessionSettings)

  static func transaction(_ statements: [SQL]) -> Step {
    .transaction(statements.map { PlannedStatement($0) })
  }

  var statements: [PlannedStatement] {
    switch self {
    case .transaction(let statements): statements
    case .alone(let statement, _): [statement]
    }
  }

  var script: [String] {
    switch self {
    case .transaction(let statements): ["BEGIN;"] + Self.lines(statements) + ["COMMIT;"]
    case .alone(let statement, let settings):
      settings.enter.map(Self.line) + Self.lines([statement]) + settings.leave.map(Self.line)
    }
  }

  /// Above what is not plain from its text, what it is for.
  private static func lines(_ statements: [PlannedStatement]) -> [String] {
    var last: String?
    return statements.flatMap { statement in
      defer { last = statement.purpose }
      let remark = statement.purpose.flatMap { $0 == last ? nil : comment($0) }
      return [remark, line(statement.sql)].compactMap { $0 }
    }
  }

  /// A comment above what is shown for one tenant. A name that another program made may have a line break in it.
  static func comment(_ text: String) -> String {
    "-- " + text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// A file's statement brings its semicolon along.
  private static func line(_ sql: SQL) -> String {
    let text = sql.inlined
    return text.hasSuffix(";") ? text : text + ";"
  }

  func run(over connection: Connection, commitsApart: Bool = false) async throws {
    do {
      switch self {
      case .transaction(let statements):
        try await connection.transaction(statements.map(\.sql), commitsApart: commitsApart)
      case .alone(let statement, let settings):
        // Three transactions in one message.
        _ = try await connection.segments([settings.enter, [statement.sql], settings.leave])[1].get()
      }
    } catch let failure as StatementError {
      guard failure.index < statements.count else { throw failure }
      let statement = statements[failure.index]
      if let source = statement.source { throw MigrationStatementError(source: source, error: failure.error) }
      throw try await statement.explain(failure, over: connection)
    }
  }

  /// A statement outside of a transaction takes its search path from the session, and behind a pooler the session may
  /// be another one for each transaction: PgBouncer, asked 480 times, mixed them up once.
  ///
  /// Throws ``TenancyError/poolerInBetween``.
  static func check(_ steps: [Step], over connection: Connection) async throws {
    let needsSession = steps.contains { if case .alone = $0 { true } else { false } }
    if needsSession, try await !connection.isDirect() { throw TenancyError.poolerInBetween }
  }
}

/// A statement of a migration that the server refused.
struct MigrationStatementError: Error {
  let source: MigrationSource
  let error: ServerError
}

/// A statement of a ``Step``.
struct PlannedStatement: Sendable {
  let sql: SQL
  /// Where it comes from, if it is part of a migration file.
  var source: MigrationSource?
  /// What it fails for, by a division.
  private(set) var check: Check?

  enum Check: Sendable {
    /// What it was planned on is not so any more: somebody else was faster. The purpose is for a dry run.
    case meanwhile(purpose: String)
    /// Rows of the registry are not as they were planned.
    case rows([RowChange])
  }

  /// What it is for, where its text does not tell.
  var purpose: String? {
    guard let source else {
      return switch check {
      case nil: nil
      case .meanwhile(let purpose): purpose
      case .rows: "fails, and undoes the transaction, unless the rows are changed as planned"
      }
    }
    return switch source.place {
    case .ledger: "for the ledger"
    case .statement: "from \(source.file.path)"
    case .close: "for the ledger, if all is as it has to be"
    }
  }

  init(_ sql: SQL, source: MigrationSource? = nil, check: Check? = nil) {
    self.sql = sql
    self.source = source
    self.check = check
  }

  /// What its failure means; the transaction is rolled back by then.
  fileprivate func explain(_ failure: StatementError, over connection: Connection) async throws -> any Error {
    switch (check, failure.error.state) {
    case (.meanwhile, .divisionByZero): TenancyError.changedMeanwhile
    // A rule: PostgreSQL has no RETURNING there, or no WITH.
    case (.rows(let changes), .divisionByZero), (.rows(let changes), .featureNotSupported):
      try await RowChange.explain(changes, over: connection)
    default: failure
    }
  }

  /// A change of rows that fails, and with it the transaction, if there are none to change.
  /// - Parameters:
  ///   - count: how many there must be.
  ///   - other: a change that goes along with it, in the same statement.
  init(mustAffectRows change: SQL, count: Int = 1, with other: SQL? = nil, source: MigrationSource? = nil) {
    let others: SQL = other.map { "other AS (\($0)), " } ?? ""
    let enough: SQL = count == 1 ? "count(*)" : "(count(*) / \(unsafeRaw: "\(count)"))"
    sql = "WITH \(others)changed AS (\(change) RETURNING 1) SELECT 1 / \(enough) FROM changed"
    self.source = source
    check = .meanwhile(purpose: "fails, and undoes the transaction, if there is no row to change")
  }

  /// A query that fails by a division, and with it the transaction, if something has changed since it was planned.
  init(guarding query: SQL, purpose: String) {
    sql = query
    check = .meanwhile(purpose: purpose)
  }
}
