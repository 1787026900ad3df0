import TestSupport
import Testing

@testable import Tenancy

/// What all tenants share is nobody's, whatever a row says: the registry's own schema, and those of the search path.
@Suite struct SharedSchemaTests {
  /// The schema `core` has a registry, or stands in the search path; a row claims it.
  enum Kind: CaseIterable {
    case registry
    case searchPath

    var settings: TenantDatabase.Settings {
      switch self {
      case .registry:
        .init(
          registry: RegistryMapping(
            tenants: QualifiedName("core", "tenants"), domains: QualifiedName("core", "domains")))
      case .searchPath: .init(sharedSchemas: [.shared, SchemaName(stored: "core")])
      }
    }
  }

  private static func with(
    _ kind: Kind, _ body: (TenantDatabase, TestDatabase) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      try await database.psql("\(Registry.ours.ddl); CREATE SCHEMA core; CREATE TABLE core.precious ()")
      if kind == .registry {
        try await database.psql("ALTER TABLE tenants SET SCHEMA core; ALTER TABLE domains SET SCHEMA core")
      }
      let tenancy = try TenantDatabase(database.url, settings: kind.settings)
      _ = try await tenancy.planCreate(NewTenant("acme")).apply()
      try await body(tenancy, database)
      await tenancy.close()
    }
  }

  @Test(arguments: Kind.allCases) func aRowDoesNotMakeATenant(kind: Kind) async throws {
    try await Self.with(kind) { tenancy, database in
      try await database.psql("SET search_path TO core, public; INSERT INTO tenants (name) VALUES ('core')")
      let refusal = TenancyProblem.sharedSchema("core", SchemaName(stored: "core"))
      await #expect(throws: refusal) { try await tenancy.planDrop("core") }
      await #expect(throws: refusal) { try await tenancy.planRename("core", to: "other") }
      await #expect(throws: refusal) { try await tenancy.planSetActive(["core"], false) }
      let files = MigrationSet(tenant: [try migration("1", "CREATE TABLE t ()")], shared: [])
      await #expect(throws: refusal) {
        try await tenancy.planMigration(FleetSelection(names: ["core"]), files)
      }
      #expect(try await tenancy.planMigration(FleetSelection(), files).tenants.map(\.label) == ["acme"])
      let found = try await tenancy.diagnose().entries.map(\.finding)
      let claimed = Finding.schemaInSearchPath(
        Tenant(name: "core", schema: SchemaName(stored: "core"), isActive: true))
      #expect(found.contains(claimed) == (kind == .searchPath))
    }
  }

  @Test func aSearchPathThatLeadsNowhere() async throws {
    try await Self.with(.searchPath) { tenancy, database in
      let missing = Finding.searchPathWithoutSchema(SchemaName(stored: "core"))
      #expect(try await !tenancy.diagnose().entries.map(\.finding).contains(missing))
      try await database.psql("DROP SCHEMA core CASCADE")
      #expect(try await tenancy.diagnose().entries.map(\.finding).contains(missing))
    }
  }

  @Test(arguments: Kind.allCases) func noTenantGetsIt(kind: Kind) async throws {
    try await Self.with(kind) { tenancy, database in
      if kind == .searchPath { try await database.psql("DROP SCHEMA core CASCADE") }
      let refusal = TenancyProblem.sharedSchema("core", SchemaName(stored: "core"))
      await #expect(throws: refusal) { try await tenancy.planCreate(NewTenant("core")) }
      await #expect(throws: refusal) { try await tenancy.planRename("acme", to: "core") }
    }
  }

  /// A schema of the search path that every session gets, whether it exists or not.
  @Test(
    arguments: [
      "ALTER DATABASE DATABASE SET search_path TO public, core",
      #"ALTER DATABASE DATABASE SET search_path TO "core""#,
      "ALTER ROLE CURRENT_USER IN DATABASE DATABASE SET search_path TO \"$user\", core, other",
    ], [false, true])
  func noTenantGetsOneThatEverySessionSearches(setting: String, exists: Bool) async throws {
    try await Fleet.with(.ownSchemas) { fleet in
      try await fleet.create("acme")
      try await fleet.create("beta")
      if exists { try await fleet.psql("CREATE SCHEMA core") }
      try await fleet.psql(setting.replacing("DATABASE DATABASE", with: "DATABASE \(fleet.database.name)"))
      let fleet = try Fleet(database: fleet.database, tenancy: fleet.database.tenancy(.ownSchemas))
      func refusal(_ name: TenantName) -> TenancyProblem { .sharedSchema(name, SchemaName(stored: "core")) }
      await #expect(throws: refusal("core")) { try await fleet.create("core") }
      let apart = NewTenant("shop", schema: SchemaName(stored: "core"))
      await #expect(throws: refusal("shop")) { try await fleet.tenancy.planCreate(apart) }
      await #expect(throws: refusal("core")) { try await fleet.rename("acme", "core") }
      #expect(try await fleet.list() == "acme beta")
      #expect(try await fleet.schemas() == (exists ? "acme beta core" : "acme beta"))
      await fleet.tenancy.close()
    }
  }

  /// That comes later: it exists, is not dropped, and may be renamed, which moves it out of the path.
  @Test func aTenantThatEverySessionSearches() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("ALTER DATABASE \(fleet.database.name) SET search_path TO acme, public")
      let fleet = try Fleet(database: fleet.database, tenancy: fleet.database.tenancy())
      let again = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: [], ifNotExists: true)
      #expect(try await !again.apply().isNew)
      await #expect(throws: TenancyProblem.sharedSchema("acme", SchemaName(stored: "acme"))) {
        try await fleet.drop("acme")
      }
      try await fleet.rename("acme", "beta")
      try await fleet.drop("beta")
      await fleet.tenancy.close()
    }
  }
}
