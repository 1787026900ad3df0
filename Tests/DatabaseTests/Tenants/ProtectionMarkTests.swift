import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The mark on a protected tenant, beside files that comment on its schema.
@Suite struct ProtectionMarkTests {
  private static let protected: SQL = "COMMENT ON SCHEMA acme IS 'tenantctl: protected'"

  enum Place: CaseIterable {
    /// As `set --protect` makes it.
    case ledger
    /// As it was made before.
    case schema
    /// Of a tenant that has no ledger until it is migrated.
    case noLedger
  }

  @Test(arguments: SchemaComments.files, Place.allCases)
  func aProtectedTenantStaysProtected(file: (String, String), place: Place) async throws {
    try await Fleet.with { fleet in
      if place == .noLedger { try await fleet.populate(["acme"]) } else { try await fleet.create("acme") }
      if place == .schema {
        try await fleet.database.connect().query(Self.protected)
      } else {
        try await fleet.protect(true)
      }
      let files = [
        try migration("1", "\(file.1)\n-- migrate:down\n\(SchemaComments.comment("Old accounts"))"),
        try migration("2", "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;"),
      ]
      #expect(try await fleet.migrate(files).outline == "acme: 1,2")
      #expect(try await fleet.comments() == "Accounts|tenantctl: protected")
      await #expect(throws: TenancyProblem.tenantProtected("acme")) { try await fleet.drop("acme") }
      try await fleet.rollback(files, .steps(2))
      #expect(try await fleet.comments() == "Old accounts|tenantctl: protected")
      #expect(try await fleet.tenancy.show("acme").isProtected)
      try await fleet.protect(false)
      #expect(try await fleet.comments() == "Old accounts|NULL")
      try await fleet.drop("acme")
    }
  }

  @Test func setMovesTheMark() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("COMMENT ON SCHEMA acme IS E'tenantctl: protected\\r\\nAccounts'")
      #expect(try await fleet.tenancy.show("acme").isProtected)
      try await fleet.psql("COMMENT ON COLUMN acme.schema_migrations.version IS E'The version\\nof a file'")
      for _ in 1...2 { try await fleet.protect(true) }
      #expect(try await fleet.comments() == "Accounts|tenantctl: protected\nThe version\nof a file")
      for _ in 1...2 { try await fleet.protect(false) }
      #expect(try await fleet.comments() == "Accounts|The version\nof a file")
      // Both, as an older and a newer tenantctl leave them.
      try await fleet.protect(true)
      try await fleet.psql("COMMENT ON SCHEMA acme IS 'tenantctl: protected'")
      try await fleet.protect(false)
      #expect(try await fleet.comments() == "NULL|The version\nof a file")
    }
  }

  /// Another role's table is not the place for a mark: that role could drop it.
  @Test func aTenantWithALedgerThatIsNotTrusted() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.create("acme")
        try await fleet.psql("ALTER TABLE acme.schema_migrations OWNER TO \(role.name)")
        try await fleet.protect(true)
        #expect(try await fleet.comments() == "tenantctl: protected|NULL")
        await #expect(throws: TenancyProblem.tenantProtected("acme")) { try await fleet.drop("acme") }
        try await fleet.protect(false)
        #expect(try await fleet.comments() == "NULL|NULL")
        // Who may only create in the schema cannot keep it; its owner can, and is heard.
        try await fleet.psql("COMMENT ON COLUMN acme.schema_migrations.version IS 'tenantctl: protected'")
        #expect(try await fleet.tenancy.show("acme").isProtected == false)
        try await fleet.psql("ALTER SCHEMA acme OWNER TO \(role.name)")
        await #expect(throws: TenancyProblem.tenantProtected("acme")) { try await fleet.drop("acme") }
        try await fleet.protect(false)
        try await fleet.drop("acme")
      }
    }
  }

  @Test func aMarkGoesAlongWithARenameAndADump() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("beta")
      try await fleet.tenancy.planSet(["beta"], [:], isProtected: true).apply()
      try await fleet.rename("beta", "acme")
      let dump = try await fleet.database.output(["pg_dump", "--no-sync", "-n", "acme", fleet.database.url])
      try await fleet.psql("DROP SCHEMA acme CASCADE")
      try await fleet.psql(dump)
      await #expect(throws: TenancyProblem.tenantProtected("acme")) { try await fleet.drop("acme") }
    }
  }

  /// While another session migrates the tenant, the mark waits for its end, and is not lost with it.
  @Test func protectedWhileAFileRuns() async throws {
    try await Fleet.with { usual in
      let fleet = Fleet(
        database: usual.database, tenancy: try usual.database.tenancy(lockTimeout: .seconds(60)))
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE gate (); COMMENT ON SCHEMA acme IS 'tenantctl: protected'")
      let file = try migration("1", "SELECT * FROM public.gate; \(SchemaComments.comment("Accounts"))")
      let (migrated, unprotected) = try await fleet.database.whileHolding("LOCK TABLE gate") { holder in
        let migrated = Task { try await fleet.migrate([file]) }
        let pid = try await holder.blocked()
        let unprotected = Task { try await fleet.protect(false) }
        _ = try await holder.awaited(
          "SELECT pid FROM pg_stat_activity WHERE \(pid) = ANY(pg_blocking_pids(pid))")
        return (migrated, unprotected)
      }
      #expect(try await migrated.value.outline == "acme: 1")
      try await unprotected.value
      #expect(try await fleet.comments() == "Accounts|NULL")
      await fleet.tenancy.close()
    }
  }

  // MARK: - Forged marks

  /// A role that may create in a schema can make a ledger there, and write any comment on it.
  @Test(arguments: [
    "CREATE TABLE acme.schema_migrations (version varchar(128))",
    "CREATE VIEW acme.schema_migrations AS SELECT ''::varchar(128) AS version",
  ])
  func aMarkOnALedgerOfAStranger(sql: String) async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql(
          """
          CREATE SCHEMA acme; CREATE TABLE acme.precious (); GRANT ALL ON SCHEMA acme TO \(role.name);
          SET ROLE \(role.name); \(sql);
          COMMENT ON COLUMN acme.schema_migrations.version IS 'tenantctl: being created, 1a2b'
          """)
        await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "acme"))) {
          try await fleet.create("acme")
        }
        let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
        #expect(!found.contains(.creationUnfinished(SchemaName(stored: "acme"))))
        #expect(try await fleet.psql("SELECT to_regclass('acme.precious') IS NOT NULL") == "t")
      }
    }
  }

  /// Nor is a trusted role's ledger in the schema of a stranger enough.
  @Test func aMarkInASchemaOfAStranger() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql(
          """
          CREATE SCHEMA acme AUTHORIZATION \(role.name); CREATE TABLE acme.schema_migrations (version varchar(128));
          COMMENT ON COLUMN acme.schema_migrations.version IS 'tenantctl: being created, 1a2b'
          """)
        await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "acme"))) {
          try await fleet.create("acme")
        }
        try await fleet.psql("DROP SCHEMA acme CASCADE")
      }
    }
  }
}

extension Fleet {
  fileprivate func protect(_ isOn: Bool) async throws {
    try await tenancy.planSet(["acme"], [:], isProtected: isOn).apply()
  }
}
