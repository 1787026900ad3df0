internal import TenancyPostgres

/// A tenant, as the registry has it.
public struct Tenant: Sendable, Hashable, Encodable {
  /// Its name.
  public let name: TenantName
  /// Its schema.
  public let schema: SchemaName
  /// Whether the app serves it.
  public let isActive: Bool
  /// The registry's key of its row; `nil` if it was not read. By this it is told from another one that has got its name.
  var key: String?

  /// Whether it is the same but for the key, which not every look-up reads.
  public static func == (left: Tenant, right: Tenant) -> Bool {
    (left.name, left.schema, left.isActive) == (right.name, right.schema, right.isActive)
  }

  /// See `Hashable`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(schema)
    hasher.combine(isActive)
  }

  private enum CodingKeys: String, CodingKey {
    case name, schema
    case isActive = "active"
  }

  /// Whether SQL can name it: see ``StoredName/isReadable``.
  var isReadable: Bool { name.isReadable && schema.isReadable }

  /// Why nothing can be done in its schema, which was not found or cannot be named.
  var unreachable: TenancyProblem {
    if !isReadable { return .nameUnreadable(name, schema) }
    return schema.isReserved ? .schemaNotEnterable(name, schema) : .schemaMissing(name, schema)
  }

  /// What the error of ``SchemaName/entry`` means if there is no such schema; `nil` for any other error.
  func absence(_ error: ServerError) -> TenancyProblem? {
    error.state == .invalidSchemaName ? .schemaMissing(name, schema) : nil
  }
}

extension [Tenant] {
  /// Those that a statement can name: see ``StoredName/isReadable``.
  var readable: [Tenant] { filter(\.isReadable) }
}

/// A host name of a tenant. In order: by tenant, the primary one first, then by name.
package struct Domain: Sendable, Hashable, Comparable, Encodable {
  /// The host name.
  package let name: DomainName
  /// The tenant's name.
  package let tenant: TenantName
  /// Whether it is the tenant's primary one.
  package let isPrimary: Bool

  /// By tenant, the primary one first, then by name.
  package static func < (left: Domain, right: Domain) -> Bool {
    (left.tenant, left.isPrimary ? 0 : 1, left.name) < (right.tenant, right.isPrimary ? 0 : 1, right.name)
  }

  enum CodingKeys: String, CodingKey {
    case name = "domain"
    case tenant
    case isPrimary = "primary"
  }
}
