internal import TenancyPostgres

/// What activating or deactivating did to one tenant.
package struct ActivityChange: Sendable, Hashable, Encodable {
  /// The tenant.
  package let name: TenantName
  /// Whether the app serves it from now on.
  package let active: Bool
  /// Whether that was not so before.
  package let changed: Bool
}

extension TenantDatabase {
  /// Plans to have tenants served, or not served, by the app. Those that are so already stay as they are.
  ///
  /// Throws ``TenancyProblem`` if one of them does not exist, is no tenant but the shared schema's row, or the registry
  /// knows no deactivation.
  package func planSetActive(_ names: [TenantName], _ isActive: Bool) async throws -> Plan<[ActivityChange]> {
    try await withRegistry { connection, shape in
      guard let activity = shape.tenants.activity else {
        throw TenancyProblem.noDeactivation(table: shape.tenants.table.description)
      }
      let rows = try await connection.query(
        """
        SELECT \(shape.tenantColumns) FROM \(shape.tenants.table) t
        WHERE \(shape.isNamed(oneOf: names))
        """)
      let found = try rows.map { try RegistryShape.tenant(in: $0) }
      if !isActive, let shared = found.first(where: { self.settings.isShared($0.schema) }) {
        throw TenancyProblem.sharedSchema(shared.name, shared.schema)
      }
      let named = Dictionary(grouping: found, by: \.name)
      let changes = try names.uniqued().map { name in
        guard let rows = named[name] else { throw TenancyProblem.tenantNotFound(name) }
        try shape.refuseSeveral(rows, name)
        return ActivityChange(name: name, active: isActive, changed: rows[0].isActive != isActive)
      }
      let targets = changes.filter(\.changed).map(\.name)
      let column = Identifier(activity.column)
      if shape.tenants.isGenerated(column) {
        throw TenancyProblem.columnGenerated(column.name, table: shape.tenants.table.description)
      }
      let isTarget = shape.isNamed(oneOf: targets)
      let source: SQL = "FROM \(shape.tenants.table) t WHERE \(isTarget)"
      let count: SQL = "\(unsafeRaw: "\(targets.count)")"
      let update = RowChange(
        event: .update, table: shape.tenants.table, hasRule: shape.tenants.rules.contains(.update),
        sql: """
          UPDATE \(shape.tenants.table) t
          SET \(column) = \(isActive == activity.isInverse ? "true" : "false" as SQL)\(shape.touch)
          WHERE \(isTarget)
          """, count: count, holds: shape.has(activity: isActive), source: source,
        outcome: "(SELECT count(*) \(source) AND \(shape.has(activity: isActive))) >= \(count)")
      return Plan(
        result: changes,
        steps: targets.isEmpty
          ? []
          : [
            .transaction(
              self.limits.opening.planned
                + [PlannedStatement].changing(update.evenIfHidden).confirmed(by: shape))
          ],
        database: self)
    }
  }
}

extension Sequence where Element: Hashable {
  /// The first element that was there before; `nil` if all differ.
  var firstRepeated: Element? {
    var seen = Set<Element>()
    return first { !seen.insert($0).inserted }
  }

  /// The elements without repetitions, in order.
  func uniqued() -> [Element] {
    var seen = Set<Element>()
    return filter { seen.insert($0).inserted }
  }
}
