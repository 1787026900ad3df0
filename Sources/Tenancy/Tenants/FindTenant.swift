internal import TenancyPostgres

extension RegistryShape {
  /// The columns that a ``Tenant`` is made of, in its order.
  var tenantColumns: SQL { "\(name), \(schema), \(isActive)" }

  /// The same with the key of the row, which ``serving(_:named:)`` reads, too.
  var keyedColumns: SQL {
    let key: SQL = rowKey.map { "t.\($0)" } ?? "NULL"
    return "\(tenantColumns), \(key)"
  }

  /// The column whose value tells a row from others for good; `nil` if none is known to be there. Not every registry has one, and
  /// a shape that is only promised need not have one that nothing refers to.
  var rowKey: Identifier? {
    let isKnown = !tenants.columns.isEmpty || domains.map { keys($0).tenant } == tenants.id
    return isKnown ? tenants.id : nil
  }

  func tenantQuery(_ name: TenantName) -> SQL {
    "SELECT \(keyedColumns) FROM \(tenants.table) t WHERE \(isNamed(name))"
  }

  static func tenant(in row: Row) throws -> Tenant {
    let (name, schema, isActive) = try row.decode(String.self, String.self, Bool.self)
    return Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: isActive)
  }

  /// The tenants that have this name but for its case, or this schema. In no order, which would take the planner of a fresh
  /// session as long as all the rest.
  /// - Parameter other: not this one.
  func rivalsQuery(_ name: TenantName, _ schema: SchemaName?, butNot other: TenantName? = nil) -> SQL {
    let isOther: SQL = other.map { " AND NOT (\(isNamed($0)))" } ?? ""
    let hasSchema: SQL = schema.map { " OR \(self.schema) = \($0.rawValue)" } ?? ""
    return """
      SELECT \(tenantColumns) FROM \(tenants.table) t WHERE (\(isNamedInAnyCase(name))\(hasSchema))\(isOther)
      """
  }

  /// One of those that the ``rivalsQuery(_:_:butNot:)`` found; the one of the very name, if it is there.
  static func rival(of name: TenantName, in rows: Rows) throws -> Tenant? {
    let rivals = try rows.map(tenant)
    return rivals.first { $0.name == name } ?? rivals.first
  }

  /// Why a tenant cannot exist together with another one that was found.
  func collision(_ tenant: Tenant, with rival: Tenant) -> TenancyProblem {
    if rival.name == tenant.name { return .tenantExists(tenant.name) }
    return rival.name.rawValue.lowercased() == tenant.name.rawValue.lowercased()
      ? .tenantNameCollides(tenant.name, with: rival.name) : .schemaTaken(tenant.schema, by: rival.name)
  }

  /// Another tenant with the same schema.
  func sharer(of tenant: Tenant, over connection: Connection) async throws -> TenantName? {
    guard tenants.schemaApart != nil else { return nil }
    let rows = try await connection.query(
      """
      SELECT \(name) FROM \(tenants.table) t
      WHERE \(schema) = \(tenant.schema.rawValue) AND NOT (\(isNamed(tenant.name))) LIMIT 1
      """)
    return rows.first?[0].map(TenantName.init(stored:))
  }

  /// The tenant of that name. Throws ``TenancyProblem/tenantNotFound(_:)`` or, if several rows with the name are active,
  /// ``TenancyProblem/tenantAmbiguous(_:table:)``.
  func tenant(_ name: TenantName, over connection: Connection) async throws -> Tenant {
    guard let tenant = try serving(try await rows(named: name, over: connection), named: name) else {
      throw TenancyProblem.tenantNotFound(name)
    }
    return tenant
  }

  /// Of the rows of a name the one that counts: an app may keep those of tenants that it has deleted, deactivated.
  func serving(_ rows: some Collection<Row>, named name: TenantName) throws -> Tenant? {
    let tenants = try rows.map { row in
      var tenant = try Self.tenant(in: row)
      tenant.key = row[3]
      return tenant
    }
    let active = tenants.filter(\.isActive)
    if active.count > 1 { throw TenancyProblem.tenantAmbiguous(name, table: self.tenants.table.description) }
    return active.first ?? tenants.first
  }

  /// The tenant of that name for a change. Throws ``TenancyProblem/tenantNotFound(_:)`` or
  /// ``TenancyProblem/tenantAmbiguous(_:table:)``.
  func tenantToChange(_ name: TenantName, over connection: Connection) async throws -> Tenant {
    let rows = try await rows(named: name, over: connection)
    guard let row = rows.first else { throw TenancyProblem.tenantNotFound(name) }
    try refuseSeveral(rows, name)
    return try Self.tenant(in: row)
  }

  /// Nothing may keep an app from several rows with one name, as of tenants that it has archived: a change would be a change
  /// of them all.
  func refuseSeveral(_ rows: some Collection, _ name: TenantName) throws(TenancyProblem) {
    if rows.count > 1 { throw .tenantAmbiguous(name, table: tenants.table.description) }
  }

  private func rows(named name: TenantName, over connection: Connection) async throws -> Rows {
    do {
      return try await connection.query(tenantQuery(name))
    } catch  where isBeyondEncoding(error) {
      throw TenancyProblem.tenantNotFound(name)
    }
  }
}

extension TenantDatabase {
  /// Those of the names that tenants have.
  package func existing(_ names: [TenantName]) async throws -> Set<TenantName> {
    try await readingRegistry { connection, shape in
      let rows = try await connection.query(
        "SELECT \(shape.tenantColumns) FROM \(shape.tenants.table) t WHERE \(shape.isNamed(oneOf: names))")
      return Set(try rows.map { try RegistryShape.tenant(in: $0).name })
    }
  }
}
