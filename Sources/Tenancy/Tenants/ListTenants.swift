internal import TenancyPostgres

/// Which tenants a list has.
package struct TenantFilter: Sendable, Hashable {
  /// `true`: the active ones; `false`: the deactivated ones; `nil`: both.
  package var isActive: Bool?
  /// Only names that match this pattern.
  package var match: Glob?

  /// A filter; without arguments everything passes.
  package init(isActive: Bool? = nil, match: Glob? = nil) {
    self.isActive = isActive
    self.match = match
  }

  func accepts(_ tenant: Tenant) -> Bool {
    (isActive ?? tenant.isActive) == tenant.isActive && (match?.matches(tenant.name.rawValue) ?? true)
  }
}

/// A tenant with what belongs to it.
package struct TenantEntry: Sendable, Hashable, Encodable {
  /// The tenant.
  package let tenant: Tenant
  /// Its domains, the primary one first.
  package let domains: [Domain]
  /// The state of its schema; `nil` if it was not read.
  package let state: SchemaState?

  /// Its primary domain.
  package var primaryDomain: DomainName? { domains.first(where: \.isPrimary)?.name }

  private enum CodingKeys: String, CodingKey {
    case name, schema, active, domains, primaryDomain, schemaExists, head, applied
  }

  /// Flat: the tenant's own keys and the others in one object.
  package func encode(to encoder: any Encoder) throws {
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
package struct SchemaState: Sendable, Hashable {
  /// Whether it is there.
  package let exists: Bool
  /// Whether it has a table, or something else, with the ledger's name.
  package let hasLedger: Bool
  /// What the ledger's comment says; `nil` if it has no head comment, or the ledger is not trusted.
  package let head: LedgerHead?
  /// Why the ledger is not to be trusted; `nil` if nothing is known against it.
  package let distrust: LedgerDistrust?
  /// The ledger's table.
  let oid: Int?
  /// Whether other roles have privileges on it.
  let isGranted: Bool

  init(
    exists: Bool, hasLedger: Bool = false, head: LedgerHead? = nil, distrust: LedgerDistrust? = nil,
    oid: Int? = nil,
    isGranted: Bool = false
  ) {
    self.exists = exists
    self.hasLedger = hasLedger
    self.head = distrust == nil ? head : nil
    self.distrust = distrust
    self.oid = oid
    self.isGranted = isGranted
  }

  /// The same after a closer inspection of the ledger.
  func with(_ table: LedgerTable) -> SchemaState {
    SchemaState(
      exists: exists, hasLedger: true, head: head, distrust: table.distrust, oid: table.oid,
      isGranted: table.isGranted)
  }
}

extension TenantDatabase {
  /// The tenants by name, each with its domains. A row whose schema is the shared one, as django-tenants keeps it for
  /// `public`, is no tenant, and neither is one without a name.
  ///
  /// Throws ``TenancyProblem``.
  /// - Parameter withState: whether to read each schema and its ledger's head too, which costs most.
  package func list(_ filter: TenantFilter = .init(), withState: Bool = true) async throws -> [TenantEntry] {
    try await readingRegistry { connection, shape in
      let queries = [
        withState ? shape.statesQuery(ledger: self.settings.ledger) : shape.listQuery,
        shape.domainsByKeyQuery,
      ]
      let answers = try await connection.pipeline(queries.compactMap { $0 })
      let domains = answers.count > 1 ? try RegistryShape.domainsByKey(in: answers[1]) : [:]
      let states = withState ? RegistryShape.states(in: answers[0]) : nil
      let entries = try answers[0].enumerated().compactMap { index, row -> TenantEntry? in
        guard row[0] != nil else { return nil }
        let tenant = try RegistryShape.tenant(in: row)
        guard filter.accepts(tenant), tenant.schema != .shared else { return nil }
        let own = domains[row[withState ? 6 : 3] ?? ""] ?? []
        return TenantEntry(
          tenant: tenant, domains: own.map { $0.of(tenant.name) }.sorted(),
          state: states?[index])
      }
      return entries.sorted { $0.tenant.name < $1.tenant.name }
    }
  }
}

extension RegistryShape {
  /// Without a condition, for which a fresh session would have to read the table's statistics.
  fileprivate var listQuery: SQL {
    "SELECT \(tenantColumns), \(key) FROM \(tenants.table) t"
  }

  /// The tenants, each with its schema's state: one query on the catalog for the whole fleet.
  func statesQuery(ledger: String, of names: [TenantName]? = nil) -> SQL {
    let condition: SQL =
      names.map { "t.\(tenants.name) = ANY(\($0.map(\.rawValue))::text[])" }
      ?? "t.\(tenants.name) IS NOT NULL"
    return """
      SELECT \(tenantColumns), n.oid IS NOT NULL, c.oid, d.description, \(key), \(LedgerTrust.isGranted),
        \(LedgerTrust(registry: tenants.table).distrust)
      FROM \(tenants.table) t
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = \(schema)
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger)
      LEFT JOIN pg_catalog.pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
      WHERE \(condition)
      """
  }

  /// The state of each row's schema.
  static func states(in rows: Rows) -> [SchemaState] {
    // Most of a fleet's comments say the same.
    var heads: [String: LedgerHead?] = [:]
    return rows.map { row in
      let head = row[5].flatMap { comment in
        if let known = heads[comment] { return known }
        let head = LedgerHead(comment: comment)
        heads[comment] = head
        return head
      }
      return SchemaState(
        exists: row[3] == "t", hasLedger: row[4] != nil, head: head, distrust: LedgerDistrust(code: row[8]),
        oid: row[4].flatMap { Int($0) }, isGranted: row[7] == "t")
    }
  }
}
