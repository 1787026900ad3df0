internal import TenancyPostgres

/// Something that a registry lacks, and that does not disturb its app.
package enum RegistryAddition: Sendable, Hashable {
  /// A column `deactivated`, with a default on the server: an app that does not know it fills it all the same.
  case activity(table: String)
  /// A unique constraint.
  case unique(table: String, column: String, constraint: String)
  /// A foreign key.
  case reference(table: String, column: String, target: String, targetColumn: String, constraint: String)
}

/// Rows that break a constraint which is to be added.
package struct BreakingRows: Sendable, Hashable {
  /// The table.
  package let table: String
  /// The column.
  package let column: String
  /// Whether the values refer to no tenant; otherwise they stand in several rows, where each should be in one.
  package let isDangling: Bool
  /// Its values, as many as there is place for.
  package let values: [String]
  /// How many values there are.
  package let count: Int
}

extension RegistryShape {
  /// What is absent, wanted and possible. At most one primary domain is not wanted: clearing one and setting another may
  /// take two statements of an app.
  func additions(_ catalog: RegistryCatalog, _ mapping: RegistryMapping) -> [RegistryAddition] {
    var additions: [RegistryAddition] = []
    let table = tenants.table
    if mapping.columns.hasActivity, tenants.activity == nil, !tenants.has("deactivated"),
      !catalog.views.contains(table)
    {
      additions.append(.activity(table: table.description))
    }
    for column in [tenants.name, tenants.schemaApart].compactMap({ $0 }) {
      additions += unique(column, of: table, tenants.columns, catalog)
    }
    guard let domains else { return additions }
    additions += unique(domains.host, of: domains.table, domains.columns, catalog)
    let (own, foreign) = keys(domains)
    let isThere = catalog.references.contains {
      $0.table == domains.table && $0.column == foreign.name && $0.target == table
    }
    if isThere || catalog.views.contains(domains.table) { return additions }
    // A foreign key needs a unique target.
    let key = unique(own, of: table, tenants.columns, catalog)
    if key.isEmpty, !isUnique(own, tenants.columns) { return additions }
    if own != tenants.name { additions += key }
    additions.append(
      .reference(
        table: domains.table.description, column: foreign.name, target: table.description,
        targetColumn: own.name, constraint: "\(domains.table.name)_\(foreign)_fkey"))
    return additions
  }

  /// The constraint, unless there is one, or the table cannot have it. An index of some rows says that the app wants the
  /// value to repeat in the others.
  private func unique(
    _ column: Identifier, of table: QualifiedName, _ columns: [CatalogTable.Column],
    _ catalog: RegistryCatalog
  ) -> [RegistryAddition] {
    let isUniqueInPart = columns.first { $0.name == column.name }?.isUniqueInPart == true
    // A unique constraint must have all columns of the partition key (PostgreSQL manual, 5.12.2.3).
    let isOfPartition = catalog.partitionKeys[table].map { $0 == [column.name] } ?? true
    if isUnique(column, columns) || isUniqueInPart || catalog.views.contains(table) || !isOfPartition {
      return []
    }
    return [
      .unique(
        table: table.description, column: column.name, constraint: "\(table.name)_\(column)_key")
    ]
  }

  /// The shape that the registry has once they are added.
  func having(_ additions: [RegistryAddition], _ mapping: RegistryMapping) -> RegistryShape {
    let isActivity = { (addition: RegistryAddition) in
      if case .activity = addition { true } else { false }
    }
    guard mapping.columns.hasActivity, additions.contains(where: isActivity) else { return self }
    var shape = self
    shape.tenants.activity = .init(column: "deactivated", isInverse: false)
    return shape
  }

  private func isUnique(_ column: Identifier, _ columns: [CatalogTable.Column]) -> Bool {
    columns.first { $0.name == column.name }?.isUnique == true
  }

  /// The statement that adds it.
  func statement(_ addition: RegistryAddition) -> SQL {
    switch addition {
    case .activity:
      return "ALTER TABLE \(tenants.table) ADD COLUMN deactivated boolean NOT NULL DEFAULT false"
    case .unique(let table, let column, let constraint):
      return """
        ALTER TABLE \(self.table(table)) ADD CONSTRAINT \(Identifier(constraint)) UNIQUE (\(Identifier(column)))
        """
    case .reference(let table, let column, _, let target, let constraint):
      // A name may be changed by the app, which knows nothing of the domains; a key is not.
      let cascade: SQL = target == tenants.name.name ? " ON UPDATE CASCADE" : ""
      return """
        ALTER TABLE \(self.table(table)) ADD CONSTRAINT \(Identifier(constraint))
          FOREIGN KEY (\(Identifier(column))) REFERENCES \(tenants.table) (\(Identifier(target)))\(cascade)
        """
    }
  }

  private func table(_ name: String) -> QualifiedName {
    name == tenants.table.description ? tenants.table : domains?.table ?? tenants.table
  }

  /// The values of rows that would not let it be added, and how many they are in a second column; `nil` if none could.
  fileprivate func breaking(_ addition: RegistryAddition) -> (query: SQL, table: String, column: String)? {
    switch addition {
    case .activity: return nil
    case .unique(let table, let column, _):
      let name = Identifier(column)
      return (
        """
        SELECT x.\(name)::text, count(*) OVER () FROM \(self.table(table)) x WHERE x.\(name) IS NOT NULL
        GROUP BY x.\(name) HAVING count(*) > 1 ORDER BY 1 LIMIT 5
        """, table, column
      )
    case .reference(let table, let column, _, let target, _):
      let name = Identifier(column)
      return (
        """
        SELECT x.\(name)::text, count(*) OVER () FROM \(self.table(table)) x WHERE x.\(name) IS NOT NULL
          AND NOT EXISTS (SELECT FROM \(tenants.table) t WHERE t.\(Identifier(target)) = x.\(name))
        GROUP BY x.\(name) ORDER BY 1 LIMIT 5
        """, table, column
      )
    }
  }
}

extension TenantDatabase {
  /// Throws ``TenancyProblem/rowsBreak(_:)`` with all rows that violate the additions.
  func check(
    _ additions: [RegistryAddition], of shape: RegistryShape, over connection: Connection
  ) async throws {
    var broken: [BreakingRows] = []
    for addition in additions {
      guard let (query, table, column) = shape.breaking(addition) else { continue }
      let rows = try await connection.query(query)
      guard let first = rows.first, let count = first[1].flatMap({ Int($0) }) else { continue }
      let isDangling = if case .reference = addition { true } else { false }
      broken.append(
        BreakingRows(
          table: table, column: column, isDangling: isDangling, values: rows.compactMap { $0[0] },
          count: count))
    }
    if !broken.isEmpty { throw TenancyProblem.rowsBreak(broken) }
  }
}
