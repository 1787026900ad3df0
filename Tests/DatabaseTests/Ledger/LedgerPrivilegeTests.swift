import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Default privileges are for the tables of migrations, and not for what says which of them are applied.
@Suite struct LedgerPrivilegeTests {
  private func withDefaults(_ body: (Fleet, String) async throws -> Void) async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql(
          """
          ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO \(role.name);
          ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO \(role.name), PUBLIC
          """)
        try await body(fleet, role.name)
      }
    }
  }

  /// Schemas and relations on which somebody else has privileges.
  private static let granted = """
    SELECT string_agg(DISTINCT c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text)
    FROM pg_class c, aclexplode(c.relacl) x WHERE c.relnamespace IN ('a'::regnamespace, 'b'::regnamespace)
      AND c.relkind = 'r' AND x.grantee <> c.relowner
    """

  @Test func create() async throws {
    try await withDefaults { fleet, _ in
      try await fleet.create("a", [tableMigration(1), tableMigration(2)])
      try await fleet.create("b")
      let granted = try await fleet.psql(Self.granted)
      #expect(granted == "a.t1 a.t2")
      let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(found.filter { $0.severity > .info } == [])
    }
  }

  @Test func migrate() async throws {
    try await withDefaults { fleet, role in
      try await fleet.populate(["a", "b"])
      // Also privileges in a single schema, and a file without a transaction.
      try await fleet.psql("ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT ALL ON TABLES TO \(role)")
      try await fleet.migrate([
        tableMigration(1), migration("2", "-- migrate:up transaction:false\nCREATE TABLE t2 (); SELECT 1"),
      ])
      let granted = try await fleet.psql(Self.granted)
      #expect(granted == "a.t1 a.t2 b.t1 b.t2")
    }
  }

  @Test func adoptAndBaseline() async throws {
    try await withDefaults { fleet, _ in
      try await fleet.populate(["a", "b"])
      try await fleet.psql("CREATE TABLE a.t1 (); CREATE TABLE b.t1 ()")
      let files = MigrationSet(tenant: [try tableMigration(1)], shared: [])
      let adoption = try await fleet.tenancy.planAdoption(
        .version(files.tenant[0].version), FleetSelection(names: ["a"]), files)
      #expect(adoption.script.contains { $0.contains("REVOKE ALL ON TABLE \"a\".\"schema_migrations\"") })
      try await fleet.psql(adoption.script.joined(separator: "\n"))
      let other = try fleet.database.tenancy()
      let baseline = try await other.planBaseline(
        at: files.tenant[0].version, FleetSelection(names: ["b"]), files)
      try await fleet.psql(baseline.script.joined(separator: "\n"))
      await other.close()
      let granted = try await fleet.psql(Self.granted)
      #expect(granted == "a.t1 b.t1")
      let ledgers = try await fleet.psql(
        "SELECT count(*) FROM pg_class WHERE relname = 'schema_migrations' AND relkind = 'r'")
      #expect(ledgers == "2")
    }
  }
}
