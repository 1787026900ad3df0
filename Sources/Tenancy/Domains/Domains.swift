internal import TenancyPostgres

extension TenantDatabase {
  /// The domains of these tenants, or of all; the primary one of each tenant first.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)`` for a name that does not exist.
  package func domains(of names: [TenantName]? = nil) async throws -> [Domain] {
    try await readingRegistry { connection, shape in
      for name in names ?? [] { _ = try await shape.tenant(name, over: connection) }
      guard shape.domains != nil else { throw TenancyProblem.noDomains }
      return try await self.domains(of: names, shape, over: connection)
    }
  }

  func domains(
    of names: [TenantName]?, _ shape: RegistryShape, over connection: Connection
  ) async throws -> [Domain] {
    guard let query = shape.domainsQuery(of: names) else { return [] }
    return try await connection.query(query).map { row in
      let (host, isPrimary, tenant) = try row.decode(String.self, Bool.self, String.self)
      return RegistryShape.DomainRow(host: host, isPrimary: isPrimary).of(TenantName(stored: tenant))
    }.sorted()
  }

  /// Throws ``TenancyProblem/domainTaken(_:by:)`` if one of the hosts belongs to a tenant.
  func checkFree(_ hosts: [DomainName], _ shape: RegistryShape, over connection: Connection) async throws {
    guard !hosts.isEmpty else { return }
    guard shape.domains != nil else { throw TenancyProblem.noDomains }
    for host in hosts {
      if let owner = try await owner(of: host, shape, over: connection) {
        throw TenancyProblem.domainTaken(host, by: owner.tenant)
      }
    }
    if hosts.uniqued().count < hosts.count,
      let twice = hosts.first(where: { host in hosts.count { $0 == host } > 1 })
    {
      throw TenancyProblem.domainGivenTwice(twice)
    }
  }

  /// The row of a host name that is to be changed: as it is stored, or as it is meant.
  ///
  /// Throws ``TenancyProblem/domainNotFound(_:)``, or ``TenancyProblem/domainAmbiguous(_:of:)`` if there are several.
  func ownRow(of host: DomainName, _ shape: RegistryShape, over connection: Connection) async throws
    -> DomainOwner
  {
    var found = try await owner(of: host, shape, over: connection)
    if found == nil {
      found = try await owner(of: DomainName(parsing: host.rawValue), shape, over: connection)
    }
    guard let owner = found else { throw TenancyProblem.domainNotFound(host) }
    if !owner.others.isEmpty {
      throw TenancyProblem.domainAmbiguous(host, of: ([owner.tenant] + owner.others).compactMap { $0 })
    }
    return owner
  }

  /// The row of a host name, whatever its case; `nil` if it does not exist.
  func owner(
    of host: DomainName, _ shape: RegistryShape, over connection: Connection
  ) async throws -> DomainOwner? {
    guard let domains = shape.domains else { throw TenancyProblem.noDomains }
    let rows = try await connection.query(
      """
      SELECT d.\(domains.host)::text, \(shape.name), \(shape.isPrimary), d.\(shape.keys(domains).domain)::text
      FROM \(domains.table) d LEFT JOIN \(shape.tenants.table) t ON \(shape.link(domains))
      WHERE \(AnyCase.isEqual("d.\(domains.host)", host.rawValue)) ORDER BY d.\(domains.host) = \(host.rawValue) DESC, 2
      """)
    let owners = try rows.map { row in
      let (stored, tenant, isPrimary, reference) = try row.decode(
        String.self, String?.self, Bool.self, String?.self)
      return DomainOwner(
        host: DomainName(stored: stored), tenant: tenant.map(TenantName.init(stored:)), isPrimary: isPrimary,
        reference: reference)
    }
    guard var first = owners.first else { return nil }
    first.others = owners.dropFirst().filter { $0.host == first.host }.map(\.tenant)
    return first
  }
}

/// Whose a host name is.
struct DomainOwner {
  /// As it is stored.
  let host: DomainName
  /// `nil` if the row refers to none that is there.
  let tenant: TenantName?
  let isPrimary: Bool
  /// What the row has for its tenant: a key or a name.
  let reference: String?
  /// Those of further rows with the same host name: nothing has kept an app from that.
  var others: [TenantName?] = []
}

extension RegistryShape {
  /// A domain's row whose tenant is told by something else.
  struct DomainRow {
    let host: String
    let isPrimary: Bool

    func of(_ tenant: TenantName) -> Domain {
      Domain(name: DomainName(stored: host), tenant: tenant, isPrimary: isPrimary)
    }
  }

  /// What a tenant's domains refer to. Without a cast: results are text anyway, and in a new session the look-up of a cast
  /// takes the server a tenth of a millisecond.
  var key: SQL { domains.map { "t.\(keys($0).tenant)" } ?? "NULL" }

  /// The query whose rows ``domainsByKey(in:)`` reads; `nil` if the registry has no domains. It does not read the
  /// tenants again: in a new session each table costs half a millisecond.
  var domainsByKeyQuery: SQL? {
    domains.map { domains in
      """
      SELECT d.\(domains.host)::text, \(isPrimary), d.\(keys(domains).domain) FROM \(domains.table) d
      """
    }
  }

  /// The domains by the ``key`` of their tenants; those that refer to none are left out.
  static func domainsByKey(in rows: Rows) throws -> [String: [DomainRow]] {
    var domains = [String: [DomainRow]](minimumCapacity: rows.count)
    for row in rows {
      let (host, isPrimary, key) = try row.decode(String?.self, Bool.self, String?.self)
      if let host, let key { domains[key, default: []].append(DomainRow(host: host, isPrimary: isPrimary)) }
    }
    return domains
  }

  /// Host, whether it is primary, and the tenant's name, in any order; `nil` if the registry has no domains.
  fileprivate func domainsQuery(of names: [TenantName]?) -> SQL? {
    guard let domains else { return nil }
    let condition: SQL = names.map { isNamed(oneOf: $0) } ?? "true"
    return """
      SELECT d.\(domains.host)::text, \(isPrimary), \(name)
      FROM \(domains.table) d JOIN \(tenants.table) t ON \(link(domains))
      WHERE d.\(domains.host) IS NOT NULL AND t.\(tenants.name) IS NOT NULL AND \(condition)
      """
  }
}
