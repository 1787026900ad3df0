import TestSupport
import Testing

@testable import Tenancy

/// A directory that asks once an hour: what it learns, notifications have told it.
@Suite(.timeLimit(.minutes(30))) struct DirectoryNotificationTests {
  private static let deaf = TenantDirectory.Settings(interval: .seconds(3_600))

  private static func with(
    _ registry: Registry = .ours, _ body: (Fleet, TenantDirectory) async throws -> Void
  ) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create(
        "acme", domains: registry.hasDomains ? ["acme.com"] : [], values: registry.values)
      try await fleet.notify()
      try await fleet.withDirectory(deaf) { directory in
        #expect(directory.status.isNotified)
        try await body(fleet, directory)
      }
    }
  }

  @Test(arguments: [
    Registry.ours, .flaskBase, .djangoTenants, .uuids, .ownSchemas, .namesAsKeys, .withoutDomains, .quoted,
  ])
  func changesArrive(registry: Registry) async throws {
    try await Self.with(registry) { fleet, directory in
      try await fleet.create("beta", values: registry.values)
      try await directory.wait { _ in directory.told("beta.example.com") == "beta by subdomain" }
      if registry.hasDomains {
        try await fleet.addDomain("beta", "beta.io")
        try await directory.wait { _ in directory.told("beta.io") == "beta by domain" }
        try await fleet.removeDomain("acme.com")
        try await directory.wait { _ in directory.told("acme.com") == "acme by subdomain" }
      }
      if registry.knowsActivity {
        _ = try await fleet.setActive("acme", false)
        try await directory.wait { _ in directory.told("acme.example.com") == "tenant_deactivated" }
      }
      if !registry.mapping.namesAreKeys {
        try await fleet.rename("beta", "gamma")
        try await directory.wait { _ in directory.told("gamma.example.com") == "gamma by subdomain" }
        #expect(directory.told("beta.example.com") == "host_not_found")
      }
      try await fleet.drop("acme")
      try await directory.wait { _ in directory.told("acme.example.com") == "host_not_found" }
      #expect(directory.status.readings == 1)
    }
  }

  @Test func manyChangesAtATime() async throws {
    try await Self.with { fleet, directory in
      try await fleet.psql("INSERT INTO tenants (name) SELECT 't' || n FROM generate_series(1, 1000) n")
      try await directory.wait { _ in directory.told("t1000.example.com") == "t1000 by subdomain" }
      #expect(directory.status.tenants == 1_001)
      #expect(directory.status.readings == 2)
      try await fleet.psql("UPDATE tenants SET deactivated = true")
      try await directory.wait { _ in directory.told("t1.example.com") == "tenant_deactivated" }
      #expect(directory.told("acme.com") == "tenant_deactivated")
    }
  }

  /// A host that goes from one tenant to another in one transaction, and in two.
  @Test func aHostThatMoves() async throws {
    try await Self.with { fleet, directory in
      try await fleet.create("beta")
      try await fleet.psql(
        "UPDATE domains SET tenant_id = 2, tenant_name = 'beta' WHERE domain_name = 'acme.com'")
      try await directory.wait { _ in directory.told("acme.com") == "beta by domain" }
      try await fleet.psql("DELETE FROM domains")
      try await fleet.addDomain("acme", "acme.com")
      try await directory.wait { _ in directory.told("acme.com") == "acme by domain" }
    }
  }

  /// Anybody who may connect can send notifications, with any payload, as often as he likes.
  @Test func forgedNotifications() async throws {
    try await Self.with { fleet, directory in
      try await fleet.psql(
        """
        SELECT pg_notify('tenantctl_registry', p) FROM unnest(ARRAY['', 'x', '1; DROP TABLE tenants', '99999999999999999999',
          '1', '-1', '{1,2}', 'NULL', repeat('x', 7000)]) p
        """)
      try await directory.wait { $0.updates > 0 }
      #expect(directory.told("acme.com") == "acme by domain")
      try await fleet.psql("SELECT pg_notify('tenantctl_registry', '*')")
      _ = try await fleet.setActive("acme", false)
      try await directory.wait { _ in directory.told("acme.com") == "tenant_deactivated" }
      #expect(directory.status.failures == 0)
    }
  }

  /// One role's flood takes a bounded amount of memory, and hides no change of a tenant.
  @Test func aFloodOfNotifications() async throws {
    try await Self.with { fleet, directory in
      try await fleet.psql(
        "SELECT count(pg_notify('tenantctl_registry', n || repeat('x', 990))) FROM generate_series(1, 20000) n"
      )
      _ = try await fleet.setActive("acme", false)
      try await directory.wait { _ in directory.told("acme.com") == "tenant_deactivated" }
      #expect(directory.status.failures == 0)
    }
  }

  /// The change is among those of which too many came at a time, while others of the flood were read, and right after all was.
  @Test func aChangeInTheMiddleOfAFlood() async throws {
    try await Self.with { fleet, directory in
      for isActive in [false, true] + Array(repeating: [false, true], count: 20).joined() {
        try await fleet.psql(
          """
          SELECT pg_notify('tenantctl_registry', '*'); SELECT pg_notify('tenantctl_registry', 'x');
          BEGIN;
          SELECT count(pg_notify('tenantctl_registry', n::text)) FROM generate_series(1, 2500) n;
          UPDATE tenants SET deactivated = \(!isActive);
          COMMIT
          """)
        let expected = isActive ? "acme by domain" : "tenant_deactivated"
        try await directory.wait { _ in directory.told("acme.com") == expected }
      }
      #expect(directory.status.failures == 0)
    }
  }

  /// More than are kept: some are missing, which is said.
  @Test func theClientKeepsSomeOfAFlood() async throws {
    try await Fleet.with { fleet in
      let connection = try await fleet.tenancy.connect(nil, patience: .seconds(10))
      try await connection.query("LISTEN flood")
      try await fleet.psql("SELECT count(pg_notify('flood', n::text)) FROM generate_series(1, 5000) n")
      try await fleet.psql("SELECT pg_notify('flood', repeat('x', 5000)), pg_notify('flood', 'last')")
      // The notifications come along with the answer, at the latest.
      try await connection.query("SELECT 1")
      try await connection.query("SELECT 1")
      let told = try await connection.notifications(within: .seconds(10))
      #expect(told.payloads.count == 2_000)
      #expect(told.areMissing)
      #expect(told.payloads.allSatisfy { $0.utf8.count < 1_000 })
      await connection.close()
    }
  }

  /// Without its triggers a registry is asked, and with them again it need not be.
  @Test func triggersThatComeAndGo() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.withDirectory { try await Self.comeAndGo(fleet, $0) }
    }
  }

  private static func comeAndGo(_ fleet: Fleet, _ directory: TenantDirectory) async throws {
    #expect(!directory.status.isNotified)
    try await fleet.notify()
    try await directory.wait { $0.isNotified }
    try await fleet.psql("ALTER TABLE tenants DISABLE TRIGGER USER; UPDATE tenants SET deactivated = true")
    try await directory.wait { !$0.isNotified }
    try await directory.catchUp()
    #expect(directory.told("acme.com") == "tenant_deactivated")
  }

  /// A pooler lends a session for a transaction: it would be another one that listens.
  @Test func throughAPooler() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.notify()
      try await TestPgBouncer.with(fleet.database) { url in
        let database = try TenantDatabase(url)
        try await fleet.withDirectory(of: database) { directory in
          #expect(!directory.status.isNotified)
          _ = try await fleet.setActive("acme", false)
          try await directory.catchUp()
          #expect(directory.told("acme.com") == "tenant_deactivated")
        }
        var direct = Self.deaf
        direct.connectionString = fleet.database.url
        try await fleet.withDirectory(direct, of: database) { directory in
          #expect(directory.status.isNotified)
          _ = try await fleet.setActive("acme", true)
          try await directory.wait { _ in directory.told("acme.com") == "acme by domain" }
        }
        await database.close()
      }
    }
  }
}

extension Fleet {
  func notify() async throws {
    _ = try await tenancy.planInitialize(.mapping, notify: true).apply()
  }
}
