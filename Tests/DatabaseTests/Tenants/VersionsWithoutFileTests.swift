import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The warning of `create` that other tenants have versions without a file, and rows that are in its way.
@Suite struct VersionsWithoutFileTests {
  static let rows = [
    "INSERT INTO tenants (name) VALUES ('pg_shop'), ('pg_catalog'), ('information_schema')",
    "INSERT INTO tenants (name) VALUES ('public')",
    "INSERT INTO tenants (name) VALUES ('missing')",
    "INSERT INTO tenants (name) VALUES ('$user'); CREATE SCHEMA \"$user\"; CREATE TABLE \"$user\".schema_migrations ()",
    "INSERT INTO tenants (name) SELECT repeat('a', 64); DO $$ BEGIN EXECUTE 'CREATE SCHEMA ' || repeat('a', 63); END $$",
    "INSERT INTO tenants (name) VALUES ('Shop')",
    "ALTER TABLE tenants ALTER name DROP NOT NULL; INSERT INTO tenants (name) VALUES (NULL)",
    // No ledger, another tool's table, a view, and one that another role has made.
    "INSERT INTO tenants (name) VALUES ('x'); CREATE SCHEMA x; CREATE TABLE x.t ()",
    "INSERT INTO tenants (name) VALUES ('x'); CREATE SCHEMA x; CREATE TABLE x.schema_migrations (version bigint, dirty boolean)",
    "INSERT INTO tenants (name) VALUES ('x'); CREATE SCHEMA x; CREATE VIEW x.schema_migrations AS SELECT '1' AS version",
    // Archived tenants: rows with one name.
    """
    ALTER TABLE domains DROP CONSTRAINT domains_tenant_name_fkey; ALTER TABLE tenants DROP CONSTRAINT tenants_name_key;
    INSERT INTO tenants (name, deactivated) VALUES ('last', true), ('last', true)
    """,
  ]

  /// Whatever is wrong with other rows, the warning is about a tenant.
  @Test(arguments: rows) func isOfATenant(row: String) async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "CREATE TABLE t ();"), try migration("2", "SELECT 1;")]
      try await fleet.create("last", files)
      // Its row is to be read after the others.
      try await fleet.psql(
        """
        CREATE TEMP TABLE kept AS TABLE tenants; DELETE FROM tenants; \(row);
        INSERT INTO tenants SELECT * FROM kept
        """)
      let found = await fleet.tenancy.versionsWithoutFile([files[0]])
      #expect(found == [UnknownVersion(version: "2", tenants: ["last"])])
      #expect(await fleet.tenancy.versionsWithoutFile(files) == [])
    }
  }

  /// The registry's own schema, and one of the search path: each has a row and a ledger of its own.
  @Test(arguments: [false, true]) func besideSharedSchemas(ofRegistry: Bool) async throws {
    try await TestDatabase.with { database in
      try await database.psql("\(Registry.ours.ddl); CREATE SCHEMA core")
      var settings = TenantDatabase.Settings()
      if ofRegistry {
        try await database.psql("ALTER TABLE tenants SET SCHEMA core; ALTER TABLE domains SET SCHEMA core")
        settings.registry = RegistryMapping(
          tenants: QualifiedName("core", "tenants"), domains: QualifiedName("core", "domains"))
      } else {
        settings.sharedSchemas = [.shared, SchemaName(stored: "core")]
      }
      try await database.psql("SET search_path TO core, public; INSERT INTO tenants (name) VALUES ('core')")
      let tenancy = try TenantDatabase(database.url, settings: settings)
      let files = [try migration("1", "SELECT 1;"), try migration("2", "SELECT 1;")]
      _ = try await tenancy.planCreate(NewTenant("acme"), migrations: files).apply()
      try await database.psql(
        "CREATE TABLE core.schema_migrations (LIKE acme.schema_migrations INCLUDING ALL)")
      let found = await tenancy.versionsWithoutFile([files[0]])
      #expect(found == [UnknownVersion(version: "2", tenants: ["acme"])])
      for selection in [
        FleetSelection(),
        {
          var all = FleetSelection(); all.limit = 1; return all
        }(),
      ] {
        #expect(try await tenancy.list(selection).map(\.tenant.name) == ["acme"])
        #expect(try await tenancy.list(selection, withState: false).map(\.tenant.name) == ["acme"])
      }
      await tenancy.close()
    }
  }

  /// Names that SQL cannot hold.
  @Test func besideNamesThatAreNotUTF8() async throws {
    try await TestDatabase.with(encoding: "SQL_ASCII") { database in
      try await database.psql(Registry.ours.ddl)
      let tenancy = try database.tenancy()
      let files = [try migration("1", "SELECT 1;"), try migration("2", "SELECT 1;")]
      _ = try await tenancy.planCreate(NewTenant("acme"), migrations: files).apply()
      try await database.psql(
        """
        CREATE TEMP TABLE kept AS TABLE tenants; DELETE FROM tenants; INSERT INTO tenants (name) VALUES (E'caf\\xe9');
        INSERT INTO tenants SELECT * FROM kept;
        DO $$ BEGIN
          EXECUTE format('CREATE SCHEMA %I', E'caf\\xe9'); EXECUTE format('CREATE TABLE %I.schema_migrations ()', E'caf\\xe9');
        END $$
        """)
      let found = await tenancy.versionsWithoutFile([files[0]])
      #expect(found == [UnknownVersion(version: "2", tenants: ["acme"])])
      await tenancy.close()
    }
  }

  /// A ledger that another session has locked is not waited for twice.
  @Test func besideALockedLedger() async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "SELECT 1;"), try migration("2", "SELECT 1;")]
      for name in ["acme", "beta"] { try await fleet.create(name, files) }
      let found = try await fleet.database.whileHolding("LOCK TABLE acme.schema_migrations") { _ in
        await fleet.tenancy.versionsWithoutFile([files[0]])
      }
      #expect(found == [UnknownVersion(version: "2", tenants: ["beta"])])
    }
  }
}
