internal import SQLText
internal import Synchronization
public import TenancyPostgres

/// A tenant's view of the database, for the time of a block of ``TenantDatabase/withTenant(forHost:isolation:_:)``.
public struct TenantSession: Sendable {
  /// The tenant.
  public let tenant: Tenant
  private let connection: Connection
  private let lease = Lease()
  private let roles = Roles()

  fileprivate init(tenant: Tenant, connection: Connection) {
    self.tenant = tenant
    self.connection = connection
  }

  /// The connection is for another tenant's block next, whoever has kept the session.
  fileprivate func end() { lease.end() }

  /// Runs one statement; unqualified names mean the tenant's tables first, then the shared ones.
  ///
  /// The block is one transaction: a statement that ends it (COMMIT, ROLLBACK, PREPARE TRANSACTION) is refused with the
  /// SQLSTATE 2D000, as what came after it would be nobody's. SAVEPOINT and ROLLBACK TO undo a part.
  ///
  /// Throws ``TenancyError``, or `CancellationError` when the task is cancelled. After an error the transaction can only end.
  @discardableResult
  public func query(_ statement: SQL) async throws -> Rows {
    try await pipeline([statement])[0]
  }

  /// Runs the statements in one round trip and returns the rows of each.
  ///
  /// Throws as ``query(_:)`` does: the first failure. The statements after it do not run.
  public func pipeline(_ statements: [SQL]) async throws -> [Rows] {
    do {
      if let index = statements.firstIndex(where: { endsTransaction($0.text) }) {
        throw StatementError(index: index, error: .endsBlock)
      }
      return try await answers(to: statements)
    } catch is LeaseEnded {
      throw TenancyError.wrapping(TenancyProblem.sessionEnded, in: tenant.name)
    } catch {
      throw TenancyError.wrapping(error, in: tenant.name)
    }
  }
}

extension TenantSession {
  /// Where a statement has set a role, whether that may use the schema is looked at before the first statement whose names
  /// could mean the shared tables instead.
  private func answers(to statements: [SQL]) async throws -> [Rows] {
    let checked = roles.check(before: statements)
    if checked.isEmpty { return try await connection.pipeline(statements, during: lease) }
    var sent: [(sql: SQL, statement: Int, isOwn: Bool)] = []
    for (index, statement) in statements.enumerated() {
      if checked.contains(index) { sent.append((tenant.schema.usable, index, false)) }
      sent.append((statement, index, true))
    }
    do {
      let answers = try await connection.pipeline(sent.map(\.sql), during: lease)
      return zip(sent, answers).filter { $0.0.isOwn }.map { $0.1 }
    } catch let failure as StatementError where sent.indices.contains(failure.index) {
      throw StatementError(index: sent[failure.index].statement, error: failure.error)
    }
  }
}

/// What a block's statements say about the session's role.
private final class Roles: Sendable {
  private let watch = Mutex(RoleWatch())

  /// The indices of the statements before which it is to be checked.
  func check(before statements: [SQL]) -> Set<Int> {
    watch.withLock { watch in Set(statements.indices.filter { watch.matters(before: statements[$0].text) }) }
  }
}

extension TenantDatabase {
  /// Runs the block in one transaction that sees the tenant's schema first, then `public`, and nothing of another
  /// tenant: the counterpart of flask-tenants' `with_db()`. Committed when the block returns, rolled back when it
  /// throws. The search path ends with the transaction, so it also holds behind PgBouncer in transaction mode.
  ///
  /// The block runs where the caller does: on the main actor, or on the actor whose state it touches.
  ///
  /// Throws ``TenancyError`` before the block runs (``TenancyError/Code-swift.struct/tenantNotFound``,
  /// ``TenancyError/Code-swift.struct/tenantDeactivated``, ``TenancyError/Code-swift.struct/schemaMissing``, or that no
  /// connection was to be had) and when the commit fails, `CancellationError`, and what the block throws.
  ///
  /// A block within a block takes another connection: as many as the pool has, each waiting for a second one, end with
  /// ``TenancyError/Code-swift.struct/poolExhausted``.
  @discardableResult
  public func withTenant<T>(
    _ name: TenantName, isolation: isolated (any Actor)? = #isolation,
    _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    do {
      return try await connected { connection in
        let tenant = try await reading(over: connection) { try await $0.tenant(name, over: connection) }
        return try await enter(tenant, over: connection, body)
      }
    } catch {
      throw TenancyError.wrapping(error, in: name)
    }
  }

  /// The same for a tenant that was looked up before, which is not looked up again: the round trip that opens the
  /// transaction checks it. One that has been renamed or dropped since is not found; nor is one that has got its name since, if
  /// the registry has a key.
  ///
  /// Throws as the look-up by name does.
  @discardableResult
  public func withTenant<T>(
    _ tenant: Tenant, isolation: isolated (any Actor)? = #isolation,
    _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    do {
      return try await connected { try await enter(tenant, over: $0, body) }
    } catch {
      throw TenancyError.wrapping(error, in: tenant.name)
    }
  }

  /// The same for the tenant that serves a host, given as the `Host` header gives it.
  ///
  /// Throws as the look-up by name does, and as ``tenant(forHost:)`` does.
  @discardableResult
  public func withTenant<T>(
    forHost host: String, isolation: isolated (any Actor)? = #isolation,
    _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    try await withTenant(try await tenant(forHost: host), body)
  }

  /// A registry whose columns are not the promised ones fails the opening; then it is read, and there is another attempt.
  /// The block runs once: what fails after it has begun is the caller's.
  private func enter<T>(
    _ tenant: Tenant, over connection: Connection, isolation: isolated (any Actor)? = #isolation,
    _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    if !tenant.schema.canBeEntered { throw TenancyProblem.schemaNotEnterable(tenant.name, tenant.schema) }
    let path = try await frame(over: connection).path
    return try await reading(over: connection) { shape in
      var hasBegun = false
      do {
        let opening = limits.opening + [shape.check(tenant), path.enter(tenant.schema)]
        return try await connection.cleaningAfter(opening) { opened in
          try Self.judge(opened[opening.count - 2].first, tenant)
          hasBegun = true
          let session = TenantSession(tenant: tenant, connection: connection)
          defer { session.end() }
          return try await body(session)
        }
      } catch  where hasBegun {
        throw TenancyError.wrapping(error, in: tenant.name)
      }
    }
  }

  /// Throws if the row of the opening says that the tenant cannot be entered.
  private static func judge(_ row: Row?, _ tenant: Tenant) throws {
    guard let row else { throw TenancyProblem.tenantNotFound(tenant.name) }
    let (isThere, isActive) = try row.decode(Bool.self, Bool?.self)
    guard let isActive else { throw ShapeOutdated() }
    guard isActive else { throw TenancyProblem.tenantDeactivated(tenant.name) }
    guard isThere else { throw TenancyProblem.schemaMissing(tenant.name, tenant.schema) }
  }
}

extension RegistryShape {
  /// Whether the schema is there and the tenant is served; fails without USAGE on the schema.
  fileprivate func check(_ tenant: Tenant) -> SQL {
    """
    SELECT to_regnamespace(\(tenant.schema.identifier.quoted)) IS NOT NULL, \(isActive),
      to_regclass(\(tenant.schema.relation("-").quoted))
    FROM \(tenants.table) t WHERE \(isNamed(tenant.name)) AND \(schema) = \(tenant.schema.rawValue)\(isSame(tenant))
    """
  }

  private func isSame(_ tenant: Tenant) -> SQL {
    guard let rowKey, let key = tenant.key else { return "" }
    return " AND t.\(rowKey)::text = \(key)"
  }
}

extension Connection {
  /// Runs the block in a transaction, and takes away what its statements have left in the session: the next block is another
  /// tenant's.
  fileprivate func cleaningAfter<T>(
    _ opening: [SQL], isolation: isolated (any Actor)? = #isolation,
    _ body: (_ opened: [Rows]) async throws -> T
  ) async throws -> T {
    let closing: [SQL] = await .leaving(for: self)
    return try await transaction(
      opening: opening, closing: closing, rollingBack: SessionCleaning.afterRollback, body)
  }
}
