/// What a new tenant is to be.
package struct NewTenant: Sendable {
  /// Its name.
  package var name: TenantName
  /// Its schema; `nil` is one of the tenant's name, and all there is where the registry has no column for it.
  package var schema: SchemaName?
  /// Its domains; the first is the primary one.
  package var domains: [DomainName]
  /// Values for the registry's extra columns.
  package var values: ColumnValues
  /// Whether the app serves it at once.
  package var isActive: Bool
  /// Whether ``TenantDatabase/planDrop(_:)`` refuses it.
  package var isProtected: Bool

  /// A new tenant, active and without domains unless it is said otherwise.
  package init(
    _ name: TenantName, schema: SchemaName? = nil, domains: [DomainName] = [], values: ColumnValues = [:],
    isActive: Bool = true, isProtected: Bool = false
  ) {
    self.name = name
    self.schema = schema
    self.domains = domains
    self.values = values
    self.isActive = isActive
    self.isProtected = isProtected
  }
}

/// A tenant that was created, or existed.
package struct CreatedTenant: Sendable, Hashable, Encodable {
  /// The tenant.
  package let tenant: Tenant
  /// Its domains.
  package let domains: [Domain]
  /// The migrations that its schema begins with.
  package let migrations: [MigrationVersion]
  /// Whether it was created; if not, it existed, and nothing was done.
  package var isNew = true

  private enum CodingKeys: String, CodingKey {
    case migrations
    case isNew = "created"
  }

  /// Flat: the tenant's keys and the others beside each other.
  package func encode(to encoder: any Encoder) throws {
    try TenantEntry(tenant: tenant, domains: domains, state: nil).encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(migrations, forKey: .migrations)
    try container.encode(isNew, forKey: .isNew)
  }
}
