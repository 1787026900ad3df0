public import TenancyPostgres

/// A tenant's view of the database, for the time of a block.
public struct TenantSession: Sendable {
  /// The tenant.
  public let tenant: Tenant
  private let connection: Connection

  init(tenant: Tenant, connection: Connection) {
    self.tenant = tenant
    self.connection = connection
  }

  /// Runs one statement; unqualified names mean the tenant's tables first, then the shared ones.
  ///
  /// Throws `ServerError`, `ConnectionError` or `CancellationError`. After an error the transaction can only end.
  @discardableResult
  public func query(_ statement: SQL) async throws -> Rows {
    try await connection.query(statement)
  }

  /// Runs the statements in one round trip.
  ///
  /// Throws `StatementError`, `ConnectionError` or `CancellationError`.
  public func pipeline(_ statements: [SQL]) async throws -> [Rows] {
    try await connection.pipeline(statements)
  }
}

extension TenantDatabase {
  /// Runs the block in one transaction that sees the tenant's schema first, then `public`, and nothing of another
  /// tenant: the counterpart of flask-tenants' `with_db()`. Committed when the block returns, rolled back when it
  /// throws. The search path ends with the transaction, so it also holds behind PgBouncer in transaction mode.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)``, ``TenancyProblem/tenantDeactivated(_:)`` or
  /// ``TenancyProblem/schemaMissing(_:_:)`` before any statement of the block runs, and what the block throws.
  public func withTenant<T: Sendable>(
    _ name: TenantName, _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    try await connected { connection in
      do {
        return try await enter(name, over: connection, body)
      } catch is ShapeOutdated {
        // The block has not run yet.
        forgetShape()
        return try await enter(name, over: connection, body)
      }
    }
  }

  private func enter<T: Sendable>(
    _ name: TenantName, over connection: Connection, _ body: (TenantSession) async throws -> T
  ) async throws -> T {
    // Nothing can be retried in a failed transaction, and the block must run once, so the tenant is read before it: if the
    // registry's columns have changed, it is read twice, without an error.
    let (tenant, shape) = try await reading(over: connection) {
      (try await $0.tenant(name, over: connection), $0)
    }
    guard tenant.isActive else { throw TenancyProblem.tenantDeactivated(name) }
    if !tenant.schema.canBeEntered { throw TenancyProblem.schemaNotEnterable(name, tenant.schema) }
    let path = try await frame(over: connection).path
    let opening = [SessionCleaning.pin, shape.check(tenant), path.enter(tenant.schema)]
    return try await connection.cleaningAfter(opening) { opened in
      let (isThere, isActive) = try opened[1].first?.decode(Bool.self, Bool?.self) ?? (false, false)
      guard isThere else { throw TenancyProblem.schemaMissing(name, tenant.schema) }
      guard let isActive else { throw ShapeOutdated() }
      guard isActive else { throw TenancyProblem.tenantDeactivated(name) }
      return try await body(TenantSession(tenant: tenant, connection: connection))
    }
  }
}

extension RegistryShape {
  /// Whether the schema is there and the tenant is served; fails without USAGE on the schema.
  fileprivate func check(_ tenant: Tenant) -> SQL {
    """
    SELECT to_regnamespace(\(tenant.schema.identifier.quoted)) IS NOT NULL, \(isActive),
      to_regclass(\(tenant.schema.relation("-").quoted))
    FROM \(tenants.table) t WHERE t.\(tenants.name) = \(tenant.name.rawValue)
    """
  }
}

extension Connection {
  /// Runs the block in a transaction, and takes away what its statements have left in the session: the next block is another
  /// tenant's.
  fileprivate nonisolated func cleaningAfter<T: Sendable>(
    _ opening: [SQL], _ body: (_ opened: [Rows]) async throws -> T
  ) async throws -> T {
    let closing: [SQL] = await .leaving(for: self)
    do {
      return try await transaction(opening: opening, closing: closing, body)
    } catch {
      await clean()
      throw error
    }
  }
}
