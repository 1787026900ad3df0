internal import TenancyPostgres

/// A column of the registry that is used if it exists, and did not exist when the catalog was read.
///
/// A column that goes away makes the next statement fail, and the shape is read again. One that is added is noticed by
/// nobody: a server would go on serving deactivated tenants. So as long as one is missing each read of the registry asks
/// for it as well, in the same round trip.
struct AwaitedColumn: Sendable, Hashable {
  let table: QualifiedName
  let name: String

  /// Those that the mapping neither names nor rules out.
  static func all(_ mapping: RegistryMapping, in tables: [CatalogTable]) -> [AwaitedColumn] {
    let columns = mapping.columns
    let ofTenants = [
      columns.id == nil ? "id" : nil,
      columns.hasActivity && columns.activity == nil ? "deactivated" : nil,
    ]
    let ofDomains = [
      columns.primary == nil ? "is_primary" : nil, columns.tenantID == nil ? "tenant_id" : nil,
    ]
    return zip(tables, [ofTenants, ofDomains]).flatMap { table, names in
      names.compactMap { $0 }.filter { table.column($0) == nil }.map {
        AwaitedColumn(table: table.name, name: $0)
      }
    }
  }

  fileprivate var isThere: SQL {
    """
    EXISTS (SELECT FROM pg_catalog.pg_attribute
      WHERE attrelid = pg_catalog.to_regclass(\(literal: table.quoted)) AND attname = \(literal: name) AND NOT attisdropped)
    """
  }
}

/// The registry has got a column that the shape lacks.
struct ShapeOutdated: Error {}

extension RegistryShape {
  /// The expression, or NULL if an awaited column has come. The server asks once for a statement, not for each row.
  func unlessOutdated(_ expression: SQL) -> SQL {
    if awaited.isEmpty { return expression }
    return "CASE WHEN \(SQL.joined(awaited.map(\.isThere), by: " OR ")) THEN NULL ELSE \(expression) END"
  }
}
