#if Gateway
  import Hummingbird
  import Synchronization
  import Tenancy
  import TenancyHummingbird
  import TestSupport
  import Testing

  /// Which statuses become of errors, and what a client sees of them.
  @Suite struct TenancyHummingbirdErrorTests {
    typealias Answer = MiddlewareClient.Answer

    /// A tenant that is deactivated, renamed or dropped after its host was resolved, and before its block.
    @Test(
      arguments: [
        ("UPDATE tenants SET deactivated = true WHERE name = 'acme'", 410),
        ("UPDATE tenants SET name = 'reef' WHERE name = 'acme'", 404),
        ("DELETE FROM domains; DELETE FROM tenants WHERE name = 'acme'", 404),
        ("DROP SCHEMA acme CASCADE", 500),
      ])
    func theTenantHasGoneMeanwhile(change: String, status: Int) async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve { router in
          router.deactivatedStatus = .gone
          router.tenants.get("tanks") { _, context in
            try await shop.database.psql(change)
            return try await context.tanks()
          }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(status))
        }
      }
    }

    @Test func noConnectionIsFree() async throws {
      try await MiddlewareShop.with(connections: 1, poolTimeout: .milliseconds(10)) { shop in
        let directory = TenantDirectory(of: try TenantDatabase(shop.database.url))
        let reading = MiddlewareShop(database: shop.database, tenancy: shop.tenancy, directory: directory)
        try await reading.serve { router in
          router.tenants.get("tanks") { _, context in
            // Two blocks, one within the other, on one connection.
            try await shop.tenancy.withTenant(context.tenant) { _ in
              try await shop.tenancy.withTenant(context.tenant) { _ in HTTPResponse.Status.ok }
            }
          }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(503))
        }
        await directory.database.close()
      }
    }

    @Test func theDatabaseRefusesConnections() async throws {
      try await MiddlewareShop.with { shop in
        let unused = try TenantDatabase(shop.database.url)
        try await shop.serve { router in
          router.publicHost.get("tanks") { _, _ in
            try await unused.withTenant(TenantName(parsing: "acme")) { _ in HTTPResponse.Status.ok }
          }
          router.tenants.get("tanks") { _, context in
            try await unused.withTenant(context.tenant) { _ in HTTPResponse.Status.ok }
          }
        } _: { client async throws -> Void in
          // From another database: this one refuses psql, too.
          _ = try await TestDatabase.with { other in
            try await other.psql("ALTER DATABASE \(shop.database.name) ALLOW_CONNECTIONS false")
          }
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(503))
          #expect(try await client.ask("/tanks", at: "www.example.com") == Answer(503))
        }
        await unused.close()
      }
    }

    /// What the server says of a statement is for a log.
    @Test func anErrorsMessageStaysInside() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve { router in
          router.tenants.get("tanks") { _, context in
            try await context.withTenant { session in
              try await session.query("INSERT INTO tanks VALUES ('reef')")
              return HTTPResponse.Status.ok
            }
          }
          router.publicHost.get("tanks") { _, _ in
            _ = try TenantName(parsing: "")
            return HTTPResponse.Status.ok
          }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(500))
          #expect(try await client.ask("/tanks", at: "www.example.com") == Answer(500))
        }
      }
    }

    @Test func theRegistryIsNotKnownYet() async throws {
      try await MiddlewareShop.with { shop in
        let router = TenancyRouter(directory: shop.directory)
        router.tenants.get("tanks") { _, _ in HTTPResponse.Status.ok }
        // Without the directory's service.
        try await MiddlewareClient.ask(router) { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(503))
          #expect(try await client.ask("/tanks", at: "acme example.com") == Answer(400))
        }
      }
    }

    private struct SuspendedPage: RouterMiddleware {
      func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
      ) async throws -> Response {
        do {
          return try await next(request, context)
        } catch let refusal as TenancyRefusal where refusal.error.code == .tenantDeactivated {
          return "\(refusal.status.code), suspended".response(from: request, context: context)
        }
      }
    }

    /// The app's own middleware makes a page of a refusal, also of one that a block has brought about.
    @Test func aRefusalAsAPage() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve { router in
          router.add(middleware: SuspendedPage())
          router.tenants.get("tanks") { _, context in
            try await shop.database.psql("UPDATE tenants SET deactivated = true WHERE name = 'acme'")
            return try await context.tanks()
          }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "initech.example.com") == Answer(200, "404, suspended"))
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(200, "404, suspended"))
          #expect(try await client.ask("/tanks", at: "unknown.example.com") == Answer(404))
        }
      }
    }
  }
#endif
