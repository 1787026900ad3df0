internal import SQLText
internal import TenancyPostgres

/// A migration that failed, and where.
package struct MigrationFailure: Sendable, Hashable {
  /// What went wrong.
  package enum Reason: Sendable, Hashable {
    /// The server refused the statement.
    case refused
    /// The server does not run the statement inside of a transaction.
    case needsNoTransaction
    /// The statement would have ended the transaction that it is part of.
    case endsTransaction
    /// The statements made the transaction read-only, so that it cannot be recorded.
    case readOnly
    /// Another session held a lock: for longer than `lock_timeout`, or at all where a statement says NOWAIT.
    case locked
    /// The statements ran, but left another search path behind: what came after it went to the wrong schema.
    case searchPathChanged
    /// The statement would have changed an object that all tenants share: the tenant has none of that name.
    case meetsShared(SharedObject)
    /// The file has set a role that may not use the tenant's schema: the statement's unqualified names would lead elsewhere.
    case roleLacksUsage
    /// By CASCADE the statement would have dropped or emptied these, which are outside of the tenant's schema.
    case cascadesOutside([String])
    /// The statements ran, but removed the record that they ran.
    case ledgerRowGone
    /// The statements ran, but added or removed records of other migrations.
    case ledgerChanged
    /// The ledger was replaced by another table since it was inspected, or has got triggers, rules or policies.
    case ledgerReplaced
    /// Something on the ledger discarded the record of the migration without an error.
    case recordDiscarded
    /// Another session applies or undoes it right now.
    case inProgress
    /// A rollback of it was started but not finished.
    case halfUndone
    /// It was interrupted after it had made a temporary table, which ended with that session.
    case temporaryLost
    /// There is an index of that name, or on that table, that a build which failed has left.
    case invalidIndex
  }

  /// What went wrong.
  package let reason: Reason
  /// The migration.
  package let version: MigrationVersion
  /// Which way it was going.
  package let direction: MigrationDirection
  /// The file.
  package let path: String
  /// The line in the file, counted from 1; `nil` if no statement of the file is to blame.
  package let line: Int?
  /// The character in the line, counted from 1.
  package let column: Int?
  /// The text of that line.
  package let excerpt: String?
  /// The server's words; `nil` if it did not come to a statement.
  package let server: ServerFailure?
  /// The sessions that held locks in the schema after the last attempt, or that are running the migration.
  package internal(set) var lockHolders: [LockHolder] = []
  /// Whether the schema has other migrations in its ledger.
  package internal(set) var hasHistory = false
  /// Whether it is a migration of the shared schema.
  package internal(set) var isOfShared = false
  /// Whether the tenant is being created: nothing of its own was there before.
  package internal(set) var isOfNewTenant = false
  /// Indexes that are not valid and had to be dropped again: what a build that failed leaves.
  package internal(set) var droppedIndexes: [String] = []
  /// Those that still exist.
  package internal(set) var leftIndexes: [String] = []

  /// Whether a statement failed that tenantctl sends along with the file's, under a search path of its own.
  package let isOfOwnStatement: Bool
  /// Whether the statement says IF NOT EXISTS, and failed because the object exists: most often another session made it in
  /// between.
  let isExistenceRace: Bool

  /// Whether there was a table of that name already, as in a tenant that an app has made.
  package var isRelationThere: Bool {
    // 42710 duplicate_object, such as a type; 42723 duplicate_function
    [SQLState.duplicateTable, "42710", "42723"].contains { server?.sqlState == $0.rawValue }
  }

  /// Of those that still exist: the SQL that drops them, in the tenant's schema.
  package var dropStatements: [String] {
    leftIndexes.map { "DROP INDEX CONCURRENTLY \(Identifier($0).quoted)" }
  }

  /// One that no statement of the server's is to blame for.
  static func before(_ file: MigrationFile, _ reason: Reason) -> MigrationFailure {
    MigrationFailure(reason, MigrationSource(file: file, place: .ledger), nil)
  }

  init(_ reason: Reason, _ source: MigrationSource, _ error: ServerError?) {
    let place = source.location(error?.position)
    self.reason = reason
    version = source.file.version
    direction = source.isDown ? .down : .up
    path = source.file.path
    line = place?.line
    column = place?.column
    excerpt = place?.excerpt
    server = error.map(ServerFailure.init)
    isOfOwnStatement = source.isOwnStatement
    isExistenceRace = error.map(source.isExistenceRace) ?? false
  }
}

/// Where a statement that is sent comes from.
struct MigrationSource: Sendable {
  enum Place: Sendable {
    /// One of the file's statements.
    case statement(SQLStatement)
    /// The check that a statement finds the tenant's own object.
    case target(SQLStatement, SharedObject)
    /// The check that the role under which a statement runs may use the schema.
    case role(SQLStatement)
    /// The check that CASCADE reaches nothing outside of the schema.
    case cascade(SQLStatement)
    /// What we do before the file's statements.
    case ledger
    /// What waited for the end of the file, such as deferred triggers.
    case end
    /// The check that the search path and the ledger are what they were.
    case `guard`
    /// The record in the ledger.
    case record
    /// How far a file has come that runs outside of a transaction.
    case close
  }

  let file: MigrationFile
  let place: Place

  /// Whether it is a statement on the ledger before the file's own statements.
  var isLedger: Bool { if case .ledger = place { true } else { false } }

  /// Whether it is a statement that no file has, and that runs none of a file's triggers.
  fileprivate var isOwnStatement: Bool {
    switch place {
    case .ledger, .record, .close: true
    case .statement, .target, .role, .cascade, .end, .guard: false
    }
  }

  /// The file's statement that it is, or comes right before.
  private var fileStatement: SQLStatement? {
    switch place {
    case .statement(let statement), .target(let statement, _), .role(let statement),
      .cascade(let statement):
      statement
    default: nil
    }
  }

  /// Whether it is a statement of the down section.
  fileprivate var isDown: Bool {
    fileStatement.map { file.down?.contains($0) ?? false } ?? false
  }

  func isExistenceRace(_ error: ServerError) -> Bool {
    guard case .statement(let statement) = place, [.duplicateObject, .duplicateTable].contains(error.state)
    else {
      return false
    }
    let words = SQLWords(statement)
    return ["IF", "NOT", "EXISTS"].allSatisfy(words.contains)
  }

  /// Whether one of the file's statements sets what the transaction is; on a server that is read-only none need do so.
  private var setsTransaction: Bool { (file.up + file.statements(.down)).contains(where: \.setsTransaction) }

  func failure(_ error: ServerError, ofNewTenant isNew: Bool = false) -> MigrationFailure {
    var failure = MigrationFailure(reason(error), self, error)
    failure.isOfNewTenant = isNew
    return failure
  }

  private func reason(_ error: ServerError) -> MigrationFailure.Reason {
    switch (place, error.state) {
    case (.statement(let statement), .activeSQLTransaction) where statement.mayWantNoTransaction:
      .needsNoTransaction
    case (_, .invalidTransactionTermination): .endsTransaction
    case (.statement, .readOnlySQLTransaction): .refused
    case (_, .readOnlySQLTransaction) where setsTransaction: .readOnly
    case (_, .lockNotAvailable) where !error.isRaised: .locked
    case (.close, .undefinedTable), (.close, .divisionByZero): .ledgerRowGone
    case (.guard, .divisionByZero): .searchPathChanged
    case (.role, .insufficientPrivilege): .roleLacksUsage
    case (.target(_, let object), .divisionByZero): .meetsShared(object)
    case (.cascade, CascadeGuard.failure): .cascadesOutside(CascadeGuard.objects(error))
    case (_, .invalidLogarithm), (.guard, .undefinedTable), (.guard, .invalidSchemaName): .ledgerReplaced
    case (.record, .undefinedTable): .ledgerReplaced
    case (.record, .divisionByZero), (.record, .uniqueViolation): .ledgerChanged
    default: .refused
    }
  }

  fileprivate func location(_ position: Int?) -> (line: Int, column: Int, excerpt: String)? {
    guard let statement = fileStatement else { return nil }
    guard let position else {
      return (statement.line, statement.column, statement.excerpt())
    }
    let place = statement.location(ofCharacter: position)
    return (place.line, place.column, statement.excerpt(ofCharacter: position))
  }
}

extension SQLState {
  // The names are those of Appendix A.
  fileprivate static let activeSQLTransaction: SQLState = "25001"
  fileprivate static let readOnlySQLTransaction: SQLState = "25006"
}
