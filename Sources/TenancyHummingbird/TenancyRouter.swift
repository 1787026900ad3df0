#if Gateway
  public import Hummingbird
  public import Tenancy

  /// A router for an app with tenants: the host of a request decides whether the routes for tenants answer it or those for the
  /// public host. Both may have the same paths.
  ///
  /// ```swift
  /// let database = try TenantDatabase("postgresql://app@db.example.com/shop")
  /// let directory = TenantDirectory(of: database)
  /// let router = TenancyRouter(directory: directory)
  /// router.tenants.get("tanks") { request, context in
  ///   try await context.withTenant { session in
  ///     try await session.query("SELECT name FROM tanks").map { try $0.decode("name", as: String.self) }
  ///   }
  /// }
  /// router.publicHost.get("tanks") { request, context in "Tanks for everyone" }
  /// let app = Application(router: router, services: [directory.service])
  /// try await app.runService()
  /// ```
  ///
  /// It is the counterpart of flask-tenants' `MultiTenancyMiddleware`; ``tenants`` and ``publicHost`` are those of
  /// `create_tenant_blueprint` and `create_public_blueprint`. A host that leads nowhere is refused before any route runs:
  ///
  /// | what | status |
  /// |---|---|
  /// | the host is unknown | 404 |
  /// | the tenant is deactivated | 404, or ``deactivatedStatus`` |
  /// | the directory has not read the registry yet, or is out of date for longer than its patience | 503 |
  /// | no host, several, or one that is not valid | 400 |
  ///
  /// Of the errors of type `TenancyError` that a route throws, those that say that its tenant is gone or deactivated become
  /// the same statuses, and those that say that no connection was to be had become 503. Any other is a 500, as each error is
  /// that is not an `HTTPResponseError`. The client never sees an error's message.
  public final class TenancyRouter<Context: RequestContext, TenantContext: TenantRequestContext>
  where TenantContext.ParentContext == Context {
    /// The routes for the tenants' hosts. They run with the tenant in their context.
    public let tenants: Router<TenantContext>
    /// The routes for the hosts that the shared schema serves: `www`, addresses, names without a dot, and others that the
    /// `RoutingRules` leave to it.
    public let publicHost: Router<Context>
    /// What a client of a deactivated tenant gets. Default: 404, as if the tenant did not exist.
    public var deactivatedStatus: HTTPResponse.Status = .notFound
    /// Whether `X-Forwarded-Host`, where it is there, replaces `Host`. Default: no, as any client can send it. Set it only
    /// behind a proxy that sets or removes the header in every request.
    public var trustsForwardedHost = false

    private let directory: TenantDirectory
    private var middlewares: [any MiddlewareProtocol<Request, Response, Context>] = []

    /// A router over an app's own routers, for contexts of its own.
    public init(directory: TenantDirectory, tenants: Router<TenantContext>, publicHost: Router<Context>) {
      (self.directory, self.tenants, self.publicHost) = (directory, tenants, publicHost)
    }

    /// Adds a middleware that runs for each request, before its host is resolved, so that it sees those that are refused, too,
    /// as ``TenancyRefusal``. A middleware for tenants alone is added to ``tenants``.
    @discardableResult
    public func add(middleware: any MiddlewareProtocol<Request, Response, Context>) -> Self {
      middlewares.append(middleware)
      return self
    }
  }

  extension TenancyRouter where Context == BasicRequestContext, TenantContext == BasicTenantRequestContext {
    /// A router with Hummingbird's context for the public host, and the same with a tenant for tenants.
    public convenience init(directory: TenantDirectory) {
      self.init(
        directory: directory, tenants: Router(context: BasicTenantRequestContext.self), publicHost: Router())
    }
  }

  extension TenancyRouter: HTTPResponderBuilder {
    /// What answers the requests, by the routes as they are now.
    public func buildResponder() -> CallbackResponder<Context> {
      let dispatcher = HostDispatcher(
        directory: directory, tenants: tenants.buildResponder(), publicHost: publicHost.buildResponder(),
        deactivatedStatus: deactivatedStatus, trustsForwardedHost: trustsForwardedHost)
      var respond = dispatcher.respond
      for middleware in middlewares.reversed() {
        respond = { [respond] in try await middleware.handle($0, context: $1, next: respond) }
      }
      return CallbackResponder { [respond] request, context in
        do {
          return try await respond(request, context)
        } catch let error as any HTTPResponseError {
          return try error.response(from: request, context: context)
        }
      }
    }
  }
#endif
