internal import Postgres

extension TenantDatabase {
  /// Plans another domain for a tenant. Its first one is primary in any case; making another one primary clears the old
  /// one in the same transaction.
  ///
  /// Throws ``TenancyError`` if there is no such tenant, or the domain is taken.
  public func planAddDomain(_ host: DomainName, to name: TenantName, primary: Bool) async throws -> Change<
    Domain
  > {
    try await withRegistry { connection, shape in
      let tenant = try await shape.tenant(name, over: connection)
      if try await self.owner(of: host, shape, over: connection)?.tenant == name {
        throw TenancyError.domainExists(host, of: name)
      }
      try await self.checkFree([host], shape, over: connection)
      let isFirst = try await self.domains(of: [name], shape, over: connection).isEmpty
      let domain = Domain(name: host, tenant: tenant.name, isPrimary: primary || isFirst)
      let clear = domain.isPrimary ? shape.clearPrimary(of: name) : []
      return Change(
        result: domain,
        steps: [
          .transaction(
            ([self.guards] + clear).map { PlannedStatement($0) }
              + [PlannedStatement(mustAffectRows: try shape.insertDomain(domain))])
        ],
        database: self,
        explain: { $0.state == .uniqueViolation ? .changedMeanwhile : self.explainRows($0, name) })
    }
  }

  /// Plans the removal of a domain.
  ///
  /// Throws ``TenancyError/domainNotFound(_:)``, or ``TenancyError/domainIsPrimary(_:of:others:)`` when the tenant has
  /// others: which of them is to be primary is not ours to choose.
  public func planRemoveDomain(_ host: DomainName) async throws -> Change<Domain> {
    try await withRegistry { connection, shape in
      guard let domains = shape.domains else { throw TenancyError.noDomains }
      guard let owner = try await self.owner(of: host, shape, over: connection) else {
        throw TenancyError.domainNotFound(host)
      }
      if owner.isPrimary, let tenant = owner.tenant {
        let others = try await self.domains(of: [tenant], shape, over: connection).map(\.name)
          .filter { $0.rawValue.lowercased() != host.rawValue }
        if !others.isEmpty { throw TenancyError.domainIsPrimary(host, of: tenant, others: others) }
      }
      let delete: SQL = "DELETE FROM \(domains.table) WHERE lower(\(domains.host)) = \(host.rawValue)"
      return Change(
        result: Domain(
          name: host, tenant: owner.tenant ?? TenantName(stored: ""), isPrimary: owner.isPrimary),
        steps: [.transaction([self.guards, delete])], database: self)
    }
  }

  /// Plans to make a domain its tenant's primary one. Nothing is sent if it is already.
  ///
  /// Throws ``TenancyError/domainNotFound(_:)``.
  public func planSetPrimary(_ host: DomainName) async throws -> Change<Domain> {
    try await withRegistry { connection, shape in
      guard let domains = shape.domains, let primary = domains.primary else { throw TenancyError.noDomains }
      guard let owner = try await self.owner(of: host, shape, over: connection) else {
        throw TenancyError.domainNotFound(host)
      }
      guard let tenant = owner.tenant else { throw TenancyError.domainWithoutTenant(host, tenant: nil) }
      let set: SQL =
        "UPDATE \(domains.table) SET \(primary) = true WHERE lower(\(domains.host)) = \(host.rawValue)"
      return Change(
        result: Domain(name: host, tenant: tenant, isPrimary: true),
        steps: owner.isPrimary
          ? []
          : [
            .transaction(
              ([self.guards] + shape.clearPrimary(of: tenant)).map { PlannedStatement($0) }
                + [PlannedStatement(mustAffectRows: set)])
          ], database: self)
    }
  }
}

extension RegistryShape {
  fileprivate func clearPrimary(of tenant: TenantName) -> [SQL] {
    guard let domains, let primary = domains.primary else { return [] }
    return [
      """
      UPDATE \(domains.table) d SET \(primary) = false FROM \(tenants.table) t
      WHERE \(link(domains)) AND t.\(tenants.name) = \(tenant.rawValue) AND d.\(primary)
      """
    ]
  }
}
