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

/// The host of a request, as a `Host` header gives it: with or without a port or a trailing dot, in any case
/// (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
public struct Host: Sendable, Hashable, CustomStringConvertible {
  /// The host alone, in lower case.
  public let name: String

  /// The host of a `Host` header. Throws ``TenancyError/Code-swift.struct/invalidDomain`` for the empty string, one with a
  /// space, and a URL.
  public init(parsing text: String) throws(TenancyError) {
    if text.contains("/") { throw TenancyError(.invalidDomainName(text, .hasScheme)) }
    let host = Self.withoutPort(text)
    let name = host.hasSuffix(".") ? host.dropLast() : host
    guard !name.isEmpty else { throw TenancyError(.invalidDomainName(text, .empty)) }
    guard name.allSatisfy({ !$0.isWhitespace }) else {
      throw TenancyError(.invalidDomainName(text, .badLabel(String(name))))
    }
    self.name = name.lowercased()
  }

  /// The name.
  public var description: String { name }

  /// Whether it is an IPv4 or IPv6 address.
  var isAddress: Bool {
    if name.hasPrefix("[") || name.contains(":") { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func withoutPort(_ text: String) -> Substring {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return text[...end] }
    guard text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") else {
      return text[...]
    }
    return text[..<colon]
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
