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
}
