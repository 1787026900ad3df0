internal import TenancyPostgres

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
  /// Whether it exists.
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
  /// The tenants by name, each with its domains. A row whose schema all tenants share, as django-tenants keeps one for
  /// `public`, is no tenant, and neither is one without a name.
  ///
  /// Throws ``TenancyProblem``.
  /// - Parameter withState: whether to read each schema and its ledger's head too, which costs most.
  package func list(
    _ selection: FleetSelection = FleetSelection(), withState: Bool = true
  ) async throws -> [TenantEntry] {
    try await readingRegistry { connection, shape in
      guard withState || selection.needsState else {
        return try await self.plainList(selection, over: connection, shape)
      }
      let members = try await self.members(of: selection, over: connection, shape, withNamesakes: true)
      var domains: [String: [RegistryShape.DomainRow]]?
      if let query = shape.domainsByKeyQuery {
        domains = try RegistryShape.domainsByKey(in: try await connection.query(query))
      }
      return members.map { member in
        TenantEntry(member.tenant, domains?[member.key], state: member.state)
      }
    }
  }

  /// All tenants that the selection takes by name and by activity, in one round trip.
  private func plainList(
    _ selection: FleetSelection, over connection: Connection, _ shape: RegistryShape
  ) async throws -> [TenantEntry] {
    let answers = try await connection.pipeline([shape.listQuery, shape.domainsByKeyQuery].compactMap { $0 })
    let domains = answers.count > 1 ? try RegistryShape.domainsByKey(in: answers[1]) : [:]
    let entries = try answers[0].compactMap { row -> TenantEntry? in
      guard row[0] != nil else { return nil }
      let tenant = try RegistryShape.tenant(in: row)
      guard selection.accepts(tenant), !self.settings.isNoTenants(tenant.schema) else { return nil }
      return TenantEntry(tenant, domains[row[3] ?? ""], state: nil)
    }
    return entries.sorted { $0.tenant.name < $1.tenant.name }
  }
}

extension FleetSelection {
  /// Whether more than names and activity decide.
  fileprivate var needsState: Bool {
    names != nil || needsColumns || needsSchemas || order != FleetOrder() || limit != nil || isRequired
  }
}

extension TenantEntry {
  fileprivate init(_ tenant: Tenant, _ domains: [RegistryShape.DomainRow]?, state: SchemaState?) {
    self.init(tenant: tenant, domains: (domains ?? []).map { $0.of(tenant.name) }.sorted(), state: state)
  }
}

extension RegistryShape {
  /// Without a condition, for which a fresh session would have to read the table's statistics.
  fileprivate var listQuery: SQL {
    "SELECT \(tenantColumns), \(key) FROM \(tenants.table) t"
  }

  /// The tenants, or those of the selection's names, each with its schema's state and whether it meets the selection's
  /// conditions: one query on the catalog for the whole fleet.
  func statesQuery(ledger: String, of selection: FleetSelection = FleetSelection()) -> SQL {
    let names: SQL =
      selection.names.map { isNamed(oneOf: Array($0)) }
      ?? "t.\(tenants.name) IS NOT NULL"
    let size: SQL = """
      (SELECT sum(\(RelationSize.of("r"))) FROM pg_catalog.pg_class r
       WHERE r.relnamespace = n.oid AND r.relkind IN ('r', 'p', 'm'))
      """
    let trust = LedgerTrust(registry: tenants.table, namespace: "n.oid")
    return """
      SELECT \(tenantColumns), n.oid IS NOT NULL, c.oid, left(d.description, \(LedgerHead.maximumLength)), \(key),
        \(LedgerTrust.isGranted),
        \(trust.distrust), \(meets(selection.conditions))
      FROM \(tenants.table) t CROSS JOIN \(trust.roles)
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = \(schema)
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger)
      LEFT JOIN pg_catalog.pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
      WHERE \(names)
      \(ordering(selection.order, size: size))
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
