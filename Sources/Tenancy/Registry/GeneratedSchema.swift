internal import TenancyPostgres

/// A row of the tenants' table as it is going to be, for what PostgreSQL computes from it.
struct GeneratedRow {
  /// `FROM ... WHERE ...`; empty for a row that is made of values alone.
  let from: SQL
  /// The value of a column; `nil` if it is unknown before the row is stored.
  let value: (CatalogTable.Column) -> SQL?
}

extension RegistryShape {
  /// The schema of a tenant in a registry that generates the column (`GENERATED ALWAYS AS`); `nil` where it does not.
  func schema(
    computedIn row: GeneratedRow, for name: TenantName, over connection: Connection
  ) async throws -> SchemaName? {
    guard let column = tenants.schemaApart, tenants.isGenerated(column) else { return nil }
    let expressions = try await connection.query(
      """
      SELECT pg_get_expr(f.adbin, f.adrelid) FROM pg_catalog.pg_attrdef f
      JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
      WHERE f.adrelid = to_regclass(\(tenants.table.quoted)) AND a.attname = \(column.name)
      """)
    guard let expression = expressions.first?[0] else { return nil }
    let values = tenants.columns.filter { !$0.isGenerated }.map { column -> SQL in
      let type: SQL = "\(unsafeRaw: column.type)"
      return "(\(row.value(column) ?? "NULL"))::\(type) AS \(Identifier(column.name))"
    }
    let computed = try await connection.query(
      "SELECT (\(unsafeRaw: expression))::text FROM (SELECT \(SQL.joined(values)) \(row.from)) r"
    ).first?[0]
    return computed.flatMap { $0.isEmpty ? nil : SchemaName(stored: $0) } ?? self.schema(of: name)
  }
}

extension TenantDatabase {
  /// The schema that the registry will compute for a new tenant; `nil` where it computes none.
  func computedSchema(
    of new: NewTenant, _ shape: RegistryShape, over connection: Connection
  ) async throws -> SchemaName? {
    guard let column = shape.tenants.schemaApart, shape.tenants.isGenerated(column) else { return nil }
    let tenant = Tenant(name: new.name, schema: shape.schema(of: new.name), isActive: new.isActive)
    let assignments = try shape.assignments(for: tenant, new.values)
    let row = GeneratedRow(from: "") { column in
      assignments.first { $0.0.name == column.name }?.1
    }
    let schema = try await shape.schema(computedIn: row, for: new.name, over: connection)
    if let schema { try settings.names.admit(schema) }
    return schema
  }
}
