internal import TenancyPostgres

extension TenantDatabase.Settings {
  /// Whether no tenant can own the schema, whatever a row says: it is the server's, or what all tenants share.
  func isShared(_ schema: SchemaName) -> Bool { schema.isReserved || allShared.contains(schema) }

  /// The same of a schema's name in SQL.
  func isShared(_ schema: SQL) -> SQL {
    "(\(SchemaName.isReserved(schema)) OR \(schema) = ANY(\(allShared.map(\.rawValue))::text[]))"
  }

  /// Whether a row with the schema is no tenant's, but all tenants', as django-tenants keeps one for `public`. A row with a
  /// schema of the server's is a tenant's whose row is wrong.
  func isNoTenants(_ schema: SchemaName) -> Bool { isShared(schema) && !schema.isImpossible }

  /// What all tenants share, in addition to `public`.
  private var allShared: [SchemaName] {
    (sharedSchemas ?? []) + registry.tables.map { SchemaName(stored: $0.schema.name) }
  }
}

extension TenantDatabase {
  /// Whether the schema is not to be made or dropped as a tenant's: all tenants share it, or every session's names lead there.
  func isShared(_ schema: SchemaName, over connection: Connection) async throws -> Bool {
    if settings.isShared(schema) { return true }
    return try await traits(over: connection).searched.contains(schema)
  }

  /// Throws ``TenancyProblem/sharedSchema(_:_:)`` if that is what the tenant's schema is.
  func refuseShared(_ tenant: Tenant, over connection: Connection) async throws {
    if try await isShared(tenant.schema, over: connection) {
      throw TenancyProblem.sharedSchema(tenant.name, tenant.schema)
    }
  }
}
