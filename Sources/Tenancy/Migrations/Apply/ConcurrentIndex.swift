internal import SQLText
internal import TenancyPostgres

/// The index that a statement makes or drops CONCURRENTLY, as far as its words tell.
///
/// If that fails, or is cut off, PostgreSQL leaves an index that is not valid: no query uses it, every write
/// updates it, and `IF NOT EXISTS` skips the build because of it (PostgreSQL manual, "Building Indexes Concurrently").
struct ConcurrentIndex: Sendable, Hashable {
  enum Action: Sendable, Hashable {
    case create, createIfNotExists, drop
  }

  let action: Action
  /// `nil` if it is for PostgreSQL to choose, or of another schema than the one at hand.
  let name: String?

  /// `nil` for any other statement.
  init?(_ statement: SQLStatement) {
    let words = SQLWords(statement)
    guard let index = words.firstIndex(of: "INDEX", "CONCURRENTLY"), 1...2 ~= index,
      let first = words.words.first
    else { return nil }
    let rest = words.words.dropFirst(index + 2)
    let hasCondition = rest.first?.is("IF") ?? false
    if first.is("DROP") {
      action = .drop
    } else if first.is("CREATE") {
      action = hasCondition ? .createIfNotExists : .create
    } else {
      return nil
    }
    let named = rest.dropFirst(hasCondition ? (action == .drop ? 2 : 3) : 0)
    guard let word = named.first, word.isName, !word.is("ON"), named.dropFirst().first?.text != "." else {
      name = nil
      return
    }
    name = word.name
  }
}

/// What the catalog says about an index.
struct IndexState: Sendable, Hashable {
  let isValid: Bool
  /// Whether another session holds the lock on its table that a build needs (SHARE UPDATE EXCLUSIVE).
  let isBeingBuilt: Bool
  /// Whether it was made after the statements before were recorded as done, so by the statement that was running.
  let isNew: Bool

  /// `nil` if there is no such index in the ledger's schema.
  /// - Parameter index: the statement of the file that makes or drops it.
  static func find(
    _ name: String, for steps: StatementSteps, _ index: Int, over connection: Connection
  ) async throws -> IndexState? {
    let rows = try await steps.ledger.read(
      """
      SELECT i.indisvalid, \(isBeingBuilt), coalesce(age(c.xmin) < (\(steps.ageOfProgress(before: index))), false)
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE c.oid = to_regclass(\(steps.schema.relation(name).quoted))
      """, steps.limits, over: connection)
    return try rows.first.map { row in
      let (isValid, isBeingBuilt, isNew) = try row.decode(Bool.self, Bool.self, Bool.self)
      return IndexState(isValid: isValid, isBeingBuilt: isBeingBuilt, isNew: isNew)
    }
  }

  /// The names of a schema's indexes that are not valid, and that no other session is building: it has a lock on the table, in
  /// this mode, until the end. Those of partitioned tables are so until each partition has one.
  static func invalid(in schema: SchemaName, over connection: Connection) async throws -> [String] {
    try await connection.query(
      """
      SELECT c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = to_regnamespace(\(schema.identifier.quoted))
        AND NOT \(isBeingBuilt)
      ORDER BY c.relname
      """
    ).map { try $0.decode(String.self) }
  }

  /// Whether another session is building the index `i`, or others of its table: REINDEX makes them all before it builds the
  /// first. VACUUM and ANALYZE take the same lock.
  static let isBeingBuilt: SQL = """
    EXISTS (
      SELECT FROM pg_catalog.pg_locks l
      WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = l.pid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze v WHERE v.pid = l.pid)
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    """

  static func drop(_ name: String, in schema: SchemaName) -> SQL {
    "DROP INDEX CONCURRENTLY IF EXISTS \(schema.relation(name))"
  }
}
