internal import Arguments
internal import Tenancy

enum ResolveCommand {
  static let command = Command<Action>(
    "resolve", summary: "Show which tenant serves a host, and why.",
    discussion: """
      A domain that equals the host has precedence; otherwise the first label is the tenant's name, unless it is one of \
      routing.non_tenant_subdomains or the host is below none of routing.base_domains. An IP address or a name without a \
      dot belongs to no tenant. Port, trailing dot and case are ignored; of a URL its host counts. A name beyond ASCII is \
      looked up in its xn-- form, if the system has libidn2.

      The exit status is 3 if the host's tenant does not exist, and 4 if it is deactivated.
      """,
    parameters: [host],
    examples: [
      Example("tenantctl resolve www.acme.com", "Show which tenant serves it."),
      Example("tenantctl resolve --quiet www.acme.com", "Print only the tenant's name."),
    ],
    section: Section.domains
  ) { input, session in
    let resolution = try await session.database().resolve(host: input[host])
    return CommandResult(
      ResolvedHost(host: resolution.host, tenant: resolution.tenant, rule: resolution.rule),
      names: [resolution.tenant?.name.rawValue ?? "public"], sentence(resolution))
  }

  private static func sentence(_ resolution: Resolution) -> String {
    let host = resolution.host
    let tenant = resolution.tenant?.name.description ?? ""
    return switch resolution.rule {
    case .domain where resolution.tenant == nil, .subdomain where resolution.tenant == nil:
      "\(host) is public: the schema of its tenant is the shared one"
    case .domain: "\(host) is served by tenant \(tenant): the host is one of its domains"
    case .subdomain: "\(host) is served by tenant \(tenant): the first label is its name"
    case .notADomain: "\(host) is public: it is not a domain name"
    case .shared: "\(host) is public: the routing rules name no tenant for it"
    }
  }

  private static let host = Argument(
    "HOST", completion: .dynamic("domain"), parse: host(in:),
    summary: "The host, as in a Host header, or a URL.")

  /// Of a URL its host (RFC 3986, 3.2), of which no other part is looked at.
  private static func host(in text: String) throws -> Host {
    var host = text[...]
    if let scheme = host.firstRange(of: "://") { host = host[scheme.upperBound...] }
    host = host.prefix { !"/?#".contains($0) }
    if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
    let found = try Host(parsing: String(host))
    if found.name.utf8.allSatisfy({ $0 < 0x80 }) { return found }
    guard let ascii = InternationalName.ascii(found.name) else {
      throw TenancyError(.invalidDomainName(found.name, .notASCII))
    }
    return try Host(parsing: ascii)
  }
}
