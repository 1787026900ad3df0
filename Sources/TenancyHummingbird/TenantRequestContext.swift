#if Gateway
  public import Hummingbird
  public import Logging
  public import Tenancy

  /// The context of a request to a tenant: what the routes in ``TenancyRouter/tenants`` get.
  ///
  /// ``BasicTenantRequestContext`` is one. An app that needs more in it has one of its own:
  ///
  /// ```swift
  /// struct ShopContext: TenantRequestContext {
  ///   var coreContext: CoreRequestContextStorage
  ///   let tenant: Tenant
  ///   let database: TenantDatabase
  ///   var customer: Customer?
  ///
  ///   init(source: Source) {
  ///     coreContext = source.context.coreContext
  ///     tenant = source.tenant
  ///     database = source.database
  ///   }
  /// }
  /// ```
  public protocol TenantRequestContext: RequestContext
  where Source == TenantRequestContextSource<ParentContext> {
    /// The context from which it is made: that of the routes for the public host.
    associatedtype ParentContext: RequestContext = BasicRequestContext
    /// The tenant that serves the request's host.
    var tenant: Tenant { get }
    /// Its database.
    var database: TenantDatabase { get }
  }

  extension TenantRequestContext {
    /// Runs the block in one transaction that sees the tenant's schema first, then the shared ones, and nothing of another tenant:
    /// the counterpart of flask-tenants' `with_db()`. Committed when the block returns, rolled back when it throws.
    ///
    /// Throws as `TenantDatabase.withTenant(_:isolation:_:)` does. A route lets these errors pass: ``TenancyRouter`` makes
    /// statuses of them.
    public func withTenant<T>(
      isolation: isolated (any Actor)? = #isolation, _ body: (TenantSession) async throws -> T
    ) async throws -> T {
      try await database.withTenant(tenant, isolation: isolation, body)
    }
  }

  /// What a ``TenantRequestContext`` is made from.
  public struct TenantRequestContextSource<Context: RequestContext>: RequestContextSource {
    /// The request's context as the middleware of ``TenancyRouter/add(middleware:)`` has left it; its logger names the tenant.
    public let context: Context
    /// The tenant that serves the request's host.
    public let tenant: Tenant
    /// Its database.
    public let database: TenantDatabase

    /// The request's logger.
    public var logger: Logger { context.logger }
  }

  /// Hummingbird's basic context with a tenant.
  public struct BasicTenantRequestContext: TenantRequestContext {
    /// What Hummingbird keeps.
    public var coreContext: CoreRequestContextStorage
    /// The tenant that serves the request's host.
    public let tenant: Tenant
    /// Its database.
    public let database: TenantDatabase

    /// The context of a request to that tenant.
    public init(source: Source) {
      coreContext = source.context.coreContext
      (tenant, database) = (source.tenant, source.database)
    }
  }
#endif
