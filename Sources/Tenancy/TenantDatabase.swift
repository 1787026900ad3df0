internal import Synchronization
internal import TenancyPostgres

/// A schema-per-tenant database: the door to everything that this module does.
///
/// ```swift
/// let database = try TenantDatabase("postgresql://app@db.example.com/shop")
/// let tanks = try await database.withTenant(forHost: "acme.example.com") { session in
///   try await session.query("SELECT name FROM tanks WHERE capacity > \(100)").map { row in
///     try row.decode("name", as: String.self)
///   }
/// }
/// ```
///
/// Every method throws ``TenancyError``, or `CancellationError` when its task is cancelled.
public final class TenantDatabase: Sendable {
  /// The rules that it works by.
  public let settings: Settings
  let pool: ConnectionPool
  private let target: ConnectionTarget
  private let observer: ConnectionObserver
  let knownShape = Mutex<RegistryShape?>(nil)
  let knownTraits = Mutex<DatabaseTraits?>(nil)
  /// Whether a pooler has been found to have no session free beside those that are held.
  let poolerIsFull = Atomic(false)

  /// A database. Nothing is connected yet.
  ///
  /// Throws ``TenancyError/Code-swift.struct/malformedURL``.
  /// - Parameters:
  ///   - connectionString: a URI or `key=value` pairs; `nil` leaves all to libpq (`PG*` variables, service file, `.pgpass`).
  ///   - settings: the rules to work by.
  ///   - connections: how many connections are open at most at a time.
  ///   - observer: what is told while it works.
  ///   - executor: where they wait for the server, which blocks; by default each on a thread of its own.
  public init(
    _ connectionString: String?, settings: Settings = Settings(), connections: Int = 8,
    observer: Observer = Observer(), executor: (any SerialExecutor)? = nil
  ) throws {
    do {
      let target = try connectionString.map { try ConnectionTarget($0) } ?? .environment
      (self.target, self.settings, self.observer) = (target, settings, observer.forConnection)
      pool = ConnectionPool(size: connections, patience: settings.poolTimeout) { [observer = self.observer] in
        // What the server says meanwhile is about the database, not about the tenant that the connection is for.
        try await FleetTask.$label.withValue(nil) {
          try await Connection.open(
            target, applicationName: settings.applicationName, opening: settings.opening,
            observer: observer, executor: executor)
        }
      }
    } catch {
      throw TenancyError.wrapping(error)
    }
  }

  /// Closes the connections; those that are in use, when their blocks end. Who waits for one, or asks for one afterwards,
  /// gets ``TenancyError/Code-swift.struct/poolClosed``.
  public func close() async {
    await pool.close()
  }
}

extension TenantDatabase {
  /// The rules that a ``TenantDatabase`` works by.
  public struct Settings: Sendable, Hashable {
    /// Where the registry is.
    public var registry: RegistryMapping
    /// What a new tenant may be called.
    public var names: NamePolicy
    /// Which host belongs to which tenant.
    public var routing: RoutingRules
    /// The name of the ledger's table in each schema.
    public var ledger: String
    /// What a tenant's search path has after the tenant's schema; `nil`: `public`, and what the database's own search path
    /// has besides.
    public var sharedSchemas: [SchemaName]?
    /// How long a statement may wait for a lock before it gives up, so that it never blocks a
    /// tenant's traffic.
    public var lockTimeout: Duration
    /// How long a block waits for a free connection before it gives up with ``TenancyError/Code-swift.struct/poolExhausted``;
    /// `nil` is for ever.
    public var poolTimeout: Duration?
    /// What the server shows in `pg_stat_activity.application_name`.
    public var applicationName: String
    /// Whether a read fails where row-level security would hide tenants: who administers must see all of them, or knows that
    /// some are missing. An app may be meant to see its own.
    package var refusesPolicies = false

    /// The defaults: flask-tenants' registry, strict names, 2 seconds of waiting for a lock and 30 for a connection.
    public init(
      registry: RegistryMapping = RegistryMapping(), names: NamePolicy = NamePolicy(),
      routing: RoutingRules = RoutingRules(), ledger: String = "schema_migrations",
      sharedSchemas: [SchemaName]? = nil,
      lockTimeout: Duration = .seconds(2), poolTimeout: Duration? = .seconds(30),
      applicationName: String = "tenantctl"
    ) {
      self.registry = registry
      self.names = names
      self.routing = routing
      self.ledger = ledger
      self.sharedSchemas = sharedSchemas
      self.lockTimeout = lockTimeout
      self.poolTimeout = poolTimeout
      self.applicationName = applicationName
    }

    /// What each transaction of ours begins with that is no block.
    var opening: SQL { TimeLimits(lock: lockTimeout).implicitOpening(refusesPolicies: refusesPolicies) }
  }

  /// What a ``TenantDatabase`` tells while it works.
  public struct Observer: Sendable {
    /// Gets each SQL statement just before it is sent.
    public var statement: (@Sendable (String) -> Void)?
    /// Gets the server's notices: severity (`WARNING`, `NOTICE`, ...) and text; after a line break its hint, if it has one.
    public var notice: (@Sendable (_ severity: String, _ message: String) -> Void)?

    /// An observer of statements, notices, both or none.
    public init(
      statement: (@Sendable (String) -> Void)? = nil,
      notice: (@Sendable (_ severity: String, _ message: String) -> Void)? = nil
    ) {
      self.statement = statement
      self.notice = notice
    }

    var forConnection: ConnectionObserver {
      var observer = ConnectionObserver(statement: statement)
      if let notice {
        observer.notice = { said in
          let hint = said.message.hint.map { "\nhint: \($0)" } ?? ""
          notice(said.severity, said.message.message + hint)
        }
      }
      return observer
    }
  }
}

// MARK: - How the operations reach the server

extension TenantDatabase {
  /// Lends a connection, and puts errors in our terms.
  func connected<T>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> T
  ) async throws -> T {
    do {
      return try await pool.withConnection(body)
    } catch {
      throw TenancyProblem.translating(error)
    }
  }

  /// Opens a connection outside of the pool, with a thread of its own.
  /// - Parameters:
  ///   - connectionString: another way to the same database.
  ///   - patience: how long to wait for it, unless the connection string says that.
  func connect(
    _ connectionString: String?, patience: Duration, answerLimit: Duration? = nil
  ) async throws -> Connection {
    try await Connection.open(
      connectionString.map { try ConnectionTarget($0) } ?? target, applicationName: settings.applicationName,
      opening: settings.opening, patience: patience, answerLimit: answerLimit, observer: observer)
  }

  /// Whether a pooler in between takes the option of a search path and does not keep it. One that refuses it makes each
  /// program fail that gives it, which is seen.
  func losesSearchPath() async throws -> Bool {
    let path = "tenantctl_probe"
    do {
      let connection = try await Connection.open(
        target, applicationName: settings.applicationName, options: "-c search_path=\(path)",
        observer: observer)
      let found = try await connection.query("SELECT pg_catalog.current_setting('search_path')")[0][0]
      await connection.close()
      return found != path
    } catch ConnectionError.refused {
      return false
    }
  }

  /// Does work on a list in batches, over all connections. Returns the results of the batches, in order.
  func inBatches<Element: Sendable, Value: Sendable>(
    of size: Int, _ list: [Element],
    _ work: @escaping @Sendable ([Element], Connection) async throws -> Value
  ) async throws -> [Value] {
    try await withThrowingTaskGroup { group in
      for start in stride(from: 0, to: list.count, by: size) {
        let batch = Array(list[start..<min(start + size, list.count)])
        group.addTask { (start, try await self.connected { try await work(batch, $0) }) }
      }
      let values = try await group.reduce(into: []) { $0.append($1) }
      return values.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  /// Lends a connection and the registry's shape as the catalog has it: for everything that writes.
  func withRegistry<T: Sendable>(
    _ body: (Connection, RegistryShape) async throws -> T
  ) async throws -> T {
    try await connected { connection in
      try await self.withRegistry(over: connection) { try await body(connection, $0) }
    }
  }

  /// The same over a connection that is lent already.
  func withRegistry<T>(
    over connection: Connection, isolation: isolated (any Actor)? = #isolation,
    _ body: (RegistryShape) async throws -> T
  ) async throws -> T {
    // A write does not notice that a column has come: what it would have to write there is left out.
    if knownShape.withLock({ $0?.awaited.isEmpty == false }) { forgetShape() }
    return try await body(try await shape(over: connection))
  }

  /// Lends a connection and the registry's shape, for a read that can be done again: the first attempt trusts
  /// the mapping, which saves the round trip to the catalog; if the server knows no such column or table, or the
  /// column has another type, the catalog is read and decides.
  func readingRegistry<T: Sendable>(
    _ body: (Connection, RegistryShape) async throws -> T
  ) async throws -> T {
    try await connected { connection in
      try await self.reading(over: connection) { try await body(connection, $0) }
    }
  }

  /// The same over a connection that is lent already.
  func reading<T>(
    over connection: Connection, isolation: isolated (any Actor)? = #isolation,
    _ body: (RegistryShape) async throws -> T
  ) async throws -> T {
    let known = knownShape.withLock { $0 }
    do {
      guard let shape = known ?? RegistryShape.promised(by: settings.registry) else { throw ShapeOutdated() }
      return try await body(shape)
    } catch {
      // An awaited column that has come makes the column NULL that says whether a tenant is active.
      let isOutdated = error is ShapeOutdated || (error is ColumnError && known?.awaited.isEmpty == false)
      let failure = error as? any PostgresFailure
      // A promised name is text; one that is a key does not compare with every text.
      let isKey = known == nil && failure?.state == .invalidTextRepresentation
      guard isOutdated || isKey || failure?.deniesShape == true else { throw error }
    }
    forgetShape()
    return try await body(try await shape(over: connection))
  }

  /// Before the next use the catalog is read again.
  func forgetShape() {
    knownShape.withLock { $0 = nil }
  }

  func shape(over connection: Connection) async throws -> RegistryShape {
    if let shape = knownShape.withLock({ $0 }) { return shape }
    let shape = try await RegistryShape.load(settings.registry, over: connection)
    knownShape.withLock { $0 = shape }
    return shape
  }

  /// That the database is distributed is known once its traits are: whoever changes a tenant's tables asks for them first.
  var limits: TimeLimits {
    TimeLimits(
      lock: settings.lockTimeout, isDistributed: knownTraits.withLock { $0?.isCitus ?? false })
  }
}

/// An error of the server, in whichever way it came.
private protocol PostgresFailure: Error {
  var state: SQLState { get }
}

extension ServerError: PostgresFailure {}
extension StatementError: PostgresFailure {
  fileprivate var state: SQLState { error.state }
}

/// Whether the database's encoding lacks a character of what was asked for: then nothing there has that name.
func isBeyondEncoding(_ error: any Error) -> Bool {
  (error as? any PostgresFailure)?.state == .untranslatableCharacter
}

extension PostgresFailure {
  /// Whether a name is not there, or is of a type that the statement has no use for.
  fileprivate var deniesShape: Bool {
    [
      .undefinedColumn, .undefinedTable, .invalidSchemaName, .datatypeMismatch, .undefinedFunction,
      .collationMismatch, .indeterminateCollation,
    ]
    .contains(state)
  }
}

extension Duration {
  /// As PostgreSQL's time settings take it.
  var milliseconds: String { "\(Int((self / .milliseconds(1)).rounded()))ms" }

  /// For people.
  var inSeconds: String { "\(components.seconds) s" }
}
