internal import TenancyPostgres

/// A tenant whose extra columns got values.
package struct ChangedColumns: Sendable, Hashable, Encodable {
  /// The tenant.
  package let name: TenantName
  /// The values as they were given.
  package let columns: ColumnValues
}

extension TenantDatabase {
  /// Plans new values for a tenant's extra columns.
  ///
  /// Throws ``TenancyProblem`` if there is no such tenant or column, or a column is the registry's own.
  package func planSet(_ name: TenantName, _ values: ColumnValues) async throws -> Plan<ChangedColumns> {
    try await withRegistry { connection, shape in
      try shape.check(values)
      _ = try await shape.tenant(name, over: connection)
      let assignments = values.sorted { $0.key < $1.key }.map { column, value -> SQL in
        "\(Identifier(column)) = \(value)"
      }
      let source: SQL = "FROM \(shape.tenants.table) t WHERE t.\(shape.tenants.name) = \(name.rawValue)"
      let update = RowChange(
        event: .update, table: shape.tenants.table, hasRule: shape.tenants.rules.contains(.update),
        sql: """
          UPDATE \(shape.tenants.table) t SET \(SQL.joined(assignments))\(shape.touch)
          WHERE t.\(shape.tenants.name) = \(name.rawValue)
          """, holds: "\(shape.name) = \(name.rawValue)", source: source,
        outcome: "EXISTS (SELECT \(source) AND \(shape.has(values)))")
      return Plan(
        result: ChangedColumns(name: name, columns: values),
        steps: [.transaction(self.limits.opening.map { PlannedStatement($0) } + .changing(update))],
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
