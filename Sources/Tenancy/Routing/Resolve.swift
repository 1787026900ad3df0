internal import Postgres

/// Where a host leads.
public struct Resolution: Sendable, Hashable, Encodable {
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
  /// An exact row in `domains` wins; otherwise, as in flask-tenants, the first label is the tenant's name, within the
  /// ``RoutingRules``; otherwise nothing but the shared schema is meant. Throws ``TenancyError/hostNotFound(_:label:)``,
  /// ``TenancyError/domainWithoutTenant(_:tenant:)`` or ``TenancyError/tenantDeactivated(_:)``.
  public func resolve(host: Host) async throws -> Resolution {
    if host.isAddress || !host.name.contains(".") {
      return Resolution(host: host.name, tenant: nil, rule: .notADomain)
    }
    let label = settings.routing.subdomain(of: host)
    return try await readingRegistry { connection, shape in
      let byDomain = shape.domains.map { shape.resolveQuery(host, $0) }
      let byLabel = label.map { shape.tenantQuery(TenantName(stored: $0)) }
      var answers = try await connection.pipeline([byDomain, byLabel].compactMap { $0 })[...]
      if byDomain != nil, let row = answers.popFirst()?.first {
        guard row[0] != nil else {
          throw TenancyError.domainWithoutTenant(
            DomainName(stored: host.name), tenant: row[3].map(TenantName.init(stored:)))
        }
        return try Self.served(RegistryShape.tenant(in: row), host, .domain)
      }
      guard let label else { return Resolution(host: host.name, tenant: nil, rule: .shared) }
      guard let row = answers.first?.first else {
        throw TenancyError.hostNotFound(host.name, label: label)
      }
      return try Self.served(RegistryShape.tenant(in: row), host, .subdomain)
    }
  }

  /// The tenant that serves the host. Throws what ``resolve(host:)`` throws, and
  /// ``TenancyError/hostNotTenant(_:)`` where that says the shared schema.
  public func tenant(forHost host: String) async throws -> Tenant {
    let host = try Host(parsing: host)
    guard let tenant = try await resolve(host: host).tenant else {
      throw TenancyError.hostNotTenant(host.name)
    }
    return tenant
  }

  private static func served(_ tenant: Tenant, _ host: Host, _ rule: Resolution.Rule) throws -> Resolution {
    guard tenant.isActive else { throw TenancyError.tenantDeactivated(tenant.name) }
    return Resolution(host: host.name, tenant: tenant, rule: rule)
  }
}

extension RegistryShape {
  /// The tenant of a domain's row, and the tenant's name as that row has it.
  fileprivate func resolveQuery(_ host: Host, _ domains: Domains) -> SQL {
    let owner: SQL = domains.tenantName.map { "d.\($0)::text" } ?? "NULL"
    return """
      SELECT \(tenantColumns), \(owner)
      FROM \(domains.table) d LEFT JOIN \(tenants.table) t ON \(link(domains))
      WHERE d.\(domains.host) = \(host.name)
      """
  }
}
