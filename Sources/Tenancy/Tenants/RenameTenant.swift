internal import Postgres

/// A tenant that got another name.
public struct RenamedTenant: Sendable, Hashable, Encodable {
  /// The name until now.
  public let from: TenantName
  /// The tenant as it is from now on.
  public let tenant: Tenant
}

extension TenantDatabase {
  /// Plans another name for a tenant: its schema, its row and its domains' rows, in one transaction. Where the registry
  /// has a column for the schema and it differs from the name, the schema stays.
  ///
  /// Throws ``TenancyError`` if there is no such tenant, or the new name will not do or is taken.
  public func planRename(_ old: TenantName, to new: TenantName) async throws -> Change<RenamedTenant> {
    try settings.names.check(new)
    return try await withRegistry { connection, shape in
      let tenant = try await shape.tenant(old, over: connection)
      if tenant.schema.isNobodys { throw TenancyError.sharedSchema(old, tenant.schema) }
      let movesSchema = tenant.schema.rawValue == old.rawValue
      let schema = movesSchema ? SchemaName(of: new) : tenant.schema
      if movesSchema, let other = try await shape.sharer(of: tenant, over: connection) {
        throw TenancyError.schemaNotAlone(tenant.schema, of: old, and: other)
      }
      try await self.checkRename(tenant, to: new, schema: schema, shape, over: connection)
      let move: [SQL] =
        movesSchema ? ["ALTER SCHEMA \(tenant.schema.identifier) RENAME TO \(schema.identifier)"] : []
      let statements = (self.limits.opening + move).map { PlannedStatement($0) }
      return Change(
        result: RenamedTenant(
          from: old, tenant: Tenant(name: new, schema: schema, isActive: tenant.isActive)),
        steps: [.transaction(statements + [shape.rename(old, to: new, schema: movesSchema ? schema : nil)])],
        database: self,
        explain: { error in
          switch error.state {
          case .foreignKeyViolation: .tenantReferenced(old, detail: error.detail ?? error.message)
          // It was free when we looked.
          case .duplicateSchema: .changedMeanwhile
          default: self.explainRows(error, new)
          }
        })
    }
  }

  private func checkRename(
    _ tenant: Tenant, to new: TenantName, schema: SchemaName, _ shape: RegistryShape,
    over connection: Connection
  ) async throws {
    let found = try await connection.pipeline([
      shape.rivalQuery(new, schema == tenant.schema ? nil : schema, butNot: tenant.name),
      """
      SELECT nspname FROM pg_catalog.pg_namespace
      WHERE nspname = ANY(\([tenant.schema.rawValue, schema.rawValue])::name[])
      """,
    ])
    if let rival = try found[0].first.map(RegistryShape.tenant) {
      throw shape.collision(Tenant(name: new, schema: schema, isActive: true), with: rival)
    }
    let schemas = found[1].compactMap { $0[0] }
    if new == tenant.name { throw TenancyError.tenantExists(new) }
    guard schemas.contains(tenant.schema.rawValue) else {
      throw TenancyError.schemaMissing(tenant.name, tenant.schema)
    }
    if schema != tenant.schema && schemas.contains(schema.rawValue) {
      throw TenancyError.schemaWithoutTenant(schema)
    }
  }
}

extension RegistryShape {
  /// Both tables in one statement: a foreign key on `tenant_name` is checked at its end, when both rows have the new
  /// name. In two statements either order would break it.
  fileprivate func rename(_ old: TenantName, to new: TenantName, schema newSchema: SchemaName?)
    -> PlannedStatement
  {
    var assignments: SQL = "\(tenants.name) = \(new.rawValue)"
    if let column = tenants.schemaApart, let newSchema {
      assignments = "\(assignments), \(column) = \(newSchema.rawValue)"
    }
    let row: SQL =
      "UPDATE \(tenants.table) SET \(assignments)\(touch) WHERE \(tenants.name) = \(old.rawValue)"
    let moved: SQL? = domains.flatMap { domains in
      domains.tenantName.map {
        """
        UPDATE \(domains.table) d SET \($0) = \(new.rawValue) FROM \(tenants.table) t
        WHERE \(link(domains)) AND t.\(tenants.name) = \(old.rawValue)
        """
      }
    }
    return PlannedStatement(mustAffectRows: row, with: moved)
  }
}
