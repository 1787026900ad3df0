import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The ways into a tenant, and what comes out of a block.
@Suite struct TenantSessionTests {
  static func withTanks<T: Sendable>(_ body: @Sendable (Fleet) async throws -> T) async throws -> T {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.example.com"])
      try await fleet.psql(
        "CREATE TABLE acme.tanks (name text UNIQUE, capacity int); INSERT INTO acme.tanks VALUES ('a', 50), ('b', NULL)"
      )
      return try await body(fleet)
    }
  }

  /// An actor of an app, with state that the block changes.
  private actor Shop {
    let database: TenantDatabase
    var seen: [String] = []

    init(_ database: TenantDatabase) { self.database = database }

    func look() async throws {
      try await database.withTenant(forHost: "acme.example.com") { session in
        for row in try await session.query("SELECT name FROM tanks ORDER BY 1") {
          seen.append(try row.decode("name", as: String.self))
        }
      }
    }
  }

  @Test func theBlockTouchesItsActorsState() async throws {
    try await Self.withTanks { fleet in
      let shop = Shop(fleet.tenancy)
      try await shop.look()
      #expect(await shop.seen == ["a", "b"])
    }
  }

  @MainActor @Test func fromTheMainActor() async throws {
    try await Self.withTanks { fleet in try await Self.onTheMainActor(fleet.tenancy) }
  }

  @MainActor private static func onTheMainActor(_ database: TenantDatabase) async throws {
    var count = 0
    try await database.withTenant(database.tenant(forHost: "acme.example.com")) { session in
      MainActor.assertIsolated()
      count += try await session.query("SELECT FROM tanks").count
      MainActor.assertIsolated()
    }
    #expect(count == 2)
  }

  /// By name the tenant is looked up and entered; one that is known already is only entered.
  @Test func aKnownTenantIsNotLookedUp() async throws {
    try await Self.withTanks { fleet in
      let statements = Mutex<[String]>([])
      let database = try TenantDatabase(
        fleet.database.url,
        observer: .init(statement: { sql in statements.withLock { $0.append(sql) } }))
      let tenant = try await database.tenant(forHost: "acme.example.com")
      let lookUps = { statements.withLock { $0.filter { $0.contains(#"FROM "public"."tenants" t"#) }.count } }
      _ = try await database.withTenant(tenant) { try await $0.query("SELECT 1") }
      statements.withLock { $0 = [] }
      _ = try await database.withTenant(tenant) { try await $0.query("SELECT 1") }
      #expect(lookUps() == 1)
      _ = try await database.withTenant(tenant.name) { try await $0.query("SELECT 1") }
      #expect(lookUps() == 3)
      await database.close()
    }
  }

  /// The first statement to meet another registry than the promised one may be the opening.
  @Test(arguments: Registry.all) func aKnownTenantOfAnyRegistry(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      let tenant = try await fleet.create("acme", values: registry.values).tenant
      let database = try fleet.database.tenancy(registry)
      let runs = Atomic(0)
      try await database.withTenant(tenant) { session in
        runs.add(1, ordering: .relaxed)
        let schema = try await session.query("SELECT current_schema()")[0][0]
        #expect(schema == tenant.schema.rawValue)
      }
      #expect(runs.load(ordering: .relaxed) == 1)
      await database.close()
    }
  }

  /// What is known of a tenant may be out of date: then it is not entered.
  @Test func aTenantThatHasChangedSince() async throws {
    try await Self.withTanks { fleet in
      let tenant = try await fleet.tenancy.tenant(forHost: "acme.example.com")
      _ = try await fleet.setActive("acme", false)
      await #expect(throws: TenancyError(.tenantDeactivated("acme"))) {
        try await fleet.tenancy.withTenant(tenant) { _ in Issue.record("the block ran") }
      }
      _ = try await fleet.setActive("acme", true)
      try await fleet.rename("acme", "apex")
      await #expect(throws: TenancyError(.tenantNotFound("acme"))) {
        try await fleet.tenancy.withTenant(tenant) { _ in Issue.record("the block ran") }
      }
      let other = Tenant(name: "apex", schema: .shared, isActive: true)
      await #expect(throws: TenancyError(.tenantNotFound("apex"))) {
        try await fleet.tenancy.withTenant(other) { _ in Issue.record("the block ran") }
      }
    }
  }

  /// Also a deferred trigger that fails on an unknown table, as a registry of another shape would.
  @Test func aCommitThatFailsRunsTheBlockOnce() async throws {
    try await Self.withTanks { fleet in
      try await fleet.psql(
        """
        CREATE FUNCTION acme.fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM FROM nonesuch; RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON acme.tanks DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION acme.fail()
        """)
      let runs = Atomic(0)
      let error = await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.withTenant("acme") { session in
          runs.add(1, ordering: .relaxed)
          _ = try await session.query("INSERT INTO tanks VALUES ('c')")
        }
      }
      #expect((error?.code, error?.sqlState, error?.tenant) == (.statementFailed, "42P01", "acme"))
      #expect(runs.load(ordering: .relaxed) == 1)
    }
  }

  @Test func insideABlockErrorsAreTheLibrarysToo() async throws {
    try await Self.withTanks { fleet in
      try await fleet.tenancy.withTenant("acme") { session in
        let rows = try await session.query("SELECT name, capacity FROM tanks ORDER BY 1")
        let (name, capacity) = try rows[0].decode((String, Int).self)
        let again = try rows[0].decode(1, as: Int.self)
        let none = try rows[1].decode("capacity", as: Int?.self)
        #expect(name == "a" && capacity == 50 && again == 50 && none == nil)
        for wrong in [
          { try rows[1].decode("capacity", as: Int.self) }, { try rows[0].decode("none", as: Int.self) },
          { try rows[0].decode(7, as: Int.self) },
        ] {
          let error = #expect(throws: TenancyError.self) { try wrong() }
          #expect(error?.code == .columnMismatch)
        }
        try await session.query("SAVEPOINT part")
        let error = await #expect(throws: TenancyError.self) {
          try await session.pipeline(["SELECT 1", "INSERT INTO tanks VALUES ('a')"])
        }
        try await session.query("ROLLBACK TO part")
        #expect((error?.code, error?.sqlState, error?.tenant) == (.statementFailed, "23505", "acme"))
      }
    }
  }

  /// Its connection may be another tenant's by then.
  @Test func aSessionEndsWithItsBlock() async throws {
    try await Self.withTanks { fleet in
      let kept = try await fleet.tenancy.withTenant("acme") { $0 }
      await #expect(throws: TenancyError(.sessionEnded, in: "acme")) { try await kept.query("SELECT 1") }
    }
  }

  @Test func aPoolThatIsExhaustedOrClosed() async throws {
    try await Self.withTanks { fleet in
      let database = try TenantDatabase(
        fleet.database.url, settings: .init(poolTimeout: .milliseconds(20)), connections: 1)
      try await database.withTenant("acme") { _ in
        let error = await #expect(throws: TenancyError.self) {
          try await database.withTenant("acme") { _ in Issue.record("the block ran") }
        }
        #expect((error?.code, error?.tenant) == (.poolExhausted, "acme"))
      }
      await database.close()
      let error = await #expect(throws: TenancyError.self) { try await database.tenant(forHost: "acme.com") }
      #expect(error?.code == .poolClosed)
    }
  }

  @Test func codesForWhatAnAppCanTellApart() async throws {
    try await Self.withTanks { fleet in
      try await fleet.psql(
        """
        ALTER TABLE domains DROP CONSTRAINT domains_tenant_id_fkey, DROP CONSTRAINT domains_tenant_name_fkey;
        INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary) VALUES (0, 'gone', 'gone.com', true)
        """)
      let cases: [(String, TenancyError.Code)] = [
        ("none.example.com", .hostNotFound), ("www.example.com", .hostNotTenant),
        ("gone.com", .domainWithoutTenant),
        ("a b", .invalidDomain),
      ]
      for (host, code) in cases {
        let error = await #expect(throws: TenancyError.self) {
          try await fleet.tenancy.withTenant(forHost: host) { _ in Issue.record("the block ran") }
        }
        #expect(error?.code == code)
      }
      let unreachable = try TenantDatabase("postgresql://nobody@127.0.0.1:1/none")
      let refused = await #expect(throws: TenancyError.self) {
        try await unreachable.tenant(forHost: "a.com")
      }
      #expect(refused?.code == .connectionFailed)
      let malformed = #expect(throws: TenancyError.self) { try TenantDatabase("nonsense") }
      #expect(malformed?.code == .malformedURL)
    }
  }
}
