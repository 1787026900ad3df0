internal import SQLText
internal import TenancyPostgres

/// A statement of a migration that the server refused.
struct MigrationStatementError: Error {
  let source: MigrationSource
  let error: ServerError

  var worthwhileAttempts: Int { TenancyProblem.migrationFailed(source.failure(error)).worthwhileAttempts }
}

extension [SQL] {
  /// The statements as they are: not of a migration file, and without a check.
  var planned: [PlannedStatement] { map { PlannedStatement($0) } }
}

/// A statement of a ``Step``.
struct PlannedStatement: Sendable {
  let sql: SQL
  /// Where it comes from, if it is part of a migration file.
  var source: MigrationSource?
  /// The condition for which it fails, by a division by zero.
  private(set) var check: Check?
  /// Whether it adds the ledger's row for the file. A trigger could discard it without an error.
  private(set) var isRecord = false
  private var isCleaning = false

  indirect enum Check: Sendable {
    /// Another session has changed what the plan relied on. The purpose is shown by a dry run.
    case meanwhile(purpose: String)
    /// Rows of the registry are not as planned; `atEnd`: once all triggers have run.
    case rows([RowChange], atEnd: Bool = false)
    /// Changes of rows in a table with a rule, which may do something else besides.
    case ruled([RowChange])
    /// Domains' rows refer to the tenant that were there before it.
    case staleDomains(RegistryShape, of: TenantName)
    /// Another tenant that was to go first is not gone.
    case referenced(TenancyProblem)
  }

  /// What it is for, if its text does not say so.
  var purpose: String? {
    if isCleaning { return "cleans the session" }
    guard let source else {
      return switch check {
      case nil, .ruled: nil
      case .meanwhile(let purpose): purpose
      case .rows: "fails and rolls back unless the rows are changed as planned"
      case .staleDomains: "fails and rolls back if it would get the domains of a former tenant"
      case .referenced: "fails and rolls back if another tenant of this drop that refers to it is not gone"
      }
    }
    return switch source.place {
    case .ledger: "for the ledger"
    case .statement: "from \(source.file.path)"
    case .target(_, let object): "fails if this would change \(object.qualifiedName), which all tenants share"
    case .role: "fails if that role may not use the schema"
    case .cascade: "fails if CASCADE reaches an object outside of the schema"
    case .end: "runs what was deferred to the end of the file"
    case .guard: "fails if the file has changed the search path or replaced the ledger"
    case .close: "for the ledger, unless the file has changed it"
    case .record: "for the ledger, unless its number of rows has changed"
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

  /// Whether it is a file's statement that sets what the transaction is.
  var setsTransaction: Bool {
    if case .statement(let statement) = source?.place { statement.setsTransaction } else { false }
  }

  /// The changes of rows that it makes or checks right after they are made.
  var rowChanges: [RowChange] {
    if case .rows(let changes, atEnd: false) = check { changes } else { [] }
  }

  /// What its failure means; called after the rollback.
  func explain(_ failure: StatementError, over connection: Connection) async throws -> any Error {
    switch (check, failure.error.state) {
    case (.meanwhile, .divisionByZero): TenancyProblem.changedMeanwhile
    case (.referenced(let problem), .divisionByZero): problem
    case (.staleDomains(let shape, let tenant), .divisionByZero):
      try await shape.explainStaleDomains(of: tenant, over: connection)
    case (.rows(let changes, let atEnd), _):
      try await Self.explain(failure, changes, atEnd: atEnd, over: connection)
    // By a rule the changes are not one statement, at whose end the keys between them hold, or its own rows break one.
    case (.ruled(let changes), .foreignKeyViolation):
      try await RowChange.explain(changes, over: connection)
    default: failure
    }
  }

  private static func explain(
    _ failure: StatementError, _ changes: [RowChange], atEnd: Bool, over connection: Connection
  ) async throws -> any Error {
    switch failure.error.state {
    case .divisionByZero where atEnd: return try await RowChange.explainEnd(of: changes, over: connection)
    // Code that a trigger ran, to undo a row that others refer to by now.
    case .foreignKeyViolation where atEnd && failure.error.context != nil:
      return try await RowChange.explainEnd(of: changes, over: connection)
    case .divisionByZero: return try await RowChange.explain(changes, over: connection)
    // The table has a rule: PostgreSQL then allows no RETURNING or no WITH. Or it is a view, and the column is computed.
    case .featureNotSupported:
      let problem = try await RowChange.explain(changes, over: connection)
      return problem == .changedMeanwhile ? failure : problem
    // A trigger called a function of the app's, which does not find its tables in tenantctl's search path, or it manages
    // the schemas itself.
    case .undefinedTable, .undefinedFunction, .undefinedObject, .duplicateSchema, .invalidSchemaName:
      if failure.error.context == nil { return failure }
      let tables = changes.map(\.table.description).uniqued().joined(separator: " or ")
      return TenancyProblem.triggerFailed(table: tables, ServerFailure(failure.error))
    default: return failure
    }
  }

  /// A change of rows that fails, and rolls the transaction back, if no rows match.
  /// - Parameters:
  ///   - count: how many rows must match.
  ///   - other: another change in the same statement.
  init(mustAffectRows change: SQL, count: Int = 1, with other: SQL? = nil, source: MigrationSource? = nil) {
    let others: SQL = other.map { "other AS (\($0)), " } ?? ""
    let enough: SQL = count == 1 ? "count(*)" : "(count(*) / \(unsafeRaw: "\(count)"))"
    sql = "WITH \(others)changed AS (\(change) RETURNING 1) SELECT 1 / \(enough) FROM changed"
    self.source = source
    check = .meanwhile(purpose: "fails and rolls back if no row matches")
  }

  /// A query that fails by a division by zero, and rolls the transaction back, if something has changed since planning.
  init(guarding query: SQL, purpose: String) {
    sql = query
    check = .meanwhile(purpose: purpose)
  }
}
