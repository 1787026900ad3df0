internal import TenancyPostgres

/// A tenant that got another name.
package struct RenamedTenant: Sendable, Hashable, Encodable {
  /// The name until now.
  package let from: TenantName
  /// The tenant as it is from now on.
  package let tenant: Tenant
  /// What still names the old schema: texts and settings that tenantctl cannot rewrite.
  package let mentions: [SchemaMention]

  private enum CodingKeys: CodingKey { case from, mentions }

  /// Flat: the tenant's keys and the others beside each other.
  package func encode(to encoder: any Encoder) throws {
    try tenant.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(from, forKey: .from)
    try container.encode(mentions, forKey: .mentions)
  }
}

extension TenantDatabase {
  /// Plans another name for a tenant: its schema, its row and its domains' rows, in one transaction. Where the registry
  /// has a column for the schema and it differs from the name, the schema stays, unless the registry computes it from the
  /// name: then it moves to what that gives.
  ///
  /// Throws ``TenancyProblem`` if there is no such tenant, or the new name will not do or is taken.
  package func planRename(_ old: TenantName, to new: TenantName) async throws -> Plan<RenamedTenant> {
    try settings.names.admit(new, in: settings.registry)
    return try await withRegistry { connection, shape in
      try shape.admit(new)
      let tenant = try await shape.tenantToChange(old, over: connection)
      // Out of the database's search path it may go: that it stays in the path is said afterwards.
      if self.settings.isShared(tenant.schema) { throw TenancyProblem.sharedSchema(old, tenant.schema) }
      let schema = try await self.schema(of: tenant, named: new, shape, over: connection)
      let renamed = Tenant(name: new, schema: schema, isActive: tenant.isActive)
      try await self.refuseShared(renamed, over: connection)
      let movesSchema = schema != tenant.schema
      if movesSchema, let other = try await shape.sharer(of: tenant, over: connection) {
        throw TenancyProblem.schemaNotAlone(tenant.schema, of: old, and: other)
      }
      try await self.checkRename(tenant, to: new, schema: schema, shape, over: connection)
      let mentions = SchemaMentions(old: tenant.schema, new: schema, trust: self.ledgerTrust)
      let move: [SQL] =
        movesSchema
        ? ["ALTER SCHEMA \(tenant.schema.identifier) RENAME TO \(schema.identifier)"] + mentions.follow : []
      let statements = (self.limits.opening + move).planned
      return Plan(
        result: RenamedTenant(
          from: old, tenant: renamed,
          mentions: movesSchema ? try await mentions.find(over: connection) : []),
        steps: [
          .transaction(
            statements + shape.refuseStaleDomains(ofNew: new)
              + shape.rename(tenant, to: new, schema: schema).confirmed(by: shape))
        ],
        database: self,
        explain: { error in
          switch error.state {
          case .foreignKeyViolation: .tenantReferenced(old, detail: error.detail ?? error.message)
          // It was free when the change was planned.
          case .duplicateSchema: .changedMeanwhile
          default: RefusedRow(shape: shape, tenant: new).problem(error)
          }
        }, schema: tenant.schema)
    }
  }

  /// The schema that the tenant has under another name.
  private func schema(
    of tenant: Tenant, named new: TenantName, _ shape: RegistryShape, over connection: Connection
  ) async throws -> SchemaName {
    if shape.tenants.isGenerated(shape.tenants.name) {
      throw TenancyProblem.columnGenerated(shape.tenants.name.name, table: shape.tenants.table.description)
    }
    let row = GeneratedRow(
      from: "FROM \(shape.tenants.table) t WHERE \(shape.isNamed(tenant.name))"
    ) {
      $0.name == shape.tenants.name.name ? shape.tenants.nameType.value(new) : "t.\(Identifier($0.name))"
    }
    if let computed = try await shape.schema(computedIn: row, for: new, over: connection) {
      if computed != tenant.schema { try settings.names.admit(computed) }
      return computed
    }
    guard tenant.schema == shape.schema(of: tenant.name) else { return tenant.schema }
    let schema = shape.schema(of: new)
    try settings.names.admit(schema)
    return schema
  }

  private func checkRename(
    _ tenant: Tenant, to new: TenantName, schema: SchemaName, _ shape: RegistryShape,
    over connection: Connection
  ) async throws {
    let found = try await connection.pipeline([
      shape.rivalsQuery(new, schema == tenant.schema ? nil : schema, butNot: tenant.name),
      """
      SELECT nspname FROM pg_catalog.pg_namespace
      WHERE nspname = ANY(\([tenant.schema.rawValue, schema.rawValue])::name[])
      """,
    ])
    if let rival = try RegistryShape.rival(of: new, in: found[0]) {
      throw shape.collision(Tenant(name: new, schema: schema, isActive: true), with: rival)
    }
    let schemas = found[1].compactMap { $0[0] }
    if new == tenant.name { throw TenancyProblem.tenantExists(new) }
    guard schemas.contains(tenant.schema.rawValue) else {
      throw TenancyProblem.schemaMissing(tenant.name, tenant.schema)
    }
    if schema != tenant.schema && schemas.contains(schema.rawValue) {
      throw try await obstacle(Tenant(name: new, schema: schema, isActive: true), shape, over: connection)
    }
  }

  /// What a schema is that is in the way of a tenant's new name: one that an interrupted create or drop has left, which `drop`
  /// removes, or any other.
  private func obstacle(_ new: Tenant, _ shape: RegistryShape, over connection: Connection) async throws
    -> TenancyProblem
  {
    let dropped = try await schema(marked: Self.dropMark(of: new.name), shape, over: connection)
    if dropped == new.schema { return .leftoverSchema(new.schema, of: new.name) }
    do {
      let mark = try await remains(of: new, [], shape, over: connection)
      return mark == nil ? .changedMeanwhile : .leftoverSchema(new.schema, of: new.name)
    } catch TenancyProblem.dropUnfinished, TenancyProblem.schemaReferenced {
      return .schemaWithoutTenant(new.schema)
    }
  }
}

extension RegistryShape {
  /// Both tables in one statement: a foreign key on `tenant_name` is checked at its end, when both rows have the new
  /// name. In two statements either order would break it.
  fileprivate func rename(_ tenant: Tenant, to new: TenantName, schema: SchemaName) -> [PlannedStatement] {
    let value = tenants.nameType.value(new)
    var assignments: SQL = "\(tenants.name) = \(value)"
    if let column = tenants.schemaApart, schema != tenant.schema, !tenants.isGenerated(column) {
      assignments = "\(assignments), \(column) = \(schema.rawValue)"
    }
    let isIt = isNamed(tenant.name)
    let source: SQL = "FROM \(tenants.table) t WHERE \(isIt)"
    let isRenamed: SQL = "\(name) = \(new.rawValue) AND \(self.schema) = \(schema.rawValue)"
    let row = RowChange(
      event: .update, table: tenants.table, hasRule: tenants.rules.contains(.update),
      sql: "UPDATE \(tenants.table) t SET \(assignments)\(touch) WHERE \(isIt)", holds: isRenamed,
      source: source,
      outcome: "EXISTS (SELECT FROM \(tenants.table) t WHERE \(isRenamed)) AND NOT EXISTS (SELECT \(source))")
    guard let domains, let column = domains.tenantName else { return .changing(row) }
    let areIts: SQL = "\(link(domains)) AND \(isIt)"
    let theirSource: SQL = "FROM \(domains.table) d, \(tenants.table) t WHERE \(areIts)"
    // What refers by a key may have had another name before, in a row of another tenant's.
    let isForgotten: SQL =
      keys(domains).domain == column
      ? "SELECT FROM \(domains.table) d WHERE d.\(column)::text = \(tenant.name.rawValue)"
      : """
      SELECT FROM \(domains.table) d, \(tenants.table) t
      WHERE \(link(domains)) AND \(isNamed(new)) AND d.\(column)::text <> \(new.rawValue)
      """
    let theirs = RowChange(
      event: .update, table: domains.table, hasRule: domains.rules.contains(.update),
      sql:
        "UPDATE \(domains.table) d SET \(column) = \(value) FROM \(tenants.table) t WHERE \(areIts)",
      count: "(SELECT count(*) \(theirSource))", holds: "d.\(column)::text = \(new.rawValue)",
      source: theirSource, outcome: "NOT EXISTS (\(isForgotten))")
    return .changing(theirs, row)
  }
}
