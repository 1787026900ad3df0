#if Gateway
  import Hummingbird
  import Tenancy
  import TenancyHummingbird
  import TestSupport

  typealias BasicTenancyRouter = TenancyRouter<BasicRequestContext, BasicTenantRequestContext>

  /// A database with the tenants acme, globex and initech, of which the last is deactivated, and an app that serves them.
  struct MiddlewareShop: Sendable {
    let database: TestDatabase
    let tenancy: TenantDatabase
    let directory: TenantDirectory

    static func with<T>(
      connections: Int = 4, poolTimeout: Duration = .seconds(30), interval: Duration = .milliseconds(20),
      isolation: isolated (any Actor)? = #isolation, _ body: (MiddlewareShop) async throws -> T
    ) async throws -> T {
      try await TestDatabase.with { database in
        try await database.psql(ddl)
        let tenancy = try TenantDatabase(
          database.url, settings: TenantDatabase.Settings(poolTimeout: poolTimeout), connections: connections)
        let settings = TenantDirectory.Settings(interval: interval)
        let shop = MiddlewareShop(
          database: database, tenancy: tenancy,
          directory: TenantDirectory(of: tenancy, settings: settings))
        let result = try await body(shop)
        await tenancy.close()
        return result
      }
    }

    private static let ddl = """
      CREATE TABLE tenants (
        id serial PRIMARY KEY, name varchar(128) NOT NULL UNIQUE, deactivated boolean NOT NULL DEFAULT false);
      CREATE TABLE domains (
        id serial PRIMARY KEY, tenant_id integer NOT NULL REFERENCES tenants (id),
        domain_name varchar(255) NOT NULL UNIQUE, is_primary boolean NOT NULL DEFAULT false);
      INSERT INTO tenants (name, deactivated) VALUES ('acme', false), ('globex', false), ('initech', true);
      INSERT INTO domains (tenant_id, domain_name) VALUES (1, 'shop.acme.org');
      CREATE SCHEMA acme CREATE TABLE tanks (name text PRIMARY KEY);
      CREATE SCHEMA globex CREATE TABLE tanks (name text PRIMARY KEY);
      CREATE SCHEMA initech CREATE TABLE tanks (name text PRIMARY KEY);
      INSERT INTO acme.tanks VALUES ('reef'); INSERT INTO globex.tanks VALUES ('lagoon')
      """

    /// Serves the router's routes while the block runs, from when the registry is known.
    func serve<T: Sendable, Context, TenantContext>(
      _ router: TenancyRouter<Context, TenantContext>,
      _ body: @Sendable (MiddlewareClient) async throws -> T
    ) async throws -> T where Context.Source == ApplicationRequestContextSource {
      try await MiddlewareClient.ask(
        router, services: [directory.service], whenReady: { try await directory.waitUntilReady() }, body)
    }

    /// The routes of Hummingbird's contexts.
    func serve<T: Sendable>(
      _ configure: (BasicTenancyRouter) -> Void, _ body: @Sendable (MiddlewareClient) async throws -> T
    ) async throws -> T {
      let router = TenancyRouter(directory: directory)
      configure(router)
      return try await serve(router, body)
    }
  }

  extension TenantRequestContext {
    /// The names of the tenant's tanks.
    func tanks() async throws -> String {
      try await withTenant { session in
        try await session.query("SELECT name FROM tanks ORDER BY name").map {
          try $0.decode(0, as: String.self)
        }
      }.joined(separator: ",")
    }
  }
#endif
