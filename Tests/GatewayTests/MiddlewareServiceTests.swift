#if Gateway
  import Hummingbird
  import Logging
  import ServiceLifecycle
  import Tenancy
  import TenancyHummingbird
  import TestSupport
  import Testing

  /// The directory as a service of an app.
  @Suite struct TenancyHummingbirdServiceTests {
    typealias Answer = MiddlewareClient.Answer

    /// The end of the group throws nothing, and comes: a service that does not end would hold it up for ever.
    @Test(.timeLimit(.minutes(30))) func aGracefulShutdownEndsIt() async throws {
      try await MiddlewareShop.with { shop in
        let group = ServiceGroup(
          configuration: .init(services: [shop.directory.service], logger: Logger(label: "test")))
        try await withThrowingTaskGroup { tasks in
          tasks.addTask { try await group.run() }
          try await shop.directory.waitUntilReady()
          await group.triggerGracefulShutdown()
          try await tasks.waitForAll()
        }
      }
    }

    @Test func aCancelledTaskEndsIt() async throws {
      try await MiddlewareShop.with { shop in
        let service = shop.directory.service
        let running = Task { try await service.run() }
        try await shop.directory.waitUntilReady()
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
      }
    }

    /// A change is served without a restart.
    @Test(.timeLimit(.minutes(30))) func aChangeIsServed() async throws {
      try await MiddlewareShop.with { shop in
        try await shop.serve { router in
          router.tenants.get("tanks") { _, context in "\(context.tenant.name)" }
        } _: { client async throws -> Void in
          func wait(for answer: Answer, at host: String) async throws {
            // The directory asks at each interval, so the answer comes at some time; the time limit ends a wrong one.
            while try await client.ask("/tanks", at: host) != answer {}
          }
          #expect(try await client.ask("/tanks", at: "acme.example.com") == Answer(200, "acme"))
          try await shop.database.psql("UPDATE tenants SET deactivated = true WHERE name = 'acme'")
          try await wait(for: Answer(404), at: "acme.example.com")
          try await shop.database.psql("UPDATE tenants SET deactivated = false")
          try await wait(for: Answer(200, "acme"), at: "acme.example.com")
          try await wait(for: Answer(200, "initech"), at: "initech.example.com")
        }
      }
    }
  }
#endif
