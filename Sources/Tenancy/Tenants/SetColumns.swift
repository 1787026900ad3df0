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
  /// Plans new values for the extra columns of tenants, and for their protection, in one transaction; the protection of very many
  /// in several, which are undone if one of them fails.
  ///
  /// Throws ``TenancyProblem`` if one of the tenants, its schema or a column does not exist, or a column is the registry's
  /// own.
  /// - Parameter isProtected: whether ``planDrop(_:)`` is to refuse the tenants; `nil` leaves that as it is.
  package func planSet(
    _ names: [TenantName], _ values: ColumnValues, isProtected: Bool? = nil
  ) async throws -> Plan<[ChangedColumns]> {
    try await withRegistry { connection, shape in
      try shape.check(values)
      let tenants = try await self.tenants(named: names, over: connection, shape)
      var protection: ProtectionChange?
      if let isProtected {
        try await self.checkSchemas(of: tenants, over: connection)
        protection = try await self.protection(isProtected, of: tenants, over: connection)
      }
      let update: [PlannedStatement] =
        values.isEmpty ? [] : .changing(shape.update(of: tenants.map(\.name), values).evenIfHidden)
      let marks = protection?.statements ?? []
      // The rows are changed last: with them all is done, and nothing has to be undone.
      let transactions = marks.dropLast() + [update.confirmed(by: shape) + (marks.last ?? [])]
      return Plan(
        result: tenants.map { ChangedColumns(name: $0.name, columns: values, protected: isProtected) },
        steps: tenants.isEmpty ? [] : transactions.map { .transaction(self.limits.opening.planned + $0) },
        database: self,
        explain: tenants.first.map { RefusedRow(shape: shape, tenant: $0.name, values: values).problem }
          ?? { _ in nil },
        cleanUp: self.undoing(protection))
    }
  }

  /// What takes marks back that were made before another failed. Not assigned to the plan on a condition: an optimized program
  /// then leaves it without a value where there is nothing to take back (Swift 6.3).
  private func undoing(
    _ protection: ProtectionChange?
  ) -> (@Sendable (_ done: Int, _ cause: any Error) async -> TenancyProblem?)? {
    guard let protection else { return nil }
    return { await self.undo(protection, transactions: $0, after: $1) }
  }

  /// In the order of the names.
  private func tenants(
    named names: [TenantName], over connection: Connection, _ shape: RegistryShape
  ) async throws -> [Tenant] {
    var tenants: [Tenant] = []
    for name in names.uniqued() { tenants.append(try await shape.tenantToChange(name, over: connection)) }
    return tenants
  }

  private func checkSchemas(of tenants: [Tenant], over connection: Connection) async throws {
    if let shared = tenants.first(where: { settings.isShared($0.schema) }) {
      throw TenancyProblem.sharedSchema(shared.name, shared.schema)
    }
    let rows = try await connection.query(
      """
      SELECT nspname FROM pg_catalog.pg_namespace
      WHERE nspname = ANY(\(tenants.map(\.schema.rawValue))::text[])
      """)
    let found = Set(rows.compactMap { $0[0] })
    if let tenant = tenants.first(where: { !found.contains($0.schema.rawValue) }) { throw tenant.unreachable }
  }
}

extension RegistryShape {
  /// Whether a trigger before the update may store another value, such as an address in lower case: then what is stored
  /// is the app's to say.
  private var mayAlterValues: SQL {
    """
    EXISTS (
      SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = to_regclass(\(tenants.table.quoted))
        AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & 1 = 1 AND g.tgtype & 66 <> 0 AND g.tgtype & 16 <> 0)
    """
  }

  fileprivate func update(of names: [TenantName], _ values: ColumnValues) -> RowChange {
    let assignments = values.sorted { $0.key < $1.key }.map { column, value -> SQL in
      "\(Identifier(column)) = \(value)"
    }
    let areThey = isNamed(oneOf: names)
    let source: SQL = "FROM \(tenants.table) t WHERE \(areThey)"
    let count: SQL = "\(unsafeRaw: "\(names.count)")"
    return RowChange(
      event: .update, table: tenants.table, hasRule: tenants.rules.contains(.update),
      sql: "UPDATE \(tenants.table) t SET \(SQL.joined(assignments))\(touch) WHERE \(areThey)", count: count,
      holds: areThey, source: source,
      outcome: "(SELECT count(*) \(source) AND (\(has(values)) OR \(mayAlterValues))) >= \(count)")
  }
}
