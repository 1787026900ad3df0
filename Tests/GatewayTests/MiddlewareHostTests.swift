#if Gateway
  import Hummingbird
  import Synchronization
  import Tenancy
  import TenancyHummingbird
  import TestSupport
  import Testing

  /// What becomes of a request whose host leads to no tenant, before any route runs.
  @Suite struct TenancyHummingbirdHostTests {
    typealias Answer = MiddlewareClient.Answer

    /// Counts the requests that have reached a route, whichever.
    private final class Routes: Sendable {
      let visits = Atomic(0)

      func install(in router: BasicTenancyRouter) {
        router.tenants.get("tanks") { _, context in
          self.visits.add(1, ordering: .relaxed)
          return "\(context.tenant.name)"
        }
        router.publicHost.get("tanks") { _, _ in
          self.visits.add(1, ordering: .relaxed)
          return "public"
        }
      }
    }

    @Test func hostsThatLeadNowhere() async throws {
      try await MiddlewareShop.with { shop in
        let routes = Routes()
        try await shop.serve(routes.install) { client async throws -> Void in
          for host in [
            "unknown.example.com", "initech.example.com", "a_b.example.com", "münchen.example.com",
          ] {
            #expect(try await client.ask("/tanks", at: host) == Answer(404), "\(host)")
            // The same for a path without a route: an outsider does not learn which paths there are.
            #expect(try await client.ask("/nowhere", at: host) == Answer(404), "\(host)")
          }
          #expect(routes.visits.load(ordering: .relaxed) == 0)
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(200, "acme"))
          #expect(routes.visits.load(ordering: .relaxed) == 1)
        }
      }
    }

    @Test func theStatusOfADeactivatedTenant() async throws {
      try await MiddlewareShop.with { shop in
        let routes = Routes()
        try await shop.serve {
          $0.deactivatedStatus = .gone
          routes.install(in: $0)
        } _: { client async throws -> Void in
          #expect(try await client.ask("/tanks", at: "initech.example.com") == Answer(410))
          #expect(try await client.ask("/tanks", at: "unknown.example.com") == Answer(404))
          #expect(routes.visits.load(ordering: .relaxed) == 0)
        }
      }
    }

    @Test func hostsThatAreNone() async throws {
      try await MiddlewareShop.with { shop in
        let routes = Routes()
        try await shop.serve(routes.install) { client async throws -> Void in
          for lines in [
            [], ["Host:"], ["Host: acme example.com"], ["Host: http://acme.example.com"],
            ["Host: acme.example.com,globex.example.com"],
            ["Host: acme." + String(repeating: "a", count: 10_000)],
            ["Host: acme.example.com", "Host: globex.example.com"],
            ["Host: acme.example.com", "host: acme.example.com"],
          ] {
            #expect(try await client.send("GET /tanks HTTP/1.1", lines) == Answer(400), "\(lines)")
          }
          #expect(routes.visits.load(ordering: .relaxed) == 0)
        }
      }
    }

    @Test func aForwardedHostIsNotTrusted() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve(Routes().install) { client async throws -> Void in
          let lines = ["X-Forwarded-Host: globex.example.com"]
          #expect(try await client.ask("/tanks", at: "acme.example.com", lines: lines) == Answer(200, "acme"))
          #expect(
            try await client.ask("/tanks", at: "www.example.com", lines: lines) == Answer(200, "public"))
          #expect(try await client.ask("/tanks", at: "unknown.example.com", lines: lines) == Answer(404))
        }
      }
    }

    @Test func aForwardedHostIsTrustedWhenToldSo() async throws {
      try await MiddlewareShop.with { shop in
        let routes = Routes()
        try await shop.serve {
          $0.trustsForwardedHost = true
          routes.install(in: $0)
        } _: { client async throws -> Void in
          let forwarded = "X-Forwarded-Host: globex.example.com"
          for (lines, answer) in [
            ([forwarded], Answer(200, "globex")), ([], Answer(200, "acme")),
            (["X-Forwarded-Host: initech.example.com"], Answer(404)),
            ([forwarded, forwarded], Answer(400)), ([forwarded + ", acme.example.com"], Answer(400)),
            ([forwarded + ",acme.example.com"], Answer(400)), (["X-Forwarded-Host:"], Answer(400)),
            ([forwarded, "Host: acme.example.com"], Answer(400)),
          ] {
            #expect(
              try await client.ask("/tanks", at: "acme.example.com", lines: lines) == answer, "\(lines)")
          }
        }
      }
    }
  }
#endif
