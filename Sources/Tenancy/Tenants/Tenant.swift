/// A tenant, as the registry has it.
public struct Tenant: Sendable, Hashable, Encodable {
  /// Its name.
  public let name: TenantName
  /// Its schema.
  public let schema: SchemaName
  /// Whether the app serves it.
  public let isActive: Bool

  private enum CodingKeys: String, CodingKey {
    case name, schema
    case isActive = "active"
  }
}

/// A host name of a tenant.
public struct Domain: Sendable, Hashable, Encodable {
  /// The host name.
  public let name: DomainName
  /// The tenant's name.
  public let tenant: TenantName
  /// Whether it is the tenant's primary one.
  public let isPrimary: Bool

  private enum CodingKeys: String, CodingKey {
    case name = "domain"
    case tenant
    case isPrimary = "primary"
  }
}
