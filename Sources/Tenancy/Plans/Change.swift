internal import TenancyPostgres

/// A change that is decided but not made: what would be sent, and what there is to say once it is done.
///
/// Planning looks at the database and changes nothing; ``apply()`` does it; ``script`` is what a dry run shows. Both
/// come from the same statements.
package struct Change<Result: Sendable>: Sendable {
  /// What will be true once the change is applied.
  package let result: Result
  let steps: [Step]
  let database: TenantDatabase
  /// What an error of the server means here; `nil` leaves it as it is.
  var explain: @Sendable (ServerError) -> TenancyProblem? = { _ in nil }
  /// Sent when a step after the first one fails, so that nothing half-made stays behind.
  var cleanUp: [SQL] = []

  /// A lock that is held over another connection while the change is made; for a change of several transactions.
  var lock: SQL?

  /// Makes the change. Whoever is killed meanwhile leaves nothing of the transaction that was under way.
  ///
  /// Throws ``TenancyProblem``; a change of one transaction has then not happened at all.
  @discardableResult
  package func apply() async throws -> Result {
    // A pool of one connection has none to spare for the lock.
    guard let lock, database.pool.size > 1 else {
      try await applySteps()
      return result
    }
    // Of a transaction, not of the session: behind a pooler a session outlives its client.
    try await database.connected { holder in
      try await holder.transaction(opening: database.limits.opening + [lock]) { _ in try await applySteps() }
    }
    return result
  }

  private func applySteps() async throws {
    var done = 0
    do {
      try await database.connected { connection in
        try await Step.check(steps, over: connection)
        for step in steps {
          do {
            try await step.runPersistently(over: connection)
          } catch {
            await connection.clean()
            throw explained(error)
          }
          done += 1
        }
      }
    } catch {
      // In a task of its own: this one may be cancelled, and could not talk to the server any more.
      if done > 0 && !cleanUp.isEmpty {
        await Task { _ = try? await database.connected { try await $0.transaction(cleanUp) } }.value
      }
      throw error
    }
  }

  /// The SQL that ``apply()`` would send, one statement after the other, each ended by a semicolon.
  package var script: [String] {
    steps.flatMap(\.script)
  }

  private func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as MigrationStatementError:
      TenancyProblem.migrationFailed(error.source.failure(error.error))
    case let error as StatementError:
      isLostRace(error.error)
        ? TenancyProblem.changedMeanwhile : explain(error.error) ?? TenancyProblem.translating(error)
    default: error
    }
  }

  /// Whether the error says that what was planned on is not so any more: somebody else was faster.
  private func isLostRace(_ error: ServerError) -> Bool {
    switch error.state {
    case .deadlockDetected, .invalidSchemaName, .duplicateColumn, .invalidLogarithm: true
    case .internalError: error.isCatalogRace
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
  /// The same around statements that are not ours: at its end the session is cleaned of what they have left there.
  case enclosed([PlannedStatement], Frame, SessionCleaning.Extent)
  /// A statement that PostgreSQL does not run inside of a transaction block.
  case alone(PlannedStatement, SessionSettings)

  static func transaction(_ statements: [SQL]) -> Step {
    .transaction(statements.map { PlannedStatement($0) })
  }

  /// Takes away what a file has left that is no transaction.
  static func cleaning(_ frame: Frame) -> Step {
    .enclosed([PlannedStatement("SELECT \(SQL.joined(frame.unlocking))")], frame, .whole)
  }

  var statements: [PlannedStatement] {
    switch self {
    case .transaction(let statements), .enclosed(let statements, _, _): statements
    case .alone(let statement, _): [statement]
    }
  }

  var script: [String] {
    switch self {
    case .transaction(let statements): ["BEGIN;"] + Self.lines(statements) + ["COMMIT;"]
    case .enclosed(let statements, let frame, let extent):
      ["BEGIN;"] + Self.lines(statements + Self.ending(extent.statements, frame)) + ["COMMIT;"]
    case .alone(let statement, let settings):
      settings.enter.map(Self.line) + Self.lines([statement]) + settings.leave.map(Self.line)
    }
  }

  private static func ending(_ cleaning: [SQL], _ frame: Frame) -> [PlannedStatement] {
    // After the cleaning, which would take it back.
    (cleaning + frame.deferral).map { PlannedStatement($0, isCleaning: true) }
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

  /// Runs it for a single tenant: a file's transaction gets other attempts, as it does in a run over the fleet.
  func runPersistently(over connection: Connection) async throws {
    guard case .enclosed = self else { return try await run(over: connection, commitsApart: true) }
    for attempt in 1... {
      do {
        return try await run(over: connection)
      } catch let error as MigrationStatementError
        where attempt <= min(FleetRetry.usual, error.worthwhileAttempts)
      {
        // The backoff: whoever was faster is to be done by then.
        try await Task.sleep(for: FleetRetry.pause(afterAttempt: attempt))
      }
    }
  }

  func run(over connection: Connection, commitsApart: Bool = false) async throws {
    do {
      switch self {
      case .transaction(let statements):
        try await connection.transaction(statements.map(\.sql), commitsApart: commitsApart)
      case .enclosed(let statements, let frame, let extent):
        try await Self.run(statements, frame, extent, over: connection)
      case .alone(let statement, let settings):
        try await settings.run(statement.sql, over: connection)
      }
    } catch let failure as StatementError {
      guard statements.indices.contains(failure.index) else { throw failure }
      let statement = statements[failure.index]
      if let source = statement.source { throw MigrationStatementError(source: source, error: failure.error) }
      throw try await statement.explain(failure, over: connection)
    }
  }

  /// Above this size the message would be in the server's memory several times.
  private static let largestMessage = 1_000_000

  private static func run(
    _ statements: [PlannedStatement], _ frame: Frame, _ extent: SessionCleaning.Extent,
    over connection: Connection
  ) async throws {
    let ending = Self.ending(await extent.statements(for: connection), frame).map(\.sql)
    let all = ["BEGIN"] + statements.map(\.sql) + ending + ["COMMIT"]
    let isSmall = all.reduce(0) { $0 + $1.size } < largestMessage
    do {
      let rows =
        try await frame.sendsOneMessage && isSmall
        ? connection.message(all) : connection.segments([all])[0].get()
      for (statement, rows) in zip(statements, rows.dropFirst())
      where statement.isRecord && rows.affected != 1 {
        guard let source = statement.source else { continue }
        throw TenancyProblem.migrationFailed(MigrationFailure(.recordDiscarded, source, nil))
      }
    } catch {
      await connection.clean(extent, after: ["ROLLBACK"])
      guard let failure = error as? StatementError else { throw error }
      throw StatementError(index: failure.index - 1, error: failure.error)
    }
  }

  /// A statement outside of a transaction takes its search path from the session, and behind a pooler the session may
  /// be another one for each transaction: PgBouncer, asked 480 times, mixed them up once.
  ///
  /// Throws ``TenancyProblem/poolerInBetween``.
  static func check(_ steps: [Step], over connection: Connection) async throws {
    let needsSession = steps.contains { if case .alone = $0 { true } else { false } }
    if needsSession, try await !connection.isDirect() { throw TenancyProblem.poolerInBetween }
  }
}

/// A statement of a migration that the server refused.
struct MigrationStatementError: Error {
  let source: MigrationSource
  let error: ServerError

  var worthwhileAttempts: Int { TenancyProblem.migrationFailed(source.failure(error)).worthwhileAttempts }
}

/// A statement of a ``Step``.
struct PlannedStatement: Sendable {
  let sql: SQL
  /// Where it comes from, if it is part of a migration file.
  var source: MigrationSource?
  /// What it fails for, by a division.
  private(set) var check: Check?
  /// Whether it adds the ledger's row for the file. A trigger could discard it without an error.
  private(set) var isRecord = false
  private var isCleaning = false

  enum Check: Sendable {
    /// What it was planned on is not so any more: somebody else was faster. The purpose is for a dry run.
    case meanwhile(purpose: String)
    /// Rows of the registry are not as they were planned.
    case rows([RowChange])
  }

  /// What it is for, where its text does not tell.
  var purpose: String? {
    if isCleaning { return "leaves nothing in the session" }
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
    case .end: "what waited for the end of the file"
    case .guard: "fails if the search path or the ledger is another by now"
    case .close: "for the ledger, if all is as it has to be"
    case .record: "for the ledger, if it has as many rows as it had"
    }
  }

  init(
    _ sql: SQL, source: MigrationSource? = nil, check: Check? = nil, isRecord: Bool = false,
    isCleaning: Bool = false
  ) {
    self.sql = sql
    self.source = source
    self.check = check
    self.isRecord = isRecord
    self.isCleaning = isCleaning
  }

  /// What its failure means; the transaction is rolled back by then.
  fileprivate func explain(_ failure: StatementError, over connection: Connection) async throws -> any Error {
    switch (check, failure.error.state) {
    case (.meanwhile, .divisionByZero): TenancyProblem.changedMeanwhile
    // A rule: PostgreSQL has no RETURNING there, or no WITH.
    case (.rows(let changes), .divisionByZero), (.rows(let changes), .featureNotSupported):
      try await RowChange.explain(changes, over: connection)
    // A function of the app's, called by a trigger, which our search path does not lead to its tables.
    case (.rows(let changes), .undefinedTable), (.rows(let changes), .undefinedFunction),
      (.rows(let changes), .undefinedObject):
      failure.error.context == nil
        ? failure
        : TenancyProblem.triggerFailed(table: changes[0].table.description, ServerFailure(failure.error))
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
