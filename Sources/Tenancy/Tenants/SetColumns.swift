internal import TenancyPostgres

/// A tenant whose extra columns got values, or whose protection was changed.
package struct ChangedColumns: Sendable, Hashable, Encodable {
  /// The tenant.
  package let name: TenantName
  /// The values as they were given.
  package let columns: ColumnValues
  /// Whether it was protected, or unprotected; `nil`: it stays as it is.
  package let protected: Bool?
}

extension TenantDatabase {
  /// Plans new values for a tenant's extra columns, and for its protection.
  ///
  /// Throws ``TenancyProblem`` if there is no such tenant, schema or column, or a column is the registry's own.
  /// - Parameter isProtected: whether ``planDrop(_:)`` is to refuse the tenant; `nil` leaves that as it is.
  package func planSet(
    _ name: TenantName, _ values: ColumnValues, isProtected: Bool? = nil
  ) async throws -> Plan<ChangedColumns> {
    try await withRegistry { connection, shape in
      try shape.check(values)
      let tenant = try await shape.tenant(name, over: connection)
      if isProtected != nil {
        if tenant.schema.isNobodys { throw TenancyProblem.sharedSchema(name, tenant.schema) }
        let found = try await connection.query(
          "SELECT to_regnamespace(\(tenant.schema.identifier.quoted)) IS NOT NULL")
        if try !found[0].decode(Bool.self) { throw tenant.unreachable }
      }
      let protection = isProtected.map { [PlannedStatement(Protection.set($0, on: tenant.schema))] } ?? []
      let update: [PlannedStatement] = values.isEmpty ? [] : .changing(shape.update(of: name, values))
      return Plan(
        result: ChangedColumns(name: name, columns: values, protected: isProtected),
        steps: [.transaction(self.limits.opening.map { PlannedStatement($0) } + update + protection)],
        database: self,
        explain: { error in
          switch error.state {
          case let state where state.errorClass == "22" || state.errorClass == "23":
            .badValue(
              column: error.column ?? values.keys.sorted().joined(separator: ", "), reason: error.message)
          default: nil
          }
        })
    }
  }
}

extension RegistryShape {
  fileprivate func update(of name: TenantName, _ values: ColumnValues) -> RowChange {
    let assignments = values.sorted { $0.key < $1.key }.map { column, value -> SQL in
      "\(Identifier(column)) = \(value)"
    }
    let source: SQL = "FROM \(tenants.table) t WHERE t.\(tenants.name) = \(name.rawValue)"
    return RowChange(
      event: .update, table: tenants.table, hasRule: tenants.rules.contains(.update),
      sql: """
        UPDATE \(tenants.table) t SET \(SQL.joined(assignments))\(touch)
        WHERE t.\(tenants.name) = \(name.rawValue)
        """, holds: "\(self.name) = \(name.rawValue)", source: source,
      outcome: "EXISTS (SELECT \(source) AND \(has(values)))")
  }
}
