internal import TenancyPostgres

/// A domain that was removed.
package struct RemovedDomain: Sendable, Hashable, Encodable {
  /// The host name.
  package let name: DomainName
  /// The tenant that had it; `nil` if its row referred to none that is there.
  package let tenant: TenantName?
  /// Whether it was the tenant's primary one.
  package let isPrimary: Bool

  /// The keys of a ``Domain``; `null` where there was no tenant.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Domain.CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(tenant, forKey: .tenant)
    try container.encode(isPrimary, forKey: .isPrimary)
  }
}

extension TenantDatabase {
  /// Plans another domain for a tenant. Its first one is primary in any case, where the registry knows primary domains;
  /// making another one primary clears the old one in the same transaction.
  ///
  /// Throws ``TenancyProblem`` if there is no such tenant, the domain is taken, or it is to be primary where the registry
  /// has no column for that.
  /// - Parameter values: for custom columns of the domains' table.
  package func planAddDomain(
    _ host: DomainName, to name: TenantName, primary: Bool, values: ColumnValues = [:]
  ) async throws -> Plan<Domain> {
    var plan = try await planDomain(host, of: name, primary: primary, values: values)
    plan.again = { try await self.planDomain(host, of: name, primary: primary, values: values) }
    return plan
  }

  private func planDomain(
    _ host: DomainName, of name: TenantName, primary: Bool, values: ColumnValues
  ) async throws -> Plan<Domain> {
    try await withRegistry { connection, shape in
      if primary { _ = try shape.primaryColumn() }
      let tenant = try await shape.tenantToChange(name, over: connection)
      if try await self.owner(of: host, shape, over: connection)?.tenant == name {
        throw TenancyProblem.domainExists(host, of: name)
      }
      try await self.checkFree([host], shape, over: connection)
      let isFirst = try await self.domains(of: [name], shape, over: connection).isEmpty
      let domain = Domain(
        name: host, tenant: tenant.name, isPrimary: (primary || isFirst) && shape.domains?.primary != nil)
      let exclusive = domain.isPrimary ? [PlannedStatement(shape.lockPrimary(of: name))] : []
      let clear = primary ? shape.clearPrimary(of: name, for: host) : []
      let first = domain.isPrimary && !primary ? shape.refusePrimary(of: name) : []
      let insert = try shape.insertDomain(domain, values)
      let rows = exclusive + clear + first + .changing(insert)
      return Plan(
        result: domain,
        steps: [.transaction(self.limits.opening.planned + rows.confirmed(by: shape))],
        database: self, explain: RefusedRow(shape: shape, tenant: name, values: values).problem)
    }
  }

  /// Plans the removal of a domain.
  ///
  /// Throws ``TenancyProblem/domainNotFound(_:)``, ``TenancyProblem/domainAmbiguous(_:of:)``, or
  /// ``TenancyProblem/domainIsPrimary(_:of:others:)`` when the tenant has others: which of them becomes primary needs a
  /// decision.
  package func planRemoveDomain(_ host: DomainName) async throws -> Plan<RemovedDomain> {
    try await withRegistry { connection, shape in
      guard let domains = shape.domains else { throw TenancyProblem.noDomains }
      let owner = try await self.ownRow(of: host, shape, over: connection)
      if owner.isPrimary, let tenant = owner.tenant {
        let others = try await self.domains(of: [tenant], shape, over: connection).map(\.name)
          .filter { $0 != owner.host }
        if !others.isEmpty { throw TenancyProblem.domainIsPrimary(host, of: tenant, others: others) }
      }
      let delete = shape.delete(owner, domains)
      return Plan(
        result: RemovedDomain(name: owner.host, tenant: owner.tenant, isPrimary: owner.isPrimary),
        steps: [
          .transaction(self.limits.opening.planned + [PlannedStatement].changing(delete).confirmed(by: shape))
        ],
        database: self,
        explain: { error in
          error.state == .foreignKeyViolation
            ? .domainReferenced(owner.host, detail: error.detail ?? error.message) : nil
        })
    }
  }

  /// Plans to make a domain its tenant's primary one, and no other. Nothing is sent if it is so already.
  ///
  /// Throws ``TenancyProblem/domainNotFound(_:)``, ``TenancyProblem/domainAmbiguous(_:of:)``, or
  /// ``TenancyProblem/noPrimary(table:)``.
  package func planSetPrimary(_ host: DomainName) async throws -> Plan<Domain> {
    try await withRegistry { connection, shape in
      guard let domains = shape.domains else { throw TenancyProblem.noDomains }
      let primary = try shape.primaryColumn()
      let owner = try await self.ownRow(of: host, shape, over: connection)
      guard let tenant = owner.tenant else { throw TenancyProblem.domainWithoutTenant(host, tenant: nil) }
      let primaries = try await self.domains(of: [tenant], shape, over: connection).filter(\.isPrimary)
      let set = shape.setPrimary(owner.host, of: tenant, domains, primary)
      return Plan(
        result: Domain(name: owner.host, tenant: tenant, isPrimary: true),
        steps: primaries.map(\.name) == [owner.host]
          ? []
          : [
            .transaction(
              (self.limits.opening + [shape.lockPrimary(of: tenant)]).planned
                + (shape.clearPrimary(of: tenant, for: owner.host) + .changing(set)).confirmed(by: shape))
          ], database: self)
    }
  }
}

extension RegistryShape {
  /// Throws ``TenancyProblem/noDomains`` or ``TenancyProblem/noPrimary(table:)``.
  fileprivate func primaryColumn() throws -> Identifier {
    guard let domains else { throw TenancyProblem.noDomains }
    guard let primary = domains.primary else {
      throw TenancyProblem.noPrimary(table: domains.table.description)
    }
    return primary
  }

  func setPrimary(
    _ host: DomainName, of tenant: TenantName, _ domains: Domains, _ primary: Identifier
  ) -> RowChange {
    let isIt = isDomain(host, of: tenant, domains)
    let source: SQL = "FROM \(domains.table) d, \(tenants.table) t WHERE \(isIt)"
    return RowChange(
      event: .update, table: domains.table, hasRule: domains.rules.contains(.update),
      sql: "UPDATE \(domains.table) d SET \(primary) = true FROM \(tenants.table) t WHERE \(isIt)",
      holds: isPrimary, source: source, outcome: "EXISTS (SELECT \(source) AND \(isPrimary))")
  }

  /// That `d` is the row of that host and refers to the row `t` of that tenant. By the host alone it may be another tenant's by
  /// now, or there are several.
  func isDomain(_ host: DomainName, of tenant: TenantName, _ domains: Domains) -> SQL {
    "\(link(domains)) AND \(isNamed(tenant)) AND d.\(domains.host) = \(host.rawValue)"
  }

  fileprivate func delete(_ owner: DomainOwner, _ domains: Domains) -> RowChange {
    func change(_ delete: SQL, _ source: SQL) -> RowChange {
      RowChange(
        event: .delete, table: domains.table, hasRule: domains.rules.contains(.delete), sql: delete,
        source: source, outcome: "NOT EXISTS (SELECT \(source))")
    }
    guard let tenant = owner.tenant else {
      // What it refers to, not that this is missing: while a delete waits for the row, only the row itself is read again.
      let isIt: SQL = """
        d.\(domains.host) = \(owner.host.rawValue)
          AND d.\(keys(domains).domain)::text IS NOT DISTINCT FROM \(owner.reference)::text
        """
      let source: SQL = "FROM \(domains.table) d WHERE \(isIt)"
      return change("DELETE \(source)", source)
    }
    let isIt = isDomain(owner.host, of: tenant, domains)
    return change(
      "DELETE FROM \(domains.table) d USING \(tenants.table) t WHERE \(isIt)",
      "FROM \(domains.table) d, \(tenants.table) t WHERE \(isIt)")
  }

  /// Fails if the tenant has a primary domain by now. A statement of its own: Citus refuses it within one that adds rows to a
  /// reference table.
  func refusePrimary(of tenant: TenantName) -> [PlannedStatement] {
    guard let domains else { return [] }
    let hasNone: SQL = """
      NOT EXISTS (
        SELECT FROM \(domains.table) d, \(tenants.table) t WHERE \(link(domains)) AND \(isNamed(tenant)) AND \(isPrimary))
      """
    return [
      PlannedStatement(
        guarding: "SELECT \(Guard.number(if: hasNone))", purpose: "fails if the tenant has a primary domain")
    ]
  }

  /// For whoever makes a domain primary: one at a time, or each would not see the other's. A lock on the tenant's row
  /// would need a privilege that nothing else here needs.
  func lockPrimary(of tenant: TenantName) -> SQL {
    "SELECT pg_advisory_xact_lock(hashtextextended(\("tenantctl: primary domain of \(tenant.rawValue)"), 0))"
  }

  /// - Parameter host: the domain that is primary afterwards.
  fileprivate func clearPrimary(of tenant: TenantName, for host: DomainName) -> [PlannedStatement] {
    guard let domains, let primary = domains.primary else { return [] }
    let isIt: SQL = "\(link(domains)) AND \(isNamed(tenant)) AND d.\(primary)"
    let source: SQL = "FROM \(domains.table) d, \(tenants.table) t WHERE \(isIt)"
    return .changing(
      RowChange(
        event: .update, table: domains.table, hasRule: domains.rules.contains(.update),
        sql: "UPDATE \(domains.table) d SET \(primary) = false FROM \(tenants.table) t WHERE \(isIt)",
        count: "(SELECT count(*) \(source))", holds: "NOT \(isPrimary)", source: source,
        outcome: "NOT EXISTS (SELECT \(source) AND d.\(domains.host)::text <> \(host.rawValue))"))
  }
}
