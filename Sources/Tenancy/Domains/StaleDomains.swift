internal import TenancyPostgres

/// Rows of the domains' table whose tenant does not exist, as after a restore of one of the two tables: whichever tenant gets
/// the key or the name that they refer to would be served under their host names. A foreign key rules them out, but a
/// registry need not have one.
extension RegistryShape {
  /// Fails if rows refer to the tenant: to be sent when it has a row, and before it has domains of its own.
  func refuseStaleDomains(of tenant: TenantName) -> [PlannedStatement] {
    guard let domains else { return [] }
    return refuse(
      tenant,
      if: "SELECT FROM \(domains.table) d, \(tenants.table) t WHERE \(link(domains)) AND \(isNamed(tenant))")
  }

  /// Fails if rows refer to a name that a tenant is about to get.
  func refuseStaleDomains(ofNew name: TenantName) -> [PlannedStatement] {
    guard let domains, keys(domains).domain == domains.tenantName else { return [] }
    return refuse(
      name, if: "SELECT FROM \(domains.table) d WHERE d.\(keys(domains).domain)::text = \(name.rawValue)")
  }

  private func refuse(_ tenant: TenantName, if query: SQL) -> [PlannedStatement] {
    [
      PlannedStatement(
        "SELECT 1 / CASE WHEN EXISTS (\(query)) THEN 0 ELSE 1 END", check: .staleDomains(self, of: tenant))
    ]
  }

  /// Why it failed, found after the rollback.
  func explainStaleDomains(of tenant: TenantName, over connection: Connection) async throws -> TenancyProblem
  {
    guard let domains else { return .changedMeanwhile }
    let rows = try await connection.query(
      """
      SELECT d.\(domains.host)::text FROM \(domains.table) d
      WHERE d.\(domains.host) IS NOT NULL AND NOT EXISTS (SELECT FROM \(tenants.table) t WHERE \(link(domains)))
      ORDER BY 1 LIMIT 10
      """)
    let stale = rows.compactMap { $0[0].map(DomainName.init(stored:)) }
    return stale.isEmpty ? .changedMeanwhile : .domainsStale(stale, tenant)
  }
}
