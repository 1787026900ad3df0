internal import TenancyPostgres

/// Why it cannot be said where the registry is.
package enum RegistryProblem: Sendable, Hashable {
  /// A registry by its tables.
  package struct Place: Sendable, Hashable {
    /// The table of tenants.
    package let tenants: String
    /// Who made it.
    package let kind: RegistryKind
  }

  /// There are several, and choosing one needs a decision.
  case several([Place])
  /// Several tables have host names and refer to the tenants.
  case severalDomains(tenants: String, domains: [String])
  /// So many schemas have the same tables, as those of tenants have, but no registry is known; the tables of the shared
  /// schema may have it.
  case none(schemas: Int, examples: [String], tables: [String])
  /// A table that was named has no column by a usual name for what we need.
  case column(role: String, table: String, lookedFor: [String], available: [String])
  /// Its tenants only have keys, and no schemas are named after them.
  case schemas(table: String, key: String, available: [String])
  /// A table has the name of a registry's table, but is not part of a registry.
  case tableInTheWay(String, columns: [String])

  /// What looks like a registry is outside of the shared schema, and belongs to this role.
  case ofAnother(table: String, owner: String)

  static func inTheWay(_ table: CatalogTable) -> RegistryProblem {
    .tableInTheWay(table.name.description, columns: table.columns.map(\.name))
  }
}
