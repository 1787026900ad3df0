import TestSupport
import Testing

@testable import Tenancy

/// What a session that LISTENs hears of the registry's changes.
@Suite struct NotificationTests {
  private func notifying<T>(_ registry: Registry = .ours, _ body: (Fleet) async throws -> T) async throws -> T
  {
    try await Fleet.with(registry) { fleet in
      try await fleet.install()
      return try await body(fleet)
    }
  }

  @Test func tenantctlsOwnChanges() async throws {
    try await notifying { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.create("beta")
      let tenancy = fleet.tenancy
      let host = try DomainName(parsing: "b.com")
      let new = NewTenant("new", domains: [try DomainName(parsing: "new.com")])
      #expect(try await fleet.heard(during: tenancy.planCreate(new)) == ["3"])
      #expect(try await fleet.heard(during: tenancy.planAddDomain(host, to: "acme", primary: false)) == ["1"])
      #expect(try await fleet.heard(during: tenancy.planSetPrimary(host)) == [], "it leads where it led")
      #expect(try await fleet.heard(during: tenancy.planRename("acme", to: "apex")) == ["1"])
      #expect(try await fleet.heard(during: tenancy.planSetActive(["apex"], false)) == ["1"])
      #expect(try await fleet.heard(during: tenancy.planSetActive(["apex"], true)) == ["1"])
      #expect(
        try await fleet.heard(during: tenancy.planRemoveDomain(DomainName(parsing: "acme.com"))) == ["1"])
      #expect(try await fleet.heard(during: tenancy.planDrop("new")) == ["3"])
    }
  }

  /// SQL of an app, and what is heard of it. The tenants a, b and c have the keys 1, 2 and 3.
  private static let changes = [
    // Nothing that routing depends on.
    ("UPDATE tenants SET updated_at = now()", []),
    ("UPDATE tenants SET name = name, deactivated = deactivated", []),
    ("UPDATE tenants SET deactivated = true WHERE false", []), ("DELETE FROM tenants WHERE false", []),
    ("INSERT INTO tenants (name) SELECT 'x' WHERE false", []),
    ("UPDATE domains SET is_primary = NOT is_primary", []),
    ("UPDATE domains SET tenant_name = 'b' WHERE tenant_id = 1", []),
    ("BEGIN; UPDATE tenants SET deactivated = true; ROLLBACK", []),
    // Only what changes, each once.
    ("UPDATE tenants SET deactivated = id <> 2", ["1", "3"]),
    (
      "BEGIN; UPDATE tenants SET deactivated = true; UPDATE tenants SET deactivated = false; COMMIT",
      ["1", "2", "3"]
    ),
    (
      "INSERT INTO tenants (name) VALUES ('b'), ('d') ON CONFLICT (name) DO UPDATE SET deactivated = true",
      ["5", "2"]
    ),
    ("UPDATE tenants SET name = CASE id WHEN 2 THEN 'x' ELSE 'y' END WHERE id > 1", ["2", "3"]),
    ("DELETE FROM tenants WHERE id > 1", ["2", "3"]),
    ("UPDATE tenants SET id = 7 WHERE id = 2", ["2", "7"]),
    ("UPDATE domains SET tenant_id = 2 WHERE tenant_id = 1", ["1", "2"]),
    ("UPDATE domains SET domain_name = 'z.com' WHERE tenant_id = 1", ["1"]),
    ("DELETE FROM domains WHERE tenant_id = 1", ["1"]),
    ("COPY tenants (name) FROM stdin;\nx\ny\n\\.\n", ["4", "5"]),
    // Many at once.
    (
      "INSERT INTO tenants (id, name) SELECT g, 'x' || g FROM generate_series(1001, 1100) g",
      (1001...1100).map { "\($0)" }
    ),
    ("INSERT INTO tenants (id, name) SELECT g, 'x' || g FROM generate_series(1001, 1101) g", ["*"]),
    ("TRUNCATE tenants, domains", ["*"]), ("TRUNCATE domains", ["*"]),
    // As logical replication writes.
    ("SET session_replication_role = replica; UPDATE tenants SET updated_at = now()", []),
    ("SET session_replication_role = replica; UPDATE tenants SET deactivated = true", ["*"]),
    ("SET session_replication_role = replica; INSERT INTO tenants (name) VALUES ('x')", ["*"]),
    ("SET session_replication_role = replica; DELETE FROM domains", ["*"]),
    ("SET session_replication_role = replica; TRUNCATE tenants, domains", ["*"]),
  ]

  @Test(arguments: changes) func changesOfAnApp(sql: String, payloads: [String]) async throws {
    try await notifying { fleet in
      for name in ["a", "b", "c"] { try await fleet.psql("INSERT INTO tenants (name) VALUES ('\(name)')") }
      try await fleet.psql(
        "INSERT INTO domains (tenant_id, tenant_name, domain_name) VALUES (1, 'a', 'a.com')")
      #expect(try await fleet.heard(sql).sorted() == payloads.sorted())
    }
  }

  @Test(arguments: Registry.all.filter { $0.name != Registry.views.name })
  func everyRegistry(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      #expect(try await fleet.notifications() == .none)
      let before = try await fleet.database.contents()
      try await fleet.install()
      #expect(try await fleet.notifications() == .current)
      let domains = registry.hasDomains ? [try DomainName(parsing: "acme.com")] : []
      let new = NewTenant("acme", domains: domains, values: registry.values)
      let created = try await fleet.heard(during: fleet.tenancy.planCreate(new))
      let (key, table) = try await fleet.key()
      let name = try await fleet.named("acme")
      let stored = try await fleet.psql("SELECT \(key) FROM \(table) WHERE \(name)")
      #expect(created == [stored])
      try await fleet.drop("acme")
      try await fleet.uninstall()
      #expect(try await fleet.notifications() == .none)
      #expect(withoutSequences(try await fleet.database.contents()) == withoutSequences(before))
    }
  }

  private func withoutSequences(_ contents: String) -> String {
    contents.replacing(#/SELECT pg_catalog.setval\(.*\)/#, with: "")
  }

  /// The worker that applies changes fires no statement triggers.
  @Test func aCopyByLogicalReplication() async throws {
    try await TestServer.withOwn(settings: ["wal_level=logical"]) {
      try await Fleet.with { original in
        try await original.psql("CREATE PUBLICATION p FOR TABLE tenants, domains")
        try await original.psql("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        try await notifying { copy in
          try await copy.psql(
            "CREATE SUBSCRIPTION s CONNECTION '\(original.database.url)' PUBLICATION p WITH (create_slot = false)"
          )
          func change(_ sql: String, until condition: String) -> String {
            // What was committed before the notification of its own comes before it.
            """
            \\! psql -Xqd '\(original.database.url)' -c "\(sql)"
            DO $$ BEGIN
              WHILE NOT EXISTS (SELECT FROM tenants WHERE \(condition)) LOOP
                PERFORM pg_sleep(0.01); -- until the worker has applied it
              END LOOP;
            END $$;
            NOTIFY tenantctl_registry, '\(condition)';

            """
          }
          let heard = try await copy.heard(
            change("INSERT INTO tenants (name) VALUES ('a')", until: "true")
              + change(
                "UPDATE tenants SET updated_at = updated_at - interval '1 h'",
                until: "updated_at < created_at")
              + change("UPDATE tenants SET deactivated = true", until: "deactivated"))
          #expect(heard == ["*", "true", "updated_at < created_at", "*", "deactivated"])
          try await copy.psql("DROP SUBSCRIPTION s")
        }
      }
    }
  }

  /// PostgreSQL computes such a column for no trigger.
  @Test func virtualColumns() async throws {
    let isStored = try await TestDatabase.with { try await $0.psql("SHOW server_version_num") } < "180000"
    var registry = Registry(
      name: "virtual column",
      ddl: """
        CREATE TABLE tenants (
          id serial PRIMARY KEY, name text UNIQUE, code text, deactivated boolean,
          db_schema text GENERATED ALWAYS AS ('t_' || code) \(isStored ? "STORED" : "VIRTUAL"));
        INSERT INTO tenants (name) VALUES ('a'), ('b')
        """, mapping: RegistryMapping(domains: nil))
    registry.mapping.columns.schema = "db_schema"
    try await notifying(registry) { fleet in
      #expect(try await fleet.notifications() == .current)
      let heard = try await fleet.heard(
        """
        UPDATE tenants SET code = 'x' WHERE id = 1; UPDATE tenants SET deactivated = true WHERE id = 2;
        UPDATE tenants SET code = 'x'; INSERT INTO tenants (name) VALUES ('c'); DELETE FROM tenants WHERE id = 1
        """)
      #expect(heard == ["1", "2", "2", "3", "1"])
      // One that comes later must not make a write fail.
      let later = try await fleet.heard(
        """
        ALTER TABLE tenants DROP COLUMN deactivated;
        ALTER TABLE tenants ADD deactivated boolean GENERATED ALWAYS AS (code = 'x') \(isStored ? "STORED" : "VIRTUAL");
        UPDATE tenants SET code = 'z'
        """)
      #expect(later == (isStored ? ["2", "3"] : ["*"]))
    }
  }

  @Test func aRenameWhereTheNameIsTheKey() async throws {
    for registry in [Registry.namesAsKeys, .flaskBase] {
      try await notifying(registry) { fleet in
        try await fleet.create("acme", domains: ["acme.com"])
        let heard = try await fleet.heard(during: fleet.tenancy.planRename("acme", to: "apex"))
        #expect(Set(heard) == ["acme", "apex"])
      }
    }
  }
}

extension Fleet {
  fileprivate func shape() async throws -> RegistryShape {
    try await tenancy.connected { try await RegistryShape.load(self.tenancy.settings.registry, over: $0) }
  }

  fileprivate func key() async throws -> (String, String) {
    let shape = try await shape()
    let key = shape.domains.map { shape.keys($0).tenant } ?? shape.tenants.id ?? shape.tenants.name
    return (key.quoted, shape.tenants.table.quoted)
  }

  fileprivate func named(_ name: String) async throws -> String {
    try await "\(shape().tenants.name.quoted)::text = '\(name)'"
  }

  fileprivate func uninstall() async throws {
    let signatures = RegistryNotifications(try await shape()).signatures
    try await psql("DROP FUNCTION \(signatures.joined(separator: ", ")) CASCADE")
  }
}
