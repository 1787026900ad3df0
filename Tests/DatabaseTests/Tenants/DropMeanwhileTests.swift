import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What other sessions do between the plan of a drop and its end.
@Suite(.timeLimit(.minutes(30))) struct DropMeanwhileTests {
  /// A view is made while the drop waits for a lock on another table: it would go along, and nobody would have named it.
  @Test(arguments: ["read committed", "repeatable read", "serializable"])
  func aDependentThatComesWhileItWaits(isolation: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        CREATE TABLE acme.a (); CREATE TABLE acme.b (id int); CREATE SCHEMA other;
        ALTER DATABASE "\(fleet.database.name)" SET default_transaction_isolation = '\(isolation)'
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      let holder = try await fleet.database.holder(of: "LOCK TABLE acme.a IN ACCESS SHARE MODE")
      let drop = Task { try await plan.apply() }
      _ = try await holder.blocked()
      try await fleet.psql("CREATE VIEW other.v AS SELECT id FROM acme.b")
      await holder.close()
      await #expect(throws: TenancyProblem.self) { try await drop.value }
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.psql("SELECT to_regclass('other.v')") == "other.v")
    }
  }

  /// An earlier drop goes on in the server: its tables are gone once it has let go of them, and the others are locked still.
  @Test(arguments: [false, true]) func aTableThatGoesWhileItWaits(hasDependent: Bool) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE acme.a (); CREATE TABLE acme.b (id int); CREATE SCHEMA other")
      let plan = try await fleet.tenancy.planDrop("acme")
      let dropper = try await fleet.database.holder(of: "DROP TABLE acme.a")
      let other = hasDependent ? "CREATE VIEW other.v AS SELECT id FROM acme.b" : "SELECT FROM acme.b"
      let holder = try await fleet.database.holder(of: other)
      let drop = Task { try await plan.apply() }
      _ = try await dropper.blocked()
      _ = try await dropper.query("COMMIT")
      _ = try await holder.blocked()
      _ = try await holder.query("COMMIT")
      if hasDependent {
        await #expect(throws: TenancyProblem.self) { try await drop.value }
        #expect(try await fleet.psql("SELECT to_regclass('other.v')") == "other.v")
      } else {
        _ = try await drop.value
      }
      #expect(try await fleet.list() == (hasDependent ? "acme" : ""))
      for connection in [dropper, holder] { await connection.close() }
    }
  }

  /// Its owner can rename a schema while the drop waits for a lock on a table in it.
  @Test(arguments: [1, 3_000]) func theSchemaMovesWhileItWaits(tables: Int) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        CREATE TABLE acme.a ();
        DO $$ BEGIN FOR i IN 2..\(tables) LOOP EXECUTE 'CREATE TABLE acme.t' || i || ' ()'; END LOOP; END $$
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      #expect((plan.steps.count > 1) == (tables > 1))
      let owner = try await fleet.database.holder(of: "LOCK TABLE acme.a")
      let drop = Task { try await plan.apply() }
      _ = try await owner.blocked()
      _ = try await owner.query("ALTER SCHEMA acme RENAME TO kept")
      _ = try await owner.query("CREATE SCHEMA acme")
      _ = try await owner.query("COMMIT")
      await #expect(throws: TenancyProblem.self) { try await drop.value }
      #expect(try await fleet.psql("SELECT to_regclass('kept.a')") == "kept.a")
      await owner.close()
    }
  }

  /// A create is running when the drop looks for the row, and has finished when the drop has waited for it.
  @Test func theTenantIsCreatedMeanwhile() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      let slow = try migration("1", "SELECT * FROM gate; CREATE TABLE t ()")
      let patient = try fleet.database.tenancy(lockTimeout: .seconds(600))
      try await fleet.database.whileHolding("LOCK TABLE gate") { holder in
        let create = Task { try await patient.planCreate(NewTenant("acme"), migrations: [slow]).apply() }
        try await holder.blocked()
        let drop = Task { try await patient.planDrop("acme").apply() }
        _ = try await fleet.database.connect().awaited(
          "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = \(unsafeRaw: "(SELECT oid FROM pg_database WHERE datname = current_database())")"
        )
        try await holder.query("ROLLBACK")
        #expect(try await create.value.isNew)
        await #expect(throws: TenancyProblem.changedMeanwhile) { try await drop.value }
      }
      await patient.close()
      #expect(try await fleet.list() == "acme")
    }
  }

  /// What an interrupted create has left is made into a tenant after the drop was planned.
  @Test func theRemainsBecomeATenant() async throws {
    try await Fleet.with { fleet in
      let files = [try tableMigration(1), try tableMigration(2)]
      let create = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
      let connection = try await fleet.database.connect()
      for step in create.steps.prefix(2) { try await step.run(over: connection) }
      await connection.close()
      let drop = try await fleet.tenancy.planDrop("acme")
      try await fleet.create("acme", files)
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await drop.apply() }
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.psql("SELECT to_regnamespace('acme')") == "acme")
    }
  }

  /// By the time of the answer to the question the name belongs to another schema.
  @Test func theNameIsAnotherTenantsByThen() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("newer")
      let plan = try await fleet.tenancy.planDrop("acme")
      try await fleet.rename("acme", "older")
      try await fleet.rename("newer", "acme")
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.list() == "acme older")
    }
  }
}
