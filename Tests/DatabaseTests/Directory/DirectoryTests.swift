import TestSupport
import Testing

@testable import Tenancy

@Suite(.timeLimit(.minutes(30))) struct DirectoryTests {
  private static let hosts = [
    "acme.example.com", "ACME.example.com.", "www.acme.com", "shop.acme.com:8080", "beta.example.com",
    "beta.io",
    "gamma.example.com", "delta.example.com", "www.example.com", "example.com", "localhost", "127.0.0.1",
    "nobody.example.com",
    "upper.example.com",
  ]

  /// Whatever the registry looks like, and whatever happens to it, memory and database give the same answers.
  @Test(arguments: Registry.all) func answersAsTheDatabaseDoes(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      try await fleet.create(
        "acme", domains: registry.hasDomains ? ["www.acme.com"] : [], values: registry.values)
      try await fleet.withDirectory { directory in
        for change in Self.changes(registry) {
          try await change(fleet)
          try await directory.catchUp()
          for host in Self.hosts {
            let expected: String
            do { expected = try await fleet.resolve(host) } catch let error as TenancyError {
              expected = error.code.rawValue
            }
            #expect(directory.told(host) == expected, "\(host)")
          }
        }
      }
    }
  }

  private static func changes(_ registry: Registry) -> [@Sendable (Fleet) async throws -> Void] {
    var changes: [@Sendable (Fleet) async throws -> Void] = [
      { _ in },
      { try await $0.create("beta", values: registry.values) },
      { try await $0.drop("acme") },
      { try await $0.create("acme", values: registry.values) },
      { try await $0.create("gamma", values: registry.values) },
    ]
    if registry.mapping.namesAreKeys == false { changes.append { try await $0.rename("gamma", "delta") } }
    if registry.knowsActivity {
      changes += [
        { _ = try await $0.setActive("beta", false) }, { _ = try await $0.setActive("beta", true) },
      ]
    }
    if registry.hasDomains {
      changes += [
        { try await $0.addDomain("acme", "shop.acme.com") }, { try await $0.addDomain("beta", "beta.io") },
        { try await $0.addDomain("beta", "upper.example.com") },
        { try await $0.removeDomain("shop.acme.com") },
      ]
    }
    return changes
  }

  /// A column that comes later decides from then on, even if no row is written for it.
  @Test func aDeactivationThatComesLater() async throws {
    try await Fleet.with(.flaskBase) { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.withDirectory { directory in
        #expect(directory.told("acme.com") == "acme by domain")
        try await fleet.psql("ALTER TABLE tenants ADD deactivated boolean NOT NULL DEFAULT true")
        try await directory.catchUp()
        #expect(directory.told("acme.com") == "tenant_deactivated")
        // Without it nothing says that acme is active again.
        try await fleet.psql("ALTER TABLE tenants DROP deactivated")
        try await directory.wait { $0.failure?.code == .registryMismatch }
        #expect(directory.told("acme.com") == "tenant_deactivated")
      }
    }
  }

  @Test func tablesThatAreReplaced() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.withDirectory { directory in
        // The rows of the new tables are written by one transaction, as those of the old ones were.
        try await fleet.psql(
          """
          BEGIN; ALTER TABLE domains RENAME TO old_domains; CREATE TABLE domains (LIKE old_domains INCLUDING ALL);
          INSERT INTO domains SELECT id, tenant_id, tenant_name, 'new.com', is_primary FROM old_domains; COMMIT
          """)
        try await directory.catchUp()
        #expect(directory.told("acme.com") == "acme by subdomain")
        #expect(directory.told("new.com") == "acme by domain")
      }
    }
  }

  /// What is known goes on being answered while the registry cannot be read, and it is said why.
  @Test func aRegistryThatIsGoneForAWhile() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.withDirectory { directory in
        try await fleet.psql("ALTER TABLE domains RENAME TO elsewhere")
        try await directory.wait { $0.failure?.code == .registryMissing }
        #expect(directory.told("acme.com") == "acme by domain")
        try await fleet.psql("ALTER TABLE elsewhere RENAME TO domains; UPDATE tenants SET deactivated = true")
        try await directory.wait { $0.failure == nil }
        #expect(directory.told("acme.com") == "tenant_deactivated")
      }
    }
  }

  @Test func aSessionThatIsKilled() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      let settings = TenantDatabase.Settings(applicationName: "directory")
      let database = try TenantDatabase(fleet.database.url, settings: settings)
      try await fleet.withDirectory(of: database) { directory in
        for round in 1...5 {
          let before = directory.status.readings
          try await fleet.psql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'directory' AND datname = current_database()
            """)
          #expect(directory.told("acme.com").contains(round % 2 == 1 ? "acme" : "deactivated"))
          _ = try await fleet.setActive("acme", round % 2 == 0)
          try await directory.wait { $0.readings > before && $0.failure == nil }
          try await directory.catchUp()
          #expect(directory.told("acme.com") == (round % 2 == 0 ? "acme by domain" : "tenant_deactivated"))
        }
      }
    }
  }

  /// As when a cable is pulled: nothing arrives, and nobody says so.
  @Test func aServerThatIsAway() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await TestProxy.with(fleet.database) { proxy in
        let patient = TenantDirectory.Settings(interval: .milliseconds(20), connectionString: proxy.url)
        var impatient = patient
        impatient.patience = .milliseconds(300)
        try await fleet.withDirectory(patient) { patient in
          try await fleet.withDirectory(impatient) { impatient in
            proxy.goSilent()
            try await patient.wait { $0.failure != nil }
            #expect(impatient.told("acme.com") == "directory_stale")
            #expect(patient.told("acme.com") == "acme by domain")
            #expect(patient.told("nobody.example.com") == "host_not_found")
            _ = try await fleet.setActive("acme", false)
            proxy.recover()
            try await patient.catchUp()
            try await impatient.catchUp()
            #expect(patient.told("acme.com") == "tenant_deactivated")
            #expect(impatient.told("acme.com") == "tenant_deactivated")
          }
        }
      }
    }
  }

  /// A TRUNCATE empties a table for older snapshots, too: one that was taken before the lock would see no tenant.
  @Test func aTruncateThatIsWaitedFor() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      // It asks once an hour: only the notification makes it read, while the table is locked.
      try await fleet.withDirectory(.init(interval: .seconds(3_600))) { directory in
        for round in 1...3 {
          async let rewriting = fleet.psql(
            """
            BEGIN; CREATE TEMP TABLE t AS SELECT * FROM tenants; CREATE TEMP TABLE d AS SELECT * FROM domains;
            TRUNCATE tenants, domains; SELECT pg_sleep(1); INSERT INTO tenants SELECT * FROM t;
            INSERT INTO domains SELECT * FROM d; COMMIT
            """)
          try await fleet.psql(
            """
            DO $$ BEGIN
              WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'tenants'::regclass
                AND mode = 'AccessExclusiveLock' AND granted) LOOP PERFORM pg_sleep(0.01); END LOOP;
            END $$; NOTIFY tenantctl_registry, '*'
            """)
          try await directory.wait { $0.readings == round + 1 }
          #expect(directory.told("acme.com") == "acme by domain")
          _ = try await rewriting
        }
      }
    }
  }

  /// Rows that no command takes for a tenant's.
  @Test func rowsWithoutANameOrAKey() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        DROP TABLE domains, tenants;
        CREATE TABLE tenants (id int, name text, deactivated boolean);
        CREATE TABLE domains (tenant_id int, domain_name text, is_primary boolean);
        INSERT INTO tenants VALUES (NULL, 'secret'), (NULL, 'other'), (1, NULL), (2, 'acme');
        INSERT INTO domains VALUES (NULL, 'orphan.com'), (1, 'nameless.com'), (2, 'acme.com')
        """)
      try await fleet.withDirectory { directory in
        for host in ["secret.example.com", "other.example.com", "orphan.com", "nameless.com", "acme.com"] {
          let expected: String
          do { expected = try await fleet.resolve(host) } catch let error as TenancyError {
            expected = error.code.rawValue
          }
          #expect(directory.told(host) == expected, "\(host)")
        }
      }
    }
  }

  @Test func beforeItIsRead() async throws {
    let directory = TenantDirectory(of: try TenantDatabase("postgresql://127.0.0.1:1/nowhere"))
    #expect(directory.told("acme.com") == "directory_not_ready")
    #expect(directory.age == nil)
    let keeping = Task { try await directory.run() }
    try await directory.wait { $0.failure?.code == .connectionFailed }
    keeping.cancel()
    await #expect(throws: CancellationError.self) { try await keeping.value }
    let waiting = Task { try await directory.waitUntilReady() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }
}
