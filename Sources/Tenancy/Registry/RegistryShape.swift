internal import TenancyPostgres

/// The registry as it is: the mapping held against the catalog. All SQL on the registry is made from it.
struct RegistryShape: Sendable, Hashable {
  struct Tenants: Sendable, Hashable {
    let table: QualifiedName
    let columns: [CatalogTable.Column]
    /// Only there to be referred to: a table whose key is the name has none.
    let id: Identifier?
    let name: Identifier
    var nameType = NameType.text
    let schema: Identifier?
    let schemaPrefix: String
    var activity: RegistryMapping.Activity?
    /// The events for which the table has rules.
    var rules: Set<RowChange.Event> = []
    /// Whether triggers may change its rows again.
    var hasTriggers = false

    /// Whether PostgreSQL computes the column.
    func isGenerated(_ column: Identifier) -> Bool {
      columns.contains { $0.name == column.name && $0.isGenerated }
    }

    func hasOwnCollation(_ column: Identifier) -> Bool {
      columns.contains { $0.name == column.name && $0.hasOwnCollation }
    }

    func has(_ column: String) -> Bool { columns.contains { $0.name == column } }

    /// The schema's column where it is not the name's: django-tenants has one column for both.
    var schemaApart: Identifier? { schema == name ? nil : schema }
  }

  struct Domains: Sendable, Hashable {
    let table: QualifiedName
    let columns: [CatalogTable.Column]
    let host: Identifier
    let primary: Identifier?
    let tenantID: Identifier?
    let tenantName: Identifier?
    /// The events for which the table has rules.
    var rules: Set<RowChange.Event> = []
    /// Whether triggers may change its rows again.
    var hasTriggers = false
  }

  var tenants: Tenants
  let domains: Domains?
  /// The optional columns that do not exist. An app may add them while this program runs.
  var awaited: [AwaitedColumn] = []

  /// Whether a trigger may undo a change once it is made.
  var hasTriggers: Bool { tenants.hasTriggers || domains?.hasTriggers == true }

  /// The tenants' table, and the domains' if there is one.
  var tables: [QualifiedName] { [tenants.table] + (domains.map { [$0.table] } ?? []) }
}

// MARK: - Expressions on the tenants' row `t` and the domains' row `d`

extension RegistryShape {
  /// The tenant's name.
  var name: SQL { text(of: tenants.name) }

  /// The column's text, comparable with the catalog's names.
  private func text(of column: Identifier) -> SQL {
    tenants.hasOwnCollation(column)
      ? "t.\(column)::text COLLATE pg_catalog.\"C\"" : "t.\(column)::text"
  }

  /// The tenant's schema; a column of its own that is empty means the one that the name gives.
  var schema: SQL {
    let prefix = tenants.schemaPrefix
    let byName: SQL = prefix.isEmpty ? name : "(\(literal: prefix) || \(name))"
    return tenants.schemaApart.map { "coalesce(nullif(\(text(of: $0)), ''), \(byName))" } ?? byName
  }

  /// The schema of a tenant for which the registry has no other.
  func schema(of tenant: TenantName) -> SchemaName { SchemaName(of: tenant, after: tenants.schemaPrefix) }

  /// Whether the app serves the tenant; every tenant, if the registry knows no deactivation. NULL in the column is
  /// neither deactivated nor active. The expression itself is NULL if the shape is out of date.
  var isActive: SQL {
    guard let activity = tenants.activity else { return unlessOutdated("true") }
    let column = Identifier(activity.column)
    return unlessOutdated(activity.isInverse ? "t.\(column) IS TRUE" : "t.\(column) IS NOT TRUE")
  }

  /// That the app serves the tenant, or does not.
  func has(activity isActive: Bool) -> SQL { "(\(self.isActive)) = \(isActive ? "true" : "false" as SQL)" }

  /// Whether the domain is its tenant's primary one; NULL if the shape is out of date.
  var isPrimary: SQL { unlessOutdated(domains?.primary.map { "d.\($0) IS TRUE" } ?? "false") }

  /// That the domain belongs to the tenant.
  func link(_ domains: Domains) -> SQL {
    let (own, foreign) = keys(domains)
    return "d.\(foreign) = t.\(own)"
  }

  /// The columns by which a domain belongs to a tenant. The key counts where there is one: an app that renames a tenant
  /// may leave the name as it was in the domain's row.
  func keys(_ domains: Domains) -> (tenant: Identifier, domain: Identifier) {
    if let own = tenants.id, let foreign = domains.tenantID { return (own, foreign) }
    return (tenants.name, domains.tenantName ?? "tenant_name")
  }
}

// MARK: - Finding it

extension RegistryShape {
  /// The shape that the mapping promises, without reading the catalog. Good enough to try a read with; when the
  /// server knows no such column, the catalog is asked. `nil` where names are likely to be keys, whose type only the catalog
  /// knows.
  static func promised(by mapping: RegistryMapping) -> RegistryShape? {
    let columns = mapping.columns
    if !mapping.schemaPrefix.isEmpty || mapping.namesAreKeys { return nil }
    let tenantID = columns.tenantID ?? (columns.tenantName == nil ? "tenant_id" : nil)
    return RegistryShape(
      tenants: Tenants(
        table: mapping.tenants, columns: [], id: Identifier(columns.id ?? "id"),
        name: Identifier(columns.name ?? "name"), schema: columns.schema.map { Identifier($0) },
        schemaPrefix: "",
        activity: columns.hasActivity
          ? columns.activity ?? .init(column: "deactivated", isInverse: false) : nil),
      domains: mapping.domains.map {
        Domains(
          table: $0, columns: [], host: Identifier(columns.domain ?? "domain_name"),
          primary: Identifier(columns.primary ?? "is_primary"), tenantID: tenantID.map { Identifier($0) },
          tenantName: columns.tenantName.map { Identifier($0) })
      })
  }

  /// Reads the catalog.
  ///
  /// Throws ``TenancyProblem/registryMissing(tables:similar:)``, ``TenancyProblem/registryColumnMissing(_:)`` or
  /// ``TenancyProblem/registryColumnType(table:column:type:expected:)``.
  static func load(_ mapping: RegistryMapping, over connection: Connection) async throws -> RegistryShape {
    let found = try CatalogTable.tables(in: try await connection.pipeline(queries(mapping)))
    return try await RegistryShape(mapping, found, over: connection)
  }

  /// The queries that read the catalog.
  static func queries(_ mapping: RegistryMapping) -> [SQL] {
    CatalogTable.queries(of: CatalogTable.oids(of: mapping.tables))
  }

  /// Holds the mapping against tables that were read. Throws as ``load(_:over:)`` does.
  init(_ mapping: RegistryMapping, _ found: [CatalogTable], over connection: Connection) async throws {
    do {
      try self.init(mapping, found)
    } catch TenancyProblem.registryMissing(let tables, _) {
      let missing = mapping.tables.filter {
        tables.contains($0.description)
      }
      throw try await Self.missing(missing, wereNamed: !mapping.isOurs, over: connection)
    }
  }

  /// That tables do not exist, with those that may be meant: where somebody has named them, whatever else is there.
  static func missing(
    _ tables: [QualifiedName], wereNamed: Bool, over connection: Connection
  ) async throws -> TenancyProblem {
    let similar = try await connection.query(CatalogTable.similarQuery(tables, others: wereNamed))
    return .registryMissing(tables: tables.map(\.description), similar: similar.compactMap { $0[0] })
  }

  private init(_ mapping: RegistryMapping, _ found: [CatalogTable]) throws {
    let names = mapping.tables
    let tables = names.map { name in found.first { $0.name == name } }
    guard let first = tables[0], tables.allSatisfy({ $0 != nil }) else {
      let missing = zip(names, tables).filter { $0.1 == nil }.map(\.0.description)
      throw TenancyProblem.registryMissing(tables: missing)
    }
    let tenants = try ColumnMatcher(table: first).tenants(mapping)
    self.tenants = tenants
    awaited = AwaitedColumn.all(mapping, in: tables.compactMap { $0 })
    domains = try tables.dropFirst().first?.map(ColumnMatcher.init)?.domains(mapping.columns, of: tenants)
  }
}
