internal import Postgres

extension TenantDatabase {
  /// The domains of these tenants, or of all; the primary one of each tenant first.
  ///
  /// Throws ``TenancyError/tenantNotFound(_:)`` for a name that is not there.
  public func domains(of names: [TenantName]? = nil) async throws -> [Domain] {
    try await readingRegistry { connection, shape in
      for name in names ?? [] { _ = try await shape.tenant(name, over: connection) }
      guard shape.domains != nil else { throw TenancyError.noDomains }
      return try await self.domains(of: names, shape, over: connection)
    }
  }

  func domains(
    of names: [TenantName]?, _ shape: RegistryShape, over connection: Connection
  ) async throws -> [Domain] {
    guard let query = shape.domainsQuery(of: names) else { return [] }
    return try await connection.query(query).map(RegistryShape.domain).sorted()
  }

  /// Throws ``TenancyError/domainTaken(_:by:)`` if one of the hosts is somebody's.
  func checkFree(_ hosts: [DomainName], _ shape: RegistryShape, over connection: Connection) async throws {
    guard !hosts.isEmpty else { return }
    guard shape.domains != nil else { throw TenancyError.noDomains }
    for host in hosts {
      if let owner = try await owner(of: host, shape, over: connection) {
        throw TenancyError.domainTaken(host, by: owner.tenant ?? TenantName(stored: "?"))
      }
    }
    if hosts.uniqued().count < hosts.count,
      let twice = hosts.first(where: { host in hosts.count { $0 == host } > 1 })
    {
      throw TenancyError.domainGivenTwice(twice)
    }
  }

  /// The row of a host name: its tenant's name as far as there is one; `nil` if there is no row.
  func owner(
    of host: DomainName, _ shape: RegistryShape, over connection: Connection
  ) async throws -> (tenant: TenantName?, isPrimary: Bool)? {
    guard let domains = shape.domains else { throw TenancyError.noDomains }
    let rows = try await connection.query(
      """
      SELECT \(shape.name), \(shape.isPrimary)
      FROM \(domains.table) d LEFT JOIN \(shape.tenants.table) t ON \(shape.link(domains))
      WHERE lower(d.\(domains.host)) = \(host.rawValue)
      """)
    guard let row = rows.first else { return nil }
    let (tenant, isPrimary) = try row.decode(String?.self, Bool?.self)
    return (tenant.map(TenantName.init(stored:)), isPrimary ?? false)
  }
}

extension RegistryShape {
  /// The query whose rows ``domain(in:)`` reads, in any order; `nil` if the registry has no domains. All domains are
  /// read without a look at the tenants, if they can be: in a fresh session each table costs half a millisecond.
  func domainsQuery(of names: [TenantName]?) -> SQL? {
    guard let domains else { return nil }
    if names == nil, let owner = domains.tenantName {
      return "SELECT d.\(domains.host)::text, d.\(owner)::text, \(isPrimary) FROM \(domains.table) d"
    }
    let condition: SQL = names.map { "t.\(tenants.name) = ANY(\($0.map(\.rawValue))::text[])" } ?? "true"
    return """
      SELECT d.\(domains.host)::text, \(name), \(isPrimary)
      FROM \(domains.table) d JOIN \(tenants.table) t ON \(link(domains)) WHERE \(condition)
      """
  }

  static func domain(in row: Row) throws -> Domain {
    let (host, tenant, isPrimary) = try row.decode(String.self, String.self, Bool?.self)
    return Domain(
      name: DomainName(stored: host), tenant: TenantName(stored: tenant), isPrimary: isPrimary ?? false)
  }
}
