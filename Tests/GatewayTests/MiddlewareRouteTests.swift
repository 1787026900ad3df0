#if Gateway
  import Hummingbird
  import Logging
  import Synchronization
  import Tenancy
  import TenancyHummingbird
  import TestSupport
  import Testing

  /// Which routes answer, and what they see.
  @Suite struct TenancyHummingbirdRouteTests {
    typealias Answer = MiddlewareClient.Answer

    @Test func theSamePathsForTenantsAndThePublicHost() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve {
          $0.tenants.get("tanks") { _, context in "\(context.tenant.name): \(try await context.tanks())" }
          $0.publicHost.get("tanks") { _, _ in "public" }
          $0.publicHost.get("only/here") { _, _ in "public" }
          $0.tenants.get("only/there") { _, _ in "tenant" }
        } _: { client async throws -> Void in
          for (host, body) in [
            ("acme.example.com", "acme: reef"), ("globex.example.com", "globex: lagoon"),
            ("shop.acme.org", "acme: reef"), ("ACME.example.com.:8080", "acme: reef"),
            ("www.example.com", "public"), ("localhost:8080", "public"), ("127.0.0.1", "public"),
            ("[::1]:8080", "public"),
          ] {
            let answer = try await client.ask("/tanks", at: host)
            #expect(answer == Answer(200, body), "\(host)")
          }
          #expect(try await client.ask("/only/here", at: "acme.example.com") == Answer(404))
          #expect(try await client.ask("/only/there", at: "www.example.com") == Answer(404))
          #expect(try await client.ask("/only/there", at: "acme.example.com") == Answer(200, "tenant"))
        }
      }
    }

    @Test func eachTenantHasItsOwnRows() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve { router in
          router.tenants.get("tanks") { _, context in try await context.tanks() }
          router.tenants.post("tanks/:name") { _, context in
            let name = try context.parameters.require("name")
            return try await context.withTenant { session in
              try await session.query("INSERT INTO tanks VALUES (\(name))")
              // After the statement: it is undone.
              if name == "bad" { throw HTTPError(.conflict) }
              return HTTPResponse.Status.created
            }
          }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks/new", at: "acme.example.com", method: "POST") == Answer(201))
          #expect(try await client.ask("/tanks/bad", at: "acme.example.com", method: "POST") == Answer(409))
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(200, "new,reef"))
          #expect(try await client.ask("/tanks", at: "globex.example.com") == Answer(200, "lagoon"))
        }
      }
    }

    private struct AppContext: RequestContext {
      var coreContext: CoreRequestContextStorage
      var visitor = "nobody"

      init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
    }

    private struct ShopContext: TenantRequestContext {
      typealias ParentContext = AppContext
      var coreContext: CoreRequestContextStorage
      let tenant: Tenant
      let database: TenantDatabase
      let visitor: String

      init(source: Source) {
        coreContext = source.context.coreContext
        (tenant, database, visitor) = (source.tenant, source.database, source.context.visitor)
      }
    }

    private struct Greet: RouterMiddleware {
      func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
      ) async throws -> Response {
        var context = context
        context.visitor = "Ada"
        var response = try await next(request, context)
        // The innermost router has written it into what all of them share.
        response.body = .init(byteBuffer: ByteBuffer(string: context.endpointPath ?? "none"))
        return response
      }
    }

    /// What a middleware before the host's resolution puts into the context is there in the tenant's.
    @Test func contextsOfTheApp() async throws {
      try await MiddlewareShop.with { shop in
        let seen = Mutex<[String]>([])
        let router = TenancyRouter(
          directory: shop.directory, tenants: Router(context: ShopContext.self),
          publicHost: Router(context: AppContext.self))
        router.add(middleware: Greet())
        router.tenants.get("hello/:id") { _, context in
          let logged = context.logger[metadataKey: "tenant"].map { "\($0)" } ?? ""
          seen.withLock {
            $0 = [context.visitor, "\(context.tenant.name)", logged, context.parameters.get("id") ?? ""]
          }
          return HTTPResponse.Status.ok
        }
        router.publicHost.get("hello") { _, context in
          seen.withLock { $0 = [context.visitor] }
          return HTTPResponse.Status.ok
        }
        try await shop.serve(router) { client async throws -> Void in
          #expect(try await client.ask("/hello/7", at: "acme.example.com") == Answer(200, "/hello/{id}"))
          #expect(seen.withLock { $0 } == ["Ada", "acme", "acme", "7"])
          #expect(try await client.ask("/hello", at: "www.example.com") == Answer(200, "/hello"))
          #expect(seen.withLock { $0 } == ["Ada"])
        }
      }
    }

    /// The block may touch the state of the actor that it runs on, as everywhere in the library.
    private actor Counter {
      var count = 0

      func add(_ context: BasicTenantRequestContext) async throws -> Int {
        try await context.withTenant { session in count += try await session.query("SELECT FROM tanks").count
        }
        return count
      }
    }

    @Test func theBlockRunsOnTheCallersActor() async throws {
      try await MiddlewareShop.with { shop in
        let counter = Counter()
        try await shop.serve { router in
          router.tenants.get("count") { _, context in "\(try await counter.add(context))" }
        } _: { client async throws -> Void in
          #expect(try await client.ask("/count", at: "acme.example.com") == Answer(200, "1"))
          #expect(try await client.ask("/count", at: "globex.example.com") == Answer(200, "2"))
        }
      }
    }
  }
#endif
