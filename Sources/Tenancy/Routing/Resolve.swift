internal import TenancyPostgres

/// Where a host leads.
public struct Resolution: Sendable, Hashable {
  /// By what it was decided.
  public enum Rule: String, Sendable, Hashable, Encodable {
    /// A row in `domains`.
    case domain
    /// The first label is the tenant's name.
    case subdomain
    /// An address, or a name without a dot.
    case notADomain = "not_a_domain"
    /// The first label never names a tenant, or the host is below none of the base domains.
    case shared
  }

  /// The host without port and trailing dot, in lower case.
  public let host: String
  /// The tenant; `nil` stands for the shared schema, `public`.
  public let tenant: Tenant?
  /// By what it was decided.
  public let rule: Rule
}

extension TenantDatabase {
  /// Which tenant would serve the host, and why.
  ///
  /// A row in `domains` wins, one that is written in capitals too; otherwise, as in flask-tenants, the first label is the
  /// tenant's name, within the ``RoutingRules``; otherwise nothing but the shared schema is meant.
  ///
  /// Throws ``TenancyError`` (``TenancyError/Code-swift.struct/hostNotFound``,
  /// ``TenancyError/Code-swift.struct/domainWithoutTenant``, ``TenancyError/Code-swift.struct/tenantDeactivated``) or
  /// `CancellationError`.
  public func resolve(host: Host) async throws -> Resolution {
    do {
      return try await resolution(of: host)
    } catch {
      throw TenancyError.wrapping(error)
    }
  }

  private func resolution(of host: Host) async throws -> Resolution {
    if host.isAddress || !host.hasDot {
      return Resolution(host: host.name, tenant: nil, rule: .notADomain)
    }
    let label = settings.routing.subdomain(of: host)
    do {
      return try await resolve(host, label)
    } catch TenancyProblem.server(let failure)
      where failure.sqlState == SQLState.untranslatableCharacter.rawValue
    {
      guard let label else { return Resolution(host: host.name, tenant: nil, rule: .shared) }
      throw hostNotFound(host, label)
    }
  }

  private func resolve(_ host: Host, _ label: String?) async throws -> Resolution {
    try await readingRegistry { connection, shape in
      let byDomain = shape.domains.map { shape.resolveQuery($0, "d.\($0.host) = \(host.name)") }
      let byLabel = label.map { shape.tenantQuery(TenantName(stored: $0)) }
      var answers = try await connection.pipeline([byDomain, byLabel].compactMap { $0 })[...]
      if let domains = shape.domains {
        var found = answers.removeFirst()
        if found.isEmpty { found = try await connection.query(shape.anyCaseQuery(domains, host)) }
        if !found.isEmpty {
          let owner = try shape.owner(of: host, in: found)
          guard let owner else { throw try await self.stale(host, over: connection) }
          return try self.served(owner, host, .domain)
        }
      }
      guard let label else { return Resolution(host: host.name, tenant: nil, rule: .shared) }
      let named = try answers.first.flatMap { try shape.serving($0, named: TenantName(stored: label)) }
      guard let named else { throw hostNotFound(host, label) }
      return try self.served(named, host, .subdomain)
    }
  }

  private func hostNotFound(_ host: Host, _ label: String) -> TenancyProblem {
    .hostNotFound(host.name, label: label, hasDomains: settings.registry.domains != nil)
  }

  /// The tenant that serves the host, given as the `Host` header gives it.
  ///
  /// Throws as ``resolve(host:)`` does, ``TenancyError/Code-swift.struct/hostNotTenant`` where the shared schema serves it,
  /// and ``TenancyError/Code-swift.struct/invalidDomain``.
  public func tenant(forHost host: String) async throws -> Tenant {
    let host = try Host(parsing: host)
    guard let tenant = try await resolve(host: host).tenant else {
      throw TenancyError(.hostNotTenant(host.name))
    }
    return tenant
  }

  /// What there is to say about a domain whose tenant is not there.
  private func stale(_ host: Host, over connection: Connection) async throws -> TenancyProblem {
    let shape = try await shape(over: connection)
    var name: TenantName?
    if let domains = shape.domains, let column = domains.tenantName {
      let isIts = AnyCase.isEqual("d.\(domains.host)", host.name)
      let query: SQL = "SELECT d.\(column)::text FROM \(domains.table) d WHERE \(isIts)"
      name = try await connection.query(query).first?[0].map(TenantName.init(stored:))
    }
    return .domainWithoutTenant(DomainName(stored: host.name), tenant: name)
  }

  private func served(_ tenant: Tenant, _ host: Host, _ rule: Resolution.Rule) throws -> Resolution {
    guard tenant.isActive else { throw TenancyProblem.tenantDeactivated(tenant.name) }
    if let problem = settings.obstacle(to: tenant) { throw problem }
    // As the row of django-tenants' public tenant has it.
    if tenant.schema == .shared { return Resolution(host: host.name, tenant: nil, rule: rule) }
    return Resolution(host: host.name, tenant: tenant, rule: rule)
  }
}

extension TenantDatabase.Settings {
  /// Why a host cannot lead to the tenant, whatever its row says; `nil` for the shared schema.
  func obstacle(to tenant: Tenant) -> TenancyProblem? {
    if tenant.schema == .shared { return nil }
    if isShared(tenant.schema) { return .sharedSchema(tenant.name, tenant.schema) }
    return tenant.schema.canBeEntered ? nil : .schemaNotEnterable(tenant.name, tenant.schema)
  }
}

extension RegistryShape {
  /// The tenant that has the host's rows; `nil` if it does not exist.
  ///
  /// Throws ``TenancyProblem/domainAmbiguous(_:of:)`` if rows of several tenants have it.
  fileprivate func owner(of host: Host, in rows: Rows) throws -> Tenant? {
    if rows.contains(where: { $0[2] == nil }) { throw ShapeOutdated() }
    if Set(rows.map { $0[4] }).count > 1 {
      throw TenancyProblem.domainAmbiguous(
        DomainName(stored: host.name), of: rows.compactMap { $0[0].map(TenantName.init(stored:)) }.uniqued())
    }
    guard let name = rows[0][0] else { return nil }
    return try serving(rows, named: TenantName(stored: name))
  }

  /// The tenant of a domain's row, all NULL if it is not there, and what the row refers to it by.
  fileprivate func resolveQuery(_ domains: Domains, _ condition: SQL) -> SQL {
    """
    SELECT \(keyedColumns), d.\(keys(domains).domain)::text FROM \(domains.table) d LEFT JOIN \(tenants.table) t ON \(link(domains))
    WHERE \(condition)
    """
  }

  /// The same for a host that an app has written in capitals. All rows are read, unless somebody made an index on the
  /// lower case; with the length compared first, that is 1 ms for 10,000 domains instead of 2.5.
  fileprivate func anyCaseQuery(_ domains: Domains, _ host: Host) -> SQL {
    let column: SQL = "d.\(domains.host)"
    return resolveQuery(
      domains,
      "octet_length(\(column)::text) = octet_length(\(host.name)) AND \(AnyCase.isEqual(column, host.name))")
  }
}
