import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// tenantctl's marks, and files that comment on the schema that they run in: PostgreSQL allows it, so tenants get it.
@Suite struct MarkTests {
  /// Files that comment on the schema, by how they run.
  static let commenting = [
    ("in a transaction", "-- migrate:up\n\(comment("Accounts"))"),
    ("outside of a transaction", "-- migrate:up transaction:false\n\(comment("Accounts"))"),
  ]

  private static func comment(_ text: String) -> String {
    "DO $$ BEGIN EXECUTE format('Comment On Schema %I IS %L', current_schema(), '\(text)'); END $$;"
  }

  private static let protected: SQL = "COMMENT ON SCHEMA acme IS 'tenantctl: protected'"

  // MARK: - Create

  @Test(arguments: commenting, [false, true])
  func createWithAFileThatCommentsOnItsSchema(file: (String, String), isProtected: Bool) async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "CREATE TABLE t ();"), try migration("2", file.1)]
      let new = NewTenant("acme", isProtected: isProtected)
      try await fleet.tenancy.planCreate(new, migrations: files).apply()
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.ledger("acme", of: files) == "1,2")
      #expect(try await fleet.comments() == "Accounts|\(isProtected ? "tenantctl: protected" : "NULL")")
      #expect(try await fleet.tenancy.show("acme").isProtected == isProtected)
      #expect(try await fleet.tenancy.diagnose().entries.isEmpty)
    }
  }

  @Test func createWithoutFiles() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      #expect(try await fleet.comments() == "NULL|NULL")
    }
  }

  /// Killed after each of its transactions: what it leaves is known for its own, and the next create starts over.
  @Test(arguments: commenting) func aKilledCreateWithSuchAFile(file: (String, String)) async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration("1", "CREATE TABLE t ();"), try migration("2", file.1),
        try migration("3", "CREATE TABLE u ();"),
      ]
      let count = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files).steps.count
      for stop in 1..<count {
        let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
        let connection = try await fleet.database.connect()
        for step in plan.steps.drop(while: \.removes).prefix(stop) { try await step.run(over: connection) }
        await connection.close()
        let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
        #expect(found == [.creationUnfinished(SchemaName(stored: "acme"))], "\(stop)")
        try await fleet.create("acme", files)
        #expect(try await fleet.list() == "acme")
        #expect(try await fleet.comments() == "Accounts|NULL")
        try await fleet.drop("acme")
      }
    }
  }

  /// It is given up rather than started over.
  @Test(arguments: [1, 2]) func aKilledCreateCanBeDropped(stop: Int) async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "CREATE TABLE t ();"), try migration("2", "CREATE TABLE u ();")]
      let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
      let connection = try await fleet.database.connect()
      for step in plan.steps.prefix(stop) { try await step.run(over: connection) }
      await connection.close()
      let drop = try await fleet.tenancy.planDrop("acme")
      #expect(!drop.result.hadRow && drop.result.hadSchema && drop.result.tables == stop - 1)
      try await drop.apply()
      try await fleet.expectNothing()
    }
  }

  @Test func aRefusedCreateWithSuchAFileLeavesNothing() async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", Self.commenting[0].1), try migration("2", "SELECT 1/0;")]
      await #expect(throws: TenancyProblem.self) { try await fleet.create("acme", files) }
      try await fleet.expectNothing()
    }
  }

  /// A create that another one has started over, as one may whose lock is lost with a pooler's session, does not make the row.
  @Test func aCreateThatIsStartedOver() async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.acmePlan()
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      try await connection.query("SELECT pg_advisory_unlock_all()")
      let other = try await fleet.acmePlan()
      for step in other.steps.dropLast() { try await step.run(over: connection) }
      let last = try #require(plan.steps.last)
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await last.run(over: connection) }
      await connection.close()
      try await fleet.expectNoTenant()
      try await fleet.acmePlan().apply()
      try await fleet.expectAcmeComplete()
    }
  }

  /// What cleans up after a create does not know whether its last transaction is committed, as after a lost connection: it
  /// waits for the end of that one.
  @Test func aCleanUpDuringTheLastTransaction() async throws {
    try await Fleet.with { fleet in
      let tenancy = try fleet.database.tenancy(lockTimeout: .seconds(60))
      let plan = try await tenancy.planCreate(
        NewTenant("acme"), migrations: [migration("1", "CREATE TABLE t ();")])
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      let last = try #require(plan.steps.last).statements.map(\.sql)
      let cleaned = try await connection.transaction(opening: last) { _ in
        let cleaned = Task { try await tenancy.connected { _ = try await $0.transaction(plan.cleanUp) } }
        _ = try await connection.blocked()
        return cleaned
      }
      try await cleaned.value
      #expect(try await fleet.psql("SELECT to_regclass('acme.t')") == "acme.t")
      await tenancy.close()
    }
  }

  // MARK: - Protection

  enum Place: CaseIterable {
    /// As `set --protect` makes it.
    case ledger
    /// As it was made before.
    case schema
    /// Of a tenant that has no ledger until it is migrated.
    case noLedger
  }

  @Test(arguments: commenting, Place.allCases)
  func aProtectedTenantStaysProtected(file: (String, String), place: Place) async throws {
    try await Fleet.with { fleet in
      if place == .noLedger { try await fleet.populate(["acme"]) } else { try await fleet.create("acme") }
      if place == .schema {
        try await fleet.database.connect().query(Self.protected)
      } else {
        try await fleet.protect(true)
      }
      let files = [
        try migration("1", "\(file.1)\n-- migrate:down\n\(Self.comment("Old accounts"))"),
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
      let file = try migration("1", "SELECT * FROM public.gate; \(Self.comment("Accounts"))")
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

extension Step {
  /// Whether it removes what an interrupted create has left.
  fileprivate var removes: Bool { statements.contains { $0.sql.text.contains("DROP SCHEMA") } }
}

extension Fleet {
  /// The comment on the schema of acme, and that on its ledger's column.
  fileprivate func comments() async throws -> String {
    try await psql(
      """
      SELECT obj_description('acme'::regnamespace, 'pg_namespace'),
        col_description(to_regclass('acme.schema_migrations'), 1)
      """)
  }

  fileprivate func protect(_ isOn: Bool) async throws {
    try await tenancy.planSet(["acme"], [:], isProtected: isOn).apply()
  }
}
