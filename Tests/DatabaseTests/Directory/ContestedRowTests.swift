import TestSupport
import Testing

@testable import Tenancy

/// Rows that have one name, one host or one key, as a registry without unique constraints may have them: memory and database
/// lead to the same tenant, or both to none.
@Suite(.timeLimit(.minutes(30))) struct ContestedRowTests {
  private static func registry(byName: Bool) -> Registry {
    var registry = Registry(
      name: "without constraints",
      ddl: """
        CREATE TABLE tenants (id serial PRIMARY KEY, name text NOT NULL, schema_name text NOT NULL DEFAULT 's',
          deactivated boolean NOT NULL DEFAULT false);
        CREATE TABLE domains (\(byName ? "tenant_name text" : "tenant_id int"), domain_name text)
        """, mapping: RegistryMapping())
    registry.mapping.columns.schema = "schema_name"
    if byName { registry.mapping.columns.tenantName = "tenant_name" }
    return registry
  }

  @Test(arguments: [false, true], [false, true]) func leadsNobodyAstray(byName: Bool, isNotified: Bool)
    async throws
  {
    try await Fleet.with(Self.registry(byName: byName)) { fleet in
      if isNotified { try await fleet.notify() }
      var random = SplitMix64(state: byName ? 1 : 2)
      var seen: Set<String> = []
      try await fleet.withDirectory { directory in
        for number in 0..<80 {
          let change = Self.change(number, byName: byName, &random)
          try await fleet.psql(change)
          try await directory.catchUp()
          for host in ["a.example.com", "b.example.com", "x.org", "y.org"] {
            let expected = try await Self.told { try await fleet.tenancy.resolve(host: Host(parsing: host)) }
            let told = try await Self.told { try directory.resolve(host: Host(parsing: host)) }
            #expect(told == expected, "\(host) after \(change)")
            seen.insert(String(expected.prefix(1)))
          }
        }
      }
      #expect(seen == ["s", "d", "n"], "one of the answers never came")
    }
  }

  private static func change(_ number: Int, byName: Bool, _ random: inout SplitMix64) -> String {
    let name = ["a", "b"].randomElement(using: &random) ?? "a"
    let host = ["x.org", "X.org", "y.org"].randomElement(using: &random) ?? "x.org"
    let one = "id = (SELECT id FROM tenants ORDER BY md5(id::text || '\(number)') LIMIT 1)"
    let reference =
      byName ? "'\(name)'" : "(SELECT id FROM tenants ORDER BY md5(id::text || '\(number)') LIMIT 1)"
    return switch Int.random(in: 0..<7, using: &random) {
    case 0, 1:
      "INSERT INTO tenants (name, schema_name, deactivated) VALUES ('\(name)', 's\(number)', \(Bool.random(using: &random)))"
    case 2: "DELETE FROM tenants WHERE \(one)"
    case 3: "UPDATE tenants SET deactivated = NOT deactivated WHERE \(one)"
    case 4: "UPDATE tenants SET name = '\(name)' WHERE \(one)"
    case 5: "INSERT INTO domains VALUES (\(reference), '\(host)')"
    default:
      "DELETE FROM domains WHERE ctid = (SELECT ctid FROM domains ORDER BY md5(ctid::text || '\(number)') LIMIT 1)"
    }
  }

  /// The schema; or that a tenant is deactivated, or that the host leads to nobody, for whatever reason.
  private static func told(_ resolve: () async throws -> Resolution) async throws -> String {
    do {
      return try await resolve().tenant?.schema.rawValue ?? "public"
    } catch let error as TenancyError {
      return error.code == .tenantDeactivated ? "deactivated" : "nobody"
    }
  }

  /// What no tenant's schema can be: a search path with it would lead an app elsewhere.
  @Test func schemasThatAreNoTenants() async throws {
    try await Fleet.with(Self.registry(byName: false)) { fleet in
      try await fleet.psql(
        """
        INSERT INTO tenants (name, schema_name) VALUES ('a', '$user'), ('b', 'pg_catalog'), ('c', 'information_schema'),
          ('d', 'pg_temp'), ('e', 'public')
        """)
      try await fleet.withDirectory { directory in
        for name in ["a", "b", "c", "d", "e"] {
          let host = "\(name).example.com"
          let answers = [
            try await Self.told { try await fleet.tenancy.resolve(host: Host(parsing: host)) },
            try await Self.told { try directory.resolve(host: Host(parsing: host)) },
          ]
          #expect(answers == (name == "e" ? ["public", "public"] : ["nobody", "nobody"]), "\(name)")
        }
      }
    }
  }

  /// An app renames the column that says who is deactivated: what is known goes on being answered.
  @Test func aDeactivationThatGoesAway() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      _ = try await fleet.setActive("acme", false)
      try await fleet.withDirectory { directory in
        #expect(directory.told("acme.example.com") == "tenant_deactivated")
        try await fleet.psql("ALTER TABLE tenants RENAME deactivated TO disabled_at")
        try await directory.wait { $0.failure?.code == .registryMismatch }
        #expect(directory.told("acme.example.com") == "tenant_deactivated")
        try await fleet.psql(
          "ALTER TABLE tenants RENAME disabled_at TO deactivated; UPDATE tenants SET deactivated = false")
        try await directory.wait { _ in directory.told("acme.example.com") == "acme by subdomain" }
        #expect(directory.failure == nil)
      }
    }
  }

  /// The server, or what is in between, stops answering in the middle of a reading.
  @Test func aReadingThatIsNeverAnswered() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.notify()
      try await TestProxy.with(fleet.database) { proxy in
        // It asks nothing by itself, so that it waits for nothing but the reading.
        let settings = TenantDirectory.Settings(interval: .seconds(3_600), connectionString: proxy.url)
        try await fleet.withDirectory(settings) { directory in
          let holder = try await fleet.database.holder(of: "LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE")
          try await fleet.psql("SELECT pg_notify('tenantctl_registry', '*')")
          _ = try await holder.blocked()
          proxy.goSilent()
          _ = try await holder.query("UPDATE tenants SET deactivated = true")
          _ = try await holder.query("COMMIT")
          let active = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
            """
          // Until the answer is on its way to nowhere.
          while try await fleet.psql(active) != "0" { try Task.checkCancellation() }
          proxy.recover()
          try await directory.wait { _ in directory.told("acme.example.com") == "tenant_deactivated" }
          await holder.close()
        }
      }
    }
  }
}
