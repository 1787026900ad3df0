internal import Postgres

/// Which tenants a list has.
public struct TenantFilter: Sendable, Hashable {
  /// `true`: the active ones; `false`: the deactivated ones; `nil`: both.
  public var isActive: Bool?
  /// Only names that match this pattern.
  public var match: Glob?

  /// A filter; without arguments everything passes.
  public init(isActive: Bool? = nil, match: Glob? = nil) {
    self.isActive = isActive
    self.match = match
  }

  func accepts(_ tenant: Tenant) -> Bool {
    (isActive ?? tenant.isActive) == tenant.isActive && (match?.matches(tenant.name.rawValue) ?? true)
  }
}

/// A tenant with what belongs to it.
public struct TenantEntry: Sendable, Hashable, Encodable {
  /// The tenant.
  public let tenant: Tenant
  /// Its domains, the primary one first.
  public let domains: [Domain]
  /// What its schema is like; `nil` if nobody looked.
  public let state: SchemaState?

  /// Its primary domain.
  public var primaryDomain: DomainName? { domains.first(where: \.isPrimary)?.name }

  private enum CodingKeys: String, CodingKey {
    case name, schema, active, domains, primaryDomain, schemaExists, head, applied
  }

  /// Flat: the tenant's own keys and the others beside each other.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(tenant.name, forKey: .name)
    try container.encode(tenant.schema, forKey: .schema)
    try container.encode(tenant.isActive, forKey: .active)
    try container.encode(domains.map(\.name), forKey: .domains)
    try container.encode(primaryDomain, forKey: .primaryDomain)
    if let state {
      try container.encode(state.exists, forKey: .schemaExists)
      try container.encode(state.head?.version, forKey: .head)
      try container.encode(state.head?.count, forKey: .applied)
    }
  }
}

/// What the catalog says about a tenant's schema.
public struct SchemaState: Sendable, Hashable {
  /// Whether it is there.
  public let exists: Bool
  /// Whether it has a ledger.
  public let hasLedger: Bool
  /// What the ledger's comment says; `nil` if there is none of ours.
  public let head: LedgerHead?
}

extension TenantDatabase {
  /// The tenants by name, each with its domains.
  ///
  /// Throws ``TenancyError``.
  /// - Parameter withState: whether to look at each schema and its ledger's head too; that is what costs most.
  public func list(_ filter: TenantFilter = .init(), withState: Bool = true) async throws -> [TenantEntry] {
    try await readingRegistry { connection, shape in
      let queries = [
        withState ? shape.statesQuery(ledger: self.settings.ledger) : shape.listQuery,
        shape.domainsQuery(of: nil),
      ]
      let answers = try await connection.pipeline(queries.compactMap { $0 })
      let domains = answers.count > 1 ? try answers[1].map(RegistryShape.domain).sorted() : []
      let tenants = try answers[0].map { row in
        (tenant: try RegistryShape.tenant(in: row), state: withState ? RegistryShape.state(in: row) : nil)
      }
      return Self.entries(tenants.filter { filter.accepts($0.tenant) }, domains)
    }
  }
}

extension TenantDatabase {
  /// Gives each tenant its domains: both are sorted by the tenant's name, so one walk does it.
  private static func entries(
    _ tenants: [(tenant: Tenant, state: SchemaState?)], _ domains: [Domain]
  ) -> [TenantEntry] {
    var rest = domains[...]
    return tenants.sorted { $0.tenant.name < $1.tenant.name }.map { tenant, state in
      rest = rest.drop { $0.tenant < tenant.name }
      let own = rest.prefix { $0.tenant == tenant.name }
      return TenantEntry(tenant: tenant, domains: Array(own), state: state)
    }
  }
}

extension RegistryShape {
  fileprivate var listQuery: SQL {
    "SELECT \(tenantColumns) FROM \(tenants.table) t"
  }

  /// The tenants, each with its schema's state: one query on the catalog for the whole fleet.
  func statesQuery(ledger: String, of names: [TenantName]? = nil) -> SQL {
    let condition: SQL = names.map { "t.\(tenants.name) = ANY(\($0.map(\.rawValue))::text[])" } ?? "true"
    return """
      SELECT \(tenantColumns), n.oid IS NOT NULL, c.oid IS NOT NULL, d.description
      FROM \(tenants.table) t
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = \(schema)
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger) AND c.relkind IN ('r', 'p')
      LEFT JOIN pg_catalog.pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
      WHERE \(condition)
      """
  }

  static func state(in row: Row) -> SchemaState {
    SchemaState(
      exists: row[3] == "t", hasLedger: row[4] == "t", head: row[5].flatMap(LedgerHead.init(comment:)))
  }
}
