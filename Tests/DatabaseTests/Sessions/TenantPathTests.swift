import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a tenant's statements find beside the tenant's own tables.
@Suite struct TenantPathTests {
  @Test(arguments: [
    (#""$user", public, extensions"#, "acme, public, extensions"),
    ("extensions, public", "acme, public, extensions"),
    (#""$user", "My Ext", extensions"#, #"acme, public, "My Ext", extensions"#),
    ("public", "acme, public"), ("''", "acme, public"),
    // Another tenant's schema there would be everybody's.
    ("reef, public, extensions", "acme, public, extensions"), ("pg_temp, pg_catalog, public", "acme, public"),
  ])
  func followsTheDatabasesOwn(setting: String, expected: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["acme", "reef"])
      try await fleet.psql(
        """
        CREATE SCHEMA extensions; CREATE SCHEMA "My Ext"; CREATE EXTENSION citext SCHEMA extensions;
        ALTER DATABASE \(fleet.database.name) SET search_path TO \(setting)
        """)
      let tenancy = try fleet.database.tenancy()
      let alone = Fleet(database: fleet.database, tenancy: tenancy)
      let seen = try await alone.paths()
      #expect(seen == [expected, expected, expected])
      await tenancy.close()
    }
  }

  @Test(arguments: [
    (["public", "extensions", "public"], "acme, public, extensions"), (["extensions"], "acme, extensions"),
    ([], "acme"),
  ])
  func isWhatTheConfigurationSays(shared: [String], expected: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["acme"])
      try await fleet.psql(
        "CREATE SCHEMA extensions; CREATE SCHEMA other; ALTER DATABASE \(fleet.database.name) SET search_path TO other"
      )
      let tenancy = try TenantDatabase(
        fleet.database.url, settings: .init(sharedSchemas: shared.map(SchemaName.init(stored:))))
      let alone = Fleet(database: fleet.database, tenancy: tenancy)
      #expect(try await alone.paths() == [expected, expected, expected])
      await tenancy.close()
    }
  }

  /// Without its schema in the path, citext compares as text, silently.
  @Test func typesAndOperatorsOfAnExtensionAreFound() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION hstore SCHEMA extensions;
        ALTER DATABASE \(fleet.database.name) SET search_path TO "$user", public, extensions
        """)
      let tenancy = try fleet.database.tenancy()
      let alone = Fleet(database: fleet.database, tenancy: tenancy)
      let file = try migration(
        "1", "CREATE TABLE t (mail citext UNIQUE, h hstore);\nINSERT INTO t VALUES ('A@x', 'a=>1');")
      try await alone.create("acme", [file])
      let rows = try await alone.exec(
        "SELECT count(*) FROM t WHERE mail = 'a@X' AND h @> 'a=>1'", in: ["acme"])
      #expect(rows == [["acme", "1"]])
      await tenancy.close()
    }
  }

  /// PostgreSQL would take it for the schema that is named as the role, also in quotes.
  @Test(arguments: ["postgres", "public"]) func theRolesOwnSchemaIsNeverEntered(schema: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA "$user"; INSERT INTO tenants (name) VALUES ('$user'), ('acme'); CREATE SCHEMA acme;
        CREATE SCHEMA IF NOT EXISTS \(schema)
        """)
      let report = try await fleet.migrate([migration("1", "CREATE TABLE t ();")])
      #expect(report.outline == "$user: failed; acme: 1")
      #expect(
        try await fleet.psql("SELECT to_regclass('\(schema).t'), to_regclass('\"$user\".t')") == "NULL|NULL")
      await #expect(throws: TenancyError(.schemaNotEnterable("$user", SchemaName(stored: "$user")))) {
        try await fleet.tenancy.withTenant("$user") { _ in }
      }
      await #expect(throws: TenancyProblem.schemaNotEnterable("$user", SchemaName(stored: "$user"))) {
        try await fleet.tenancy.tenantWithSchema("$user")
      }
    }
  }
}

extension Fleet {
  /// As a file, a script and a block see it.
  fileprivate func paths() async throws -> [String?] {
    try await psql("CREATE TABLE IF NOT EXISTS public.seen (path text)")
    let file = try migration("1", "INSERT INTO public.seen VALUES (current_setting('search_path'));")
    var run = MigrationRun()
    run.jobs = 1
    let plan = try await tenancy.planMigration(
      FleetSelection(names: ["acme"]), MigrationSet(tenant: [file], shared: []))
    #expect(await tenancy.migrate(plan, run).tenants.allSatisfy(\.isDone))
    let script = try await exec("SHOW search_path", in: ["acme"])
    let block = try await tenancy.withTenant("acme") { try await $0.query("SHOW search_path")[0][0] }
    return [try await psql("SELECT path FROM public.seen"), script[0][1], block]
  }
}
