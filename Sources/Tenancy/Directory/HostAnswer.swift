/// What a directory knows of a host.
package enum HostAnswer: Sendable, Hashable {
  /// A tenant's, active or not.
  case tenant(DirectoryTenant, Resolution.Rule)
  /// The shared schema's.
  case shared(Resolution.Rule)
  /// Nobody's: its first label, which may name a tenant, names none.
  case unknown(label: String)
  /// A domain whose tenant does not exist.
  case domainWithoutTenant
}

extension DirectoryContents {
  /// Whose the host is, by the rules that ``TenantDatabase/resolve(host:)`` follows.
  func answer(for host: Host, by rules: RoutingRules) -> HostAnswer {
    if host.isAddress || !host.hasDot { return .shared(.notADomain) }
    if hasDomains, let match = self.host(host.name) {
      return match.tenant.map { .tenant($0, .domain) } ?? .domainWithoutTenant
    }
    guard let label = rules.subdomain(of: host) else { return .shared(.shared) }
    return tenant(named: label)?.tenant.map { .tenant($0, .subdomain) } ?? .unknown(label: label)
  }
}
