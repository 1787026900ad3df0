internal import TenancyPostgres

extension TenantDatabase {
  /// Holds the registry's rows against the schemas that exist.
  func examineSchemas(of members: [FleetMember], _ shape: RegistryShape) async throws -> [Finding] {
    let owners = Dictionary(grouping: members.map(\.tenant), by: \.schema)
    let shared = owners.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map {
      Finding.schemaShared($0.key, by: $0.value.map(\.name))
    }
    let tenantsWithoutSchema = members.filter { !$0.state.exists && $0.tenant.isReadable }.map(\.tenant)
    let schemasWithoutTenant = try await schemasWithoutTenant(shape, tenantsWithoutSchema)
    let strays = schemasWithoutTenant.compactMap(\.stray)
    let marked = try await schemasMarkedDropped()
    let rows = members.flatMap { member -> [Finding] in
      if !member.tenant.isReadable { return [.nameUnreadable(member.tenant)] }
      let missing: [Finding] =
        member.state.exists || member.tenant.schema.isReserved
        ? [] : [.schemaMissing(member.tenant, strays: strays)]
      if !member.tenant.schema.canBeEntered { return missing + [.schemaNotEnterable(member.tenant)] }
      let unsafe = unquoted(member.tenant.schema).map { Finding.unsafeName(member.tenant, $0) }
      let dropped: [Finding] = marked.contains(member.tenant.schema) ? [.dropMarked(member.tenant)] : []
      return missing + [unsafe].compactMap { $0 } + dropped
    }
    let namesakes = Dictionary(grouping: members, by: \.tenant.name).filter { $0.value.count > 1 }
    return shared + rows + schemasWithoutTenant
      + namesakes.sorted { $0.key < $1.key }.map { .nameShared($0.key, rows: $0.value.count) }
  }

  /// The schemas with the mark of a drop, where it is believed.
  private func schemasMarkedDropped() async throws -> Set<SchemaName> {
    let rows = try await connected { connection in
      try await connection.query(
        """
        SELECT n.nspname, left(obj_description(n.oid, 'pg_namespace'), 500) FROM pg_catalog.pg_namespace n
        WHERE n.nspowner IN (\(self.ledgerTrust.owners)) AND obj_description(n.oid, 'pg_namespace') IS NOT NULL
        """)
    }
    return Set(
      rows.filter { Self.tenantDropped(comment: $0[1]) != nil }.compactMap {
        $0[0].map(SchemaName.init(stored:))
      })
  }

  /// The schemas that every tenant's search path has, or every session's: those that do not exist, and those with a tenant's
  /// row.
  func examineSearchPath(_ members: [FleetMember]) async throws -> [Finding] {
    let searched = try await connected { try await self.traits(over: $0).searched }
    let all = settings.sharedSchemas ?? searched
    let claimed = members.map(\.tenant).filter { !$0.schema.isReserved && all.contains($0.schema) }
    guard let shared = settings.sharedSchemas else { return claimed.map { .schemaInSearchPath($0) } }
    let missing = try await connected { connection in
      try await connection.query(
        """
        SELECT name FROM unnest(\(shared.map(\.rawValue))::text[]) name
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname::text = name)
        """)
    }
    return claimed.map { .schemaInSearchPath($0) }
      + missing.compactMap { $0[0] }.map { .searchPathWithoutSchema(SchemaName(stored: $0)) }
  }

  private func unquoted(_ schema: SchemaName) -> Finding.UnquotedName? {
    guard settings.names.allowsHyphens, schema.rawValue.contains("-") else {
      return Finding.UnquotedName(schema)
    }
    // An app with hyphens quotes names that have one; without the quotes they are a syntax error, whatever else they have.
    let others = SchemaName(stored: schema.rawValue.replacing("-", with: "_"))
    return Finding.UnquotedName(others).map { _ in .refused }
  }

  /// The schemas that look like a tenant's, but belong to no tenant.
  private func schemasWithoutTenant(_ shape: RegistryShape, _ tenantsWithoutSchema: [Tenant]) async throws
    -> [Finding]
  {
    try await connected { connection in
      try await connection.query(self.schemasWithoutTenantQuery(shape)).compactMap { row in
        let (name, comment, marking, hasLedger, found, common) = try row.decode(
          String.self, String?.self, String?.self, Bool.self, Int.self, Int.self)
        let schema = SchemaName(stored: name)
        if self.settings.isShared(schema) { return nil }
        if CreationMark(comment: marking) != nil || CreationMark(comment: comment) != nil {
          return .creationUnfinished(schema)
        }
        if let tenant = Self.tenantDropped(comment: comment) { return .dropUnfinished(tenant) }
        if hasLedger {
          return .schemaWithoutTenant(schema, because: .ledger, tenantsWithoutSchema: tenantsWithoutSchema)
        }
        // Half of them: one may be an older tenant's, and one alone be called "users" by chance.
        guard found * 2 >= common, found >= min(2, common), found > 0 else { return nil }
        return .schemaWithoutTenant(
          schema, because: .tables(found, of: common), tenantsWithoutSchema: tenantsWithoutSchema)
      }
    }
  }

  /// The schemas without a row; with each its comment and its ledger's mark where they are believed, whether it has a
  /// ledger, and how many tables it has of those that more than half of the tenants have.
  private func schemasWithoutTenantQuery(_ shape: RegistryShape) -> SQL {
    """
    WITH owned AS (SELECT DISTINCT \(shape.schema) AS name FROM \(shape.tenants.table) t),
    common AS (
      SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname::text IN (SELECT name FROM owned)
        AND n.nspname <> \(SchemaName.shared.rawValue) AND NOT \(recordsMigrations("c"))
      GROUP BY c.relname
      HAVING count(*) * 2 > (
        SELECT count(*) FROM owned o JOIN pg_catalog.pg_namespace s ON s.nspname::text = o.name
        WHERE o.name <> \(SchemaName.shared.rawValue)))
    SELECT n.nspname, CASE WHEN n.nspowner IN (\(ledgerTrust.owners)) THEN obj_description(n.oid, 'pg_namespace') END,
      CASE WHEN n.nspowner IN (\(ledgerTrust.owners))
        THEN max(\(CreationMark.trusted(by: ledgerTrust))) FILTER (WHERE c.relname = \(settings.ledger)) END,
      coalesce(bool_or(c.relname = \(settings.ledger)), false),
      count(*) FILTER (WHERE c.relname IN (SELECT relname FROM common)), (SELECT count(*) FROM common)
    FROM pg_catalog.pg_namespace n
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM owned o WHERE o.name = n.nspname::text)
    GROUP BY n.oid, n.nspname, n.nspowner ORDER BY n.nspname
    """
  }

  /// Holds the domains' rows against the tenants'.
  /// - Parameter strays: schemas that look like a tenant's, but belong to none.
  func examineDomains(
    of members: [FleetMember], _ shape: RegistryShape, strays: [SchemaName]
  ) async throws -> [Diagnosis.Entry] {
    guard let domains = shape.domains else { return [] }
    let rows = try await connected { try await $0.query(shape.domainRowsQuery(domains)) }
    var entries: [Diagnosis.Entry] = []
    var owned: [TenantName: [Domain]] = [:]
    for row in rows {
      let (host, isPrimary, owner, name, reference) = try row.decode(
        String.self, Bool.self, String?.self, String?.self, String?.self)
      let domain = DomainName(stored: host)
      if !domain.isReadable {
        entries.append(.init(.domainUnreadable(domain, of: owner.map(TenantName.init(stored:)))))
        continue
      }
      guard let tenant = owner.map(TenantName.init(stored:)) else {
        entries.append(.init(.domainWithoutTenant(domain, reference: reference)))
        continue
      }
      if !domain.canMatch { entries.append(.init(.domainNeverMatches(domain, of: tenant))) }
      owned[tenant, default: []].append(Domain(name: domain, tenant: tenant, isPrimary: isPrimary))
      if domains.tenantName != nil, name != owner {
        let named = name.map { shape.schema(of: TenantName(stored: $0)) }
        let stray = strays.first { $0 == named }
        let fix: @Sendable () -> [Step] = { self.fixName(of: domain, tenant, shape, domains) }
        entries.append(
          .init(
            .domainNamesAnother(domain, name: name, of: tenant, stray: stray), fix: stray == nil ? fix : nil))
      }
    }
    let shared = Dictionary(grouping: owned.values.joined()) { $0.name.rawValue.lowercased() }
      .filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    entries += shared.map { host, rows in
      .init(.domainShared(DomainName(stored: host), by: rows.map(\.tenant).sorted()))
    }
    let contested = Set(shared.map(\.key))
    return entries
      + members.compactMap { member in
        let own = owned[member.tenant.name] ?? []
        if own.isEmpty { return owned.isEmpty ? nil : .init(.noDomain(member.tenant.name)) }
        return examine(own, of: member.tenant.name, contested, domains, shape)
      }
  }

  /// - Parameter contested: host names, in lower case, of which there are several rows.
  private func examine(
    _ own: [Domain], of tenant: TenantName, _ contested: Set<String>, _ domains: RegistryShape.Domains,
    _ shape: RegistryShape
  ) -> Diagnosis.Entry? {
    guard let primary = domains.primary else { return nil }
    let primaries = own.filter(\.isPrimary)
    if primaries.count > 1 { return .init(.severalPrimaryDomains(tenant, primaries.map(\.name))) }
    if primaries.count == 1 { return nil }
    // Of several, choosing the primary one needs a decision.
    guard own.count == 1 else { return .init(.noPrimaryDomain(tenant, own.map(\.name))) }
    let host = own[0].name
    // Which of its rows stays needs one first.
    if contested.contains(host.rawValue.lowercased()) {
      return .init(.noPrimaryDomain(tenant, [host], isContested: true))
    }
    return .init(.noPrimaryDomain(tenant, [host])) {
      let alone = (self.limits.opening + [shape.lockPrimary(of: tenant)]).planned
      let fix =
        shape.refusePrimary(of: tenant)
        + [PlannedStatement].changing(shape.setPrimary(host, of: tenant, domains, primary))
      return [.transaction(alone + fix.confirmed(by: shape))]
    }
  }

  private func fixName(
    of domain: DomainName, _ tenant: TenantName, _ shape: RegistryShape, _ domains: RegistryShape.Domains
  ) -> [Step] {
    guard let column = domains.tenantName else { return [] }
    let isIts = shape.isDomain(domain, of: tenant, domains)
    let source: SQL = "FROM \(domains.table) d, \(shape.tenants.table) t WHERE \(isIts)"
    let update = RowChange(
      event: .update, table: domains.table, hasRule: domains.rules.contains(.update),
      sql: """
        UPDATE \(domains.table) d SET \(column) = t.\(shape.tenants.name) FROM \(shape.tenants.table) t WHERE \(isIts)
        """, source: source, outcome: "EXISTS (SELECT \(source) AND d.\(column)::text = \(shape.name))")
    return [
      .transaction(limits.opening.planned + [PlannedStatement].changing(update).confirmed(by: shape))
    ]
  }
}

extension RegistryShape {
  /// Host, whether it is primary, the name of the tenant that its key refers to, the tenant's name that it has itself,
  /// and what it refers to.
  fileprivate func domainRowsQuery(_ domains: Domains) -> SQL {
    let own: SQL = domains.tenantName.map { "d.\($0)::text" } ?? "NULL"
    return """
      SELECT d.\(domains.host)::text, \(isPrimary), \(name), \(own), d.\(keys(domains).domain)::text
      FROM \(domains.table) d LEFT JOIN \(tenants.table) t ON \(link(domains))
      WHERE d.\(domains.host) IS NOT NULL ORDER BY 1
      """
  }
}
