/// Which host belongs to which tenant, where no row in `domains` says so.
public struct RoutingRules: Sendable, Hashable {
  /// Whether a host without a row leads to the tenant that its first label names.
  public var usesSubdomains: Bool
  /// First labels that never name a tenant.
  public var nonTenantSubdomains: [String]
  /// If not empty: only below these domains does the first label name a tenant.
  public var baseDomains: [DomainName]

  /// flask-tenants' rules: `www`, `localhost` and `local` are no tenants, every domain is a base.
  public init(
    usesSubdomains: Bool = true, nonTenantSubdomains: [String] = ["www", "localhost", "local"],
    baseDomains: [DomainName] = []
  ) {
    self.usesSubdomains = usesSubdomains
    self.nonTenantSubdomains = nonTenantSubdomains
    self.baseDomains = baseDomains
  }
}

extension RoutingRules {
  /// The first label of the host, if that is to name a tenant.
  func subdomain(of host: Host) -> String? {
    guard usesSubdomains, let dot = host.name.firstIndex(of: ".") else { return nil }
    let label = host.name[..<dot]
    let rest = host.name[host.name.index(after: dot)...]
    if label.isEmpty || nonTenantSubdomains.contains(String(label)) { return nil }
    // `acme.example.com` is below the base `example.com`; `example.com` itself is not.
    if !baseDomains.isEmpty && !baseDomains.contains(where: { $0.rawValue == rest }) { return nil }
    return String(label)
  }
}
