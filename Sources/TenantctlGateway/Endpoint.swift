#if Gateway
  internal import Tenancy

  /// What can be asked, by the first part of the path.
  enum Endpoint: Int, CaseIterable, Sendable {
    case auth, forward, ask, envoy, resolve, healthz, readyz, metrics

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)"[...], $0) })

    init?(path: Substring) {
      var name = path.drop { $0 == "/" }.prefix { $0 != "/" }
      // RFC 9112 section 3.2.4: the target of `OPTIONS *`, after Envoy's prefix.
      if name == "envoy*" { name = "envoy" }
      guard let endpoint = Self.byName[name] else { return nil }
      // Envoy puts the path of the request after its prefix.
      if endpoint != .envoy && path.utf8.count != name.utf8.count + 1 { return nil }
      self = endpoint
    }
  }

  /// How a host stands, in the words of `X-Tenant-Error` and of the metrics.
  enum Verdict: Int, CaseIterable, Sendable {
    case tenant, `public`, unknown, deactivated, invalid, unavailable

    var name: String { "\(self)" }

    /// Whether the request goes on to the app.
    var isServed: Bool { self == .tenant || self == .public }
  }

  extension Endpoint {
    /// The status for each verdict: the table of docs/gateway.md.
    ///
    /// nginx takes every status but 2xx, 401 and 403 for an error of the gateway (ngx_http_auth_request_module), and answers 500.
    func status(_ verdict: Verdict, deactivated: Int) -> Int {
      switch (self, verdict) {
      case (_, .tenant), (_, .public): 200
      case (.auth, .unavailable): 500
      case (.auth, _): 403
      case (_, .unavailable): 503
      case (.resolve, .deactivated): 200
      case (.forward, .deactivated): deactivated
      case (.resolve, .invalid): 400
      default: 404
      }
    }
  }
#endif
