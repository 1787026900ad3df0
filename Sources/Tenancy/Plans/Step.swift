internal import TenancyPostgres

/// What is sent together.
enum Step: Sendable {
  /// One transaction.
  case transaction([PlannedStatement])
  /// One transaction with statements of a migration file; it ends by cleaning the session of what they left.
  case enclosed([PlannedStatement], Frame, SessionCleaning.Extent)
  /// A statement that PostgreSQL refuses inside of a transaction block.
  case alone(PlannedStatement, SessionSettings)

  static func transaction(_ statements: [SQL]) -> Step {
    .transaction(statements.planned)
  }

  /// Cleans the session after a file that ran outside of a transaction.
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
    // After the cleaning, which would undo it.
    (cleaning + frame.deferral).map { PlannedStatement($0, isCleaning: true) }
  }

  /// The statements, with a comment above each that does not explain itself.
  private static func lines(_ statements: [PlannedStatement]) -> [String] {
    var last: String?
    return statements.flatMap { statement in
      defer { last = statement.purpose }
      let remark = statement.purpose.flatMap { $0 == last ? nil : comment($0) }
      return [remark, line(statement.sql)].compactMap { $0 }
    }
  }

  /// A comment on one line. A name that another program made may contain a line break.
  static func comment(_ text: String) -> String {
    "-- " + text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// A file's statement already has its semicolon.
  private static func line(_ sql: SQL) -> String {
    let text = sql.inlined
    return text.hasSuffix(";") ? text : text + ";"
  }

  /// Runs it for a single tenant: a file's transaction is tried again, as in a fleet run, and each one that was the victim of
  /// a deadlock, which says nothing about what it relied on.
  func runPersistently(over connection: Connection, commitsApart: Bool) async throws {
    let isFile = if case .enclosed = self { true } else { false }
    for attempt in 1... {
      do {
        return try await run(over: connection, commitsApart: !isFile && commitsApart)
      } catch let error as MigrationStatementError
        where isFile && attempt <= min(FleetRetry.usual, error.worthwhileAttempts)
      {
        try await Task.sleep(for: FleetRetry.pause(afterAttempt: attempt))  // Lets the other session finish.
      } catch let error as StatementError
        where error.error.state == .deadlockDetected && attempt <= Self.deadlocks
      {
        try await Task.sleep(for: FleetRetry.pause(afterAttempt: attempt))  // Lets the winner finish.
      }
    }
  }

  /// How many deadlocks are taken for bad luck.
  private static let deadlocks = 3

  func run(over connection: Connection, commitsApart: Bool = false) async throws {
    do {
      switch self {
      case .transaction(let statements):
        // A guard after a lock must see what has been committed meanwhile, whatever the database's default is.
        try await connection.transaction(
          statements.map(\.sql), commitsApart: commitsApart, begin: "BEGIN ISOLATION LEVEL READ COMMITTED")
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

  /// In bytes. The server holds several copies of a message in memory.
  private static let largestMessage = 1_000_000

  private static func run(
    _ statements: [PlannedStatement], _ frame: Frame, _ extent: SessionCleaning.Extent,
    over connection: Connection
  ) async throws {
    let ending = Self.ending(await extent.statements(for: connection), frame).map(\.sql)
    // Behind a pooler the session has what other clients left in it, such as a temporary table of the tenant's table's name.
    let opening = frame.isDirect ? [] : await SessionCleaning.opening(for: connection)
    // After the cleaning, which has queries, PostgreSQL would not take it any more.
    let first = statements.prefix { $0.setsTransaction }.count
    let all =
      ["BEGIN"] + statements[..<first].map(\.sql) + opening + statements[first...].map(\.sql) + ending
      + ["COMMIT"]
    func place(of index: Int) -> Int { 1 + index + (index < first ? 0 : opening.count) }
    let isSmall = all.reduce(0) { $0 + $1.size } < largestMessage
    let record = statements.firstIndex(where: \.isRecord)
    do {
      let written = try await send(
        all, asOne: frame.sendsOneMessage && isSmall, keeping: record.map(place),
        over: connection)
      if let record, let source = statements[record].source, written?.affected != 1 {
        throw TenancyProblem.migrationFailed(MigrationFailure(.recordDiscarded, source, nil))
      }
    } catch {
      await connection.clean(extent, after: ["ROLLBACK"])
      guard let failure = error as? StatementError else { throw error }
      let index = failure.index - 1
      throw StatementError(
        index: index < first ? max(0, index) : max(first, index - opening.count), error: failure.error)
    }
  }

  /// Returns the rows of one of the statements. What is not one message goes out in parts, so that the results of a file of 100,000
  /// statements, which nobody looks at, are not in memory together.
  private static func send(
    _ all: [SQL], asOne isOne: Bool, keeping index: Int?, over connection: Connection
  ) async throws -> Rows? {
    if isOne {
      let rows = try await connection.message(all)
      return index.map { rows[$0] }
    }
    var kept: Rows?
    for part in parts(of: all) {
      do {
        let rows = try await connection.segments([Array(all[part])])[0].get()
        if let index, part.contains(index) { kept = rows[index - part.lowerBound] }
      } catch let failure as StatementError {
        throw StatementError(index: part.lowerBound + failure.index, error: failure.error)
      }
    }
    return kept
  }

  private static let mostInPart = 500

  private static func parts(of statements: [SQL]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var (start, size) = (0, 0)
    for (index, statement) in statements.enumerated() {
      if index > start, index - start == mostInPart || size + statement.size > largestMessage {
        parts.append(start..<index)
        (start, size) = (index, 0)
      }
      size += statement.size
    }
    return parts + [start..<statements.count]
  }

  /// A statement outside of a transaction gets its search path from the session, and a pooler may use another session
  /// for each transaction: PgBouncer did so in one of 480 runs.
  ///
  /// Throws ``TenancyProblem/poolerInBetween``.
  static func check(_ steps: [Step], over connection: Connection) async throws {
    let needsSession = steps.contains { if case .alone = $0 { true } else { false } }
    if needsSession, try await !connection.isDirect() { throw TenancyProblem.poolerInBetween }
  }
}
