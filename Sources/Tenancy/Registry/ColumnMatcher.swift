internal import TenancyPostgres

/// Holds one table's columns against the mapping.
struct ColumnMatcher {
  let table: CatalogTable

  /// Throws ``TenancyProblem/registryColumnMissing(_:)`` or ``TenancyProblem/registryColumnType(table:column:type:expected:)``.
  func tenants(_ mapping: RegistryMapping) throws -> RegistryShape.Tenants {
    let columns = mapping.columns
    let id = try optional("id", columns.id, default: "id")
    let name = try required("name", columns.name, default: "name")
    guard let type = table.column(name.name).flatMap(NameType.init) else {
      throw wrongType(try found("name", columns.name, default: "name"), expected: "text")
    }
    return RegistryShape.Tenants(
      table: table.name, columns: table.columns, id: id == name ? nil : id, name: name, nameType: type,
      schema: try columns.schema.map { try required("schema", $0, default: $0, .text) },
      schemaPrefix: mapping.schemaPrefix, activity: try activity(columns), rules: table.rules,
      hasTriggers: table.hasTriggers)
  }

  /// Throws as ``tenants(_:)`` does.
  func domains(
    _ mapping: RegistryMapping.Columns, of tenants: RegistryShape.Tenants
  ) throws -> RegistryShape.Domains {
    let id = try tenantID(mapping, of: tenants)
    let name = try tenantName(mapping, of: tenants)
    if id == nil && name == nil {
      throw table.column("tenant_id") == nil ? missing("tenant_id", "tenant_id") : lacksKey(tenants)
    }
    return RegistryShape.Domains(
      table: table.name, columns: table.columns,
      host: try required("domain", mapping.domain, default: "domain_name", .text),
      primary: try optional("primary", mapping.primary, default: "is_primary", .boolean), tenantID: id,
      tenantName: name, rules: table.rules, hasTriggers: table.hasTriggers)
  }

  private func activity(_ mapping: RegistryMapping.Columns) throws -> RegistryMapping.Activity? {
    guard mapping.hasActivity else { return nil }
    let column = try optional("deactivated", mapping.activity?.column, default: "deactivated", .boolean)
    return column.map { .init(column: $0.name, isInverse: mapping.activity?.isInverse ?? false) }
  }

  /// The domain's reference to the tenant's key: of the key's type, or the two could not be compared.
  private func tenantID(
    _ mapping: RegistryMapping.Columns, of tenants: RegistryShape.Tenants
  ) throws -> Identifier? {
    if tenants.name.name == mapping.id ?? "id" { return nil }
    guard let id = tenants.id, let key = tenants.columns.first(where: { $0.name == id.name }) else {
      // A table without a key is referred to by name.
      if mapping.tenantID != nil { throw lacksKey(tenants) }
      return nil
    }
    let column = try optional("tenant_id", mapping.tenantID, default: "tenant_id")
    if let column, let type = table.column(column.name), type.kind != key.kind {
      throw wrongType(type, expected: key.type)
    }
    return column
  }

  /// The domain's reference to the tenant's name, which may be its key: of the name's type.
  private func tenantName(
    _ mapping: RegistryMapping.Columns, of tenants: RegistryShape.Tenants
  ) throws -> Identifier? {
    let key = tenants.columns.first { $0.name == tenants.name.name }
    let isKey = mapping.tenantName == nil && tenants.name.name == mapping.id ?? "id"
    let column =
      isKey
      ? try optional("tenant_id", mapping.tenantID, default: "tenant_id")
      : try optional("tenant_name", mapping.tenantName, default: "tenant_name")
    if let column, let type = table.column(column.name), type.kind != key?.kind {
      throw wrongType(type, expected: key?.type ?? "text")
    }
    return column
  }

  private func found(_ role: String, _ mapped: String?, default name: String) throws -> CatalogTable.Column {
    guard let column = table.column(mapped ?? name) else { throw missing(role, mapped ?? name) }
    return column
  }

  private func required(
    _ role: String, _ mapped: String?, default name: String, _ kind: CatalogTable.Kind? = nil
  ) throws -> Identifier {
    let column = try found(role, mapped, default: name)
    if let kind, column.kind != kind {
      throw wrongType(column, expected: kind == .boolean ? "boolean" : "text")
    }
    return Identifier(column.name)
  }

  private func optional(
    _ role: String, _ mapped: String?, default name: String, _ kind: CatalogTable.Kind? = nil
  ) throws -> Identifier? {
    guard mapped != nil || table.column(name) != nil else { return nil }
    return try required(role, mapped, default: name, kind)
  }

  private func wrongType(_ column: CatalogTable.Column, expected: String) -> TenancyProblem {
    .registryColumnType(
      table: table.name.description, column: column.name, type: column.type, expected: expected)
  }

  private func lacksKey(_ tenants: RegistryShape.Tenants) -> TenancyProblem {
    ColumnMatcher(table: CatalogTable(name: tenants.table, columns: tenants.columns)).missing("id", "id")
  }

  private func missing(_ role: String, _ name: String) -> TenancyProblem {
    .registryColumnMissing(
      .init(
        table: table.name.description, column: name, role: role, available: table.columns.map(\.name)))
  }
}
