internal import SQLText
internal import Tenancy

extension NameProblem {
  var hint: String {
    switch self {
    case .keyword, .reserved: "choose another name, such as this one with a prefix"
    case .hyphenated:
      "allow_hyphens = true under [names] in tenantctl.toml allows hyphens, for apps that quote names"
    case .malformedKey: "use lower-case letters, digits and underscores, beginning with a letter or a digit"
    default: "use 1 to 63 lower-case letters, digits and underscores, beginning with a letter"
    }
  }
}

extension ErrorReport {
  /// A host that no tenant has.
  static func hostHint(_ host: String, _ hasDomains: Bool) -> String {
    let remedy =
      !hasDomains
      ? "'tenantctl list' shows all tenants"
      : (try? DomainName(parsing: host)) == nil
        ? "it cannot be a domain" : "'tenantctl domain add NAME \(host)' adds it"
    return "\(remedy); routing.base_domains limits the first-label rule"
  }
}

extension DomainProblem {
  func hint(for name: String) -> String {
    switch self {
    case .notASCII:
      InternationalName.ascii(name).map { "write it as \($0)" } ?? "give its xn-- form"
    case .hasPort, .badPort: "omit the port: the same tenant is served on every port"
    case .hasScheme: "give only the host name"
    default: "use letters, digits and hyphens between dots, as in acme.example.com"
    }
  }
}
