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

  /// Row-level security without a policy hides all rows from everybody but the owner, and from him if it is forced.
  @Test func rowLevelSecurityThatHidesRows() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        let files = MigrationSet(tenant: [try tableMigration(1)], shared: [])
        try await fleet.create("a", files.tenant)
        try await fleet.psql(
          """
          ALTER TABLE a.schema_migrations ENABLE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA a TO \(role.name);
          GRANT SELECT ON a.schema_migrations, tenants, domains TO \(role.name)
          """)
        #expect(try await fleet.tenancy.survey(.all, files, verify: true).tenants[0].rows == 1)
        let reader = try fleet.database.tenancy(url: role.url())
        func problem() async throws -> TenancyProblem? {
          try await reader.survey(.all, files, verify: true).tenants[0].problem
        }
        let distrust = TenancyProblem.ledgerNotTrusted(SchemaName(stored: "a"), .policies)
        #expect(try await problem() == distrust)
        try await fleet.psql("ALTER TABLE a.schema_migrations DISABLE ROW LEVEL SECURITY")
        #expect(try await problem() == nil)
        // An owner that is no superuser.
        try await fleet.psql(
          """
          ALTER SCHEMA a OWNER TO \(role.name); ALTER TABLE a.schema_migrations OWNER TO \(role.name);
          ALTER TABLE tenants OWNER TO \(role.name); ALTER TABLE a.schema_migrations ENABLE ROW LEVEL SECURITY
          """)
        #expect(try await problem() == nil)
        try await fleet.psql("ALTER TABLE a.schema_migrations FORCE ROW LEVEL SECURITY")
        #expect(try await problem() == distrust)
        await reader.close()
        try await fleet.psql("REASSIGN OWNED BY \(role.name) TO postgres")
      }
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
