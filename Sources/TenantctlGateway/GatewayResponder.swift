#if Gateway
  internal import HTTPTypes
  internal import Hummingbird
  internal import Tenancy
  internal import TenancyHummingbird
  internal import TenantctlCommands

  /// Answers requests from the directory alone: no request waits for the database.
  struct GatewayResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let directory: TenantDirectory
    private let configuration: GatewayConfiguration
    private let metrics = GatewayMetrics()
    /// The body of refusals, by verdict, and its type.
    private let refusals: [Verdict: ByteBuffer]
    private let refusalType: String
    private let cacheControl: String

    /// - Parameter page: the operator's own body of each refusal, HTML.
    init(_ directory: TenantDirectory, _ configuration: GatewayConfiguration, page: [UInt8]? = nil) {
      (self.directory, self.configuration) = (directory, configuration)
      let bodies = Verdict.allCases.map { ($0, ByteBuffer(bytes: page ?? Array($0.sentence.utf8))) }
      refusals = Dictionary(uniqueKeysWithValues: bodies)
      refusalType = page == nil ? "text/plain; charset=utf-8" : "text/html; charset=utf-8"
      cacheControl = "max-age=\(max(1, configuration.directory.interval.components.seconds))"
    }

    func respond(to request: Request, context: Context) async throws -> Response {
      let response = respond(to: request)
      // RFC 9110 section 9.3.2: no body, whatever the length says.
      return request.method == .head ? response.createHeadResponse() : response
    }

    private func respond(to request: Request) -> Response {
      let target = request.head.path ?? ""
      let path = target.prefix { $0 != "?" }
      guard let endpoint = Endpoint(path: path) else { return Response(status: .notFound) }
      switch endpoint {
      case .auth, .forward: return check(try? request.host(trustingForwarded: true), endpoint)
      case .envoy: return check(try? request.host(trustingForwarded: false), endpoint)
      case .ask: return ask(request.parameter("domain"))
      case .resolve: return resolve(request.parameter("host"))
      case .healthz: return text(.ok, "ok\n")
      case .readyz:
        let problem = Readiness(directory).problem
        return text(problem == nil ? .ok : .serviceUnavailable, "\(problem ?? "ready")\n")
      case .metrics: return text(.ok, metrics.text(directory), type: "text/plain; version=0.0.4")
      }
    }
  }

  extension GatewayResponder {
    /// Lets a request through or refuses it.
    private func check(_ host: Host?, _ endpoint: Endpoint) -> Response {
      let (verdict, tenant) = verdict(on: host)
      metrics.count(endpoint, verdict)
      guard verdict.isServed else { return refusal(endpoint, verdict) }
      var headers = tenant.map(TenantHeaders.fields) ?? TenantHeaders.ofPublic
      headers.append(HTTPField(name: .cacheControl, value: cacheControl))
      return Response(status: .ok, headers: headers)
    }

    /// Whether a certificate may be had for the name: never for one that only looks like a tenant's.
    private func ask(_ name: String?) -> Response {
      let (verdict, tenant) = verdict(on: name.flatMap { try? Host(parsing: $0) }, onlyDomains: true)
      metrics.count(.ask, verdict)
      return tenant == nil || !verdict.isServed ? refusal(.ask, verdict) : Response(status: .ok)
    }

    private func verdict(on host: Host?, onlyDomains: Bool = false) -> (Verdict, DirectoryTenant?) {
      guard let host else { return (.invalid, nil) }
      guard let answer = try? directory.answer(for: host) else { return (.unavailable, nil) }
      switch answer {
      case .tenant(let tenant, let rule):
        if onlyDomains && rule != .domain { return (.unknown, nil) }
        return (tenant.isActive ? .tenant : .deactivated, tenant)
      case .shared: return (configuration.servesPublic && !onlyDomains ? .public : .unknown, nil)
      case .unknown, .domainWithoutTenant: return (.unknown, nil)
      }
    }

    private func refusal(
      _ endpoint: Endpoint, _ verdict: Verdict, _ body: ByteBuffer? = nil, type: String? = nil
    ) -> Response {
      let code = endpoint.status(verdict, deactivated: configuration.deactivatedStatus)
      let headers: HTTPFields = [
        TenantHeaders.error: verdict.name, .contentType: type ?? refusalType,
        .cacheControl: code >= 500 ? "no-store" : cacheControl,
      ]
      return Response(
        status: HTTPResponse.Status(code: code), headers: headers,
        body: (body ?? refusals[verdict]).map { ResponseBody(byteBuffer: $0) } ?? ResponseBody())
    }

    private func text(
      _ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8"
    ) -> Response {
      Response(
        status: status, headers: [.contentType: type, .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
  }

  extension GatewayResponder {
    /// As `tenantctl resolve --format json`, for people and scripts.
    private func resolve(_ name: String?) -> Response {
      let (verdict, _) = verdict(on: name.flatMap { try? Host(parsing: $0) })
      metrics.count(.resolve, verdict)
      do {
        let host = try Host(parsing: name ?? "")
        return text(.ok, "\(try resolved(host).json)\n", type: Self.json)
      } catch {
        let body = ByteBuffer(string: "\(ResolvedHost.json(of: error))\n")
        return refusal(.resolve, verdict, body, type: Self.json)
      }
    }

    private func resolved(_ host: Host) throws(TenancyError) -> ResolvedHost {
      if case .tenant(let tenant, let rule) = try directory.answer(for: host) {
        return ResolvedHost(host: host.name, tenant: tenant.tenant, rule: rule)
      }
      return ResolvedHost(host: host.name, tenant: nil, rule: try directory.resolve(host: host).rule)
    }

    private static let json = "application/json"
  }

  extension Request {
    /// A parameter of the query; `nil` if it is missing or given twice.
    fileprivate func parameter(_ name: Substring) -> String? {
      let values = uri.queryParameters[values: name]
      return values.count == 1 ? String(values[0]) : nil
    }
  }

  extension Verdict {
    /// The body of a refusal.
    fileprivate var sentence: String {
      switch self {
      case .tenant, .public: ""
      case .unknown: "No tenant has this host name.\n"
      case .deactivated: "This tenant is deactivated.\n"
      case .invalid: "The request has no valid host name.\n"
      case .unavailable: "The tenants are not known yet. Try again in a moment.\n"
      }
    }
  }
#endif
