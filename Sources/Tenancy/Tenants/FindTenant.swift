internal import Postgres

extension RegistryShape {
  /// The columns that a ``Tenant`` is made of, in its order.
  var tenantColumns: SQL { "\(name), \(schema), \(isActive)" }

  func tenantQuery(_ name: TenantName) -> SQL {
    "SELECT \(tenantColumns) FROM \(tenants.table) t WHERE t.\(tenants.name) = \(name.rawValue)"
  }

  static func tenant(in row: Row) throws -> Tenant {
    let (name, schema, isActive) = try row.decode(String.self, String.self, Bool?.self)
    return Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: isActive ?? true)
  }

  /// The tenant of that name. Throws ``TenancyError/tenantNotFound(_:)``.
  func tenant(_ name: TenantName, over connection: Connection) async throws -> Tenant {
    guard let row = try await connection.query(tenantQuery(name)).first else {
      throw TenancyError.tenantNotFound(name)
    }
    return try Self.tenant(in: row)
  }
}
