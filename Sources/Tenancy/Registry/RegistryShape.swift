internal import Postgres

/// The registry as it is: the mapping held against the catalog. All SQL on the registry is made from it.
struct RegistryShape: Sendable {
  struct Column: Sendable, Hashable {
    let name: String
    /// Without its length: a cast to `varchar(4)` would cut a value, where an insert refuses it.
    let type: String
    /// Whether an insert must give a value.
    let isRequired: Bool
  }

  struct Tenants: Sendable {
    let table: QualifiedName
    let columns: [Column]
    let id: Identifier
    let name: Identifier
    let schema: Identifier?
    let activity: RegistryMapping.Activity?

    func has(_ column: String) -> Bool { columns.contains { $0.name == column } }

    /// The schema's column where it is not the name's: django-tenants has one column for both.
    var schemaApart: Identifier? { schema == name ? nil : schema }
  }

  struct Domains: Sendable {
    let table: QualifiedName
    let columns: [Column]
    let host: Identifier
    let primary: Identifier?
    let tenantID: Identifier?
    let tenantName: Identifier?
  }

  let tenants: Tenants
  let domains: Domains?
}

// MARK: - Expressions on the tenants' row `t` and the domains' row `d`

extension RegistryShape {
  /// The tenant's name.
  var name: SQL { "t.\(tenants.name)::text" }

  /// The tenant's schema.
  var schema: SQL { tenants.schema.map { "t.\($0)::text" } ?? name }

  /// Whether the app serves the tenant; every tenant, if the registry knows no deactivation.
  var isActive: SQL {
    guard let activity = tenants.activity else { return "true" }
    let column = Identifier(activity.column)
    return activity.isInverse ? "t.\(column)" : "NOT t.\(column)"
  }

  /// Whether the domain is its tenant's primary one.
  var isPrimary: SQL { domains?.primary.map { "d.\($0)" } ?? "false" }

  /// That the domain belongs to the tenant.
  func link(_ domains: Domains) -> SQL {
    if let id = domains.tenantID { return "d.\(id) = t.\(tenants.id)" }
    return "d.\(domains.tenantName ?? "tenant_name") = t.\(tenants.name)"
  }
}

// MARK: - Finding it

extension RegistryShape {
  /// The shape that the mapping promises, without a look at the catalog. Good enough to try a read with; when the
  /// server knows no such column, the catalog is asked.
  static func promised(by mapping: RegistryMapping) -> RegistryShape {
    let columns = mapping.columns
    return RegistryShape(
      tenants: Tenants(
        table: mapping.tenants, columns: [], id: Identifier(columns.id ?? "id"),
        name: Identifier(columns.name ?? "name"), schema: columns.schema.map { Identifier($0) },
        activity: columns.activity ?? .init(column: "deactivated", isInverse: false)),
      domains: mapping.domains.map {
        Domains(
          table: $0, columns: [], host: Identifier(columns.domain ?? "domain_name"),
          primary: Identifier(columns.primary ?? "is_primary"),
          tenantID: columns.tenantID.map { Identifier($0) },
          tenantName: Identifier(columns.tenantName ?? "tenant_name"))
      })
  }

  /// Reads the catalog.
  ///
  /// Throws ``TenancyError/registryMissing(_:)`` or ``TenancyError/registryColumnMissing(_:)``.
  static func load(_ mapping: RegistryMapping, over connection: Connection) async throws -> RegistryShape {
    let tables = [mapping.tenants] + (mapping.domains.map { [$0] } ?? [])
    let found = try await connection.pipeline(tables.map(columnsQuery)).map { try columns(in: $0) }
    let missing = zip(tables, found).filter { $0.1.isEmpty }.map { $0.0.description }
    guard missing.isEmpty else { throw TenancyError.registryMissing(tables: missing) }
    return RegistryShape(
      tenants: try Matcher(table: mapping.tenants, columns: found[0]).tenants(mapping.columns),
      domains: try mapping.domains.map {
        try Matcher(table: $0, columns: found[1]).domains(mapping.columns)
      })
  }

  private static func columnsQuery(_ table: QualifiedName) -> SQL {
    """
    SELECT a.attname, format_type(a.atttypid, -1),
           a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = to_regclass(\(table.quoted)) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
    """
  }

  private static func columns(in rows: Rows) throws -> [Column] {
    try rows.map { row in
      let (name, type, isRequired) = try row.decode(String.self, String.self, Bool.self)
      return Column(name: name, type: type, isRequired: isRequired)
    }
  }

  /// Holds one table's columns against the mapping.
  private struct Matcher {
    let table: QualifiedName
    let columns: [Column]

    func tenants(_ mapping: RegistryMapping.Columns) throws -> Tenants {
      Tenants(
        table: table, columns: columns,
        id: try required("id", mapping.id, default: "id"),
        name: try required("name", mapping.name, default: "name"),
        schema: try mapping.schema.map { try required("schema", $0, default: $0) },
        activity: try activity(mapping.activity))
    }

    func domains(_ mapping: RegistryMapping.Columns) throws -> Domains {
      let id = try optional("tenant_id", mapping.tenantID, default: "tenant_id")
      let name = try optional("tenant_name", mapping.tenantName, default: "tenant_name")
      if id == nil && name == nil { throw missing("tenant_id", "tenant_id") }
      return Domains(
        table: table, columns: columns,
        host: try required("domain", mapping.domain, default: "domain_name"),
        primary: try optional("primary", mapping.primary, default: "is_primary"), tenantID: id,
        tenantName: name)
    }

    private func activity(_ mapped: RegistryMapping.Activity?) throws -> RegistryMapping.Activity? {
      guard let column = try optional("deactivated", mapped?.column, default: "deactivated") else {
        return nil
      }
      let type = columns.first { $0.name == column.name }?.type
      guard type == "boolean" else {
        throw TenancyError.registryColumnType(
          table: table.description, column: column.name, type: type ?? "", expected: "boolean")
      }
      return .init(column: column.name, isInverse: mapped?.isInverse ?? false)
    }

    private func required(_ role: String, _ mapped: String?, default name: String) throws -> Identifier {
      guard let column = find(mapped ?? name) else { throw missing(role, mapped ?? name) }
      return column
    }

    private func optional(_ role: String, _ mapped: String?, default name: String) throws -> Identifier? {
      try mapped.map { try required(role, $0, default: $0) } ?? find(name)
    }

    private func find(_ name: String) -> Identifier? {
      columns.contains { $0.name == name } ? Identifier(name) : nil
    }

    private func missing(_ role: String, _ name: String) -> TenancyError {
      .registryColumnMissing(
        .init(table: table.description, column: name, role: role, available: columns.map(\.name)))
    }
  }
}
