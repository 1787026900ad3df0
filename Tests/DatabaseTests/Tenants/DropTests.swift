import Glibc
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct DropTests {
  /// At PostgreSQL's default settings one transaction cannot lock that many tables.
  @Test(.timeLimit(.minutes(20))) func tenThousandTables() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await makeTables(10_000, "CREATE TABLE acme.%I ()", fleet)
      let dropped = try await fleet.drop("acme")
      #expect(dropped.tables == 10_000)
      #expect(try await fleet.schemas() == "")
      #expect(try await fleet.list() == "")
    }
  }

  /// What counts is not the number of tables but of all that is locked with them.
  @Test(.timeLimit(.minutes(20))) func tablesWithManyIndexes() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      let indexes = (0..<120).map { "CHECK (a <> \($0))" }.joined(separator: ", ")
      try await makeTables(
        150, "CREATE TABLE acme.%I (id serial PRIMARY KEY, a int, b text, \(indexes))", fleet)
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// CASCADE takes the children of a table along, and locks them; and what refers to one is locked with it.
  @Test(
    .timeLimit(.minutes(20)),
    arguments: ["INHERIT acme.parent", "ADD FOREIGN KEY (id) REFERENCES acme.parent (id)"])
  func aParentThatIsYoungerThanItsChildren(tie: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await makeTables(6_000, "CREATE TABLE acme.%I (id int)", fleet)
      try await fleet.psql("CREATE TABLE acme.parent (id int UNIQUE)")
      try await makeTables(6_000, "ALTER TABLE acme.%I \(tie)", fleet)
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  @Test(.timeLimit(.minutes(20)), arguments: [1, 4])
  func killedHalfWay(batches: Int) async throws {
    try await Fleet.with(.djangoTenants) { fleet in
      // The schema is not named as the tenant: only its mark tells whose it was.
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql(
        "UPDATE customers_client SET schema_name = 'client_7'; ALTER SCHEMA acme RENAME TO client_7")
      try await makeTables(800, "CREATE TABLE client_7.%I (id serial PRIMARY KEY, t text)", fleet)
      let plan = try await fleet.tenancy.planDrop("acme")
      #expect(plan.steps.count > 6)
      let connection = try await fleet.database.connect()
      for step in plan.steps.prefix(batches) { try await step.run(over: connection) }
      #expect(try await fleet.list() == "")
      #expect(try await fleet.schemas() == "client_7")

      await #expect(throws: TenancyProblem.tenantNotFound("beta")) { try await fleet.drop("beta") }
      let dropped = try await fleet.drop("acme")
      #expect(!dropped.hadRow && dropped.hadSchema)
      #expect(try await fleet.schemas() == "")
      await #expect(throws: TenancyProblem.tenantNotFound("acme")) { try await fleet.drop("acme") }
    }
  }

  /// `kill -9` while a lock stops the first batch.
  @Test(.timeLimit(.minutes(20))) func theProgramIsKilled() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await makeTables(800, "CREATE TABLE acme.%I (id serial PRIMARY KEY, t text)", fleet)
      let command = ["drop", "acme", "--yes"]
      try await fleet.database.whileHolding("LOCK TABLE acme.t400 IN ACCESS SHARE MODE") { holder in
        try await Tenantctl.start(command, database: fleet.database) { program in
          _ = try await holder.blocked()
          program.signal(SIGKILL)
          _ = await program.outcome()
        }
      }
      #expect(try await fleet.list() == "")
      let outcome = try await Tenantctl.run(command, database: fleet.database)
      #expect(outcome.status == 0, "\(outcome.stderr)")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// A lock stops a batch: the rows are gone by then, and the same plan goes on from there.
  @Test(.timeLimit(.minutes(20))) func aLockedTableStopsIt() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await makeTables(800, "CREATE TABLE acme.%I (id serial PRIMARY KEY, t text)", fleet)
      let plan = try await fleet.tenancy.planDrop("acme")
      let holder = try await fleet.database.holder(of: "LOCK TABLE acme.t400 IN ACCESS SHARE MODE")
      do {
        try await plan.apply()
        Issue.record("it was dropped")
      } catch TenancyProblem.dropStopped("acme", because: .locked(_, by: let holders)) {
        #expect(holders.count == 1)
      }
      #expect(try await fleet.list() == "")
      _ = try await holder.query("COMMIT")
      try await plan.apply()
      #expect(try await fleet.schemas() == "")
      await holder.close()
    }
  }

  /// All kinds of things, in batches of a size that forces an order upon them.
  @Test func everythingInASchema() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("beta")
      try await fleet.psql(
        """
        SET search_path TO acme, public;
        CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE parent (id int PRIMARY KEY, m mood, p positive);
        CREATE TABLE child (id int REFERENCES parent, s serial) INHERITS (parent);
        CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
        CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE VIEW v AS SELECT * FROM parent; CREATE MATERIALIZED VIEW m AS SELECT * FROM v;
        CREATE SEQUENCE free; CREATE SEQUENCE owned OWNED BY parent.id;
        CREATE FUNCTION twice(parent) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1.id';
        CREATE FUNCTION "of row"(p mood, VARIADIC q int[]) RETURNS SETOF parent LANGUAGE sql AS 'TABLE parent';
        CREATE PROCEDURE proc() LANGUAGE sql AS ''; CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int);
        CREATE FUNCTION on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION on_change();
        CREATE TABLE "odd ""name" (a int GENERATED ALWAYS AS IDENTITY, b int DEFAULT nextval('free'));
        """)
      try await makeTables(300, "CREATE TABLE acme.%I (id serial PRIMARY KEY, t text)", fleet)
      #expect(try await fleet.tenancy.planDrop("acme").steps.count > 3)
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "beta")
    }
  }

  @Test func aTenantWithoutASchema() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql("DROP SCHEMA acme CASCADE")
      let dropped = try await fleet.drop("acme")
      #expect(dropped.hadRow && !dropped.hadSchema)
      #expect(try await fleet.psql("SELECT count(*) FROM domains") == "0")
    }
  }

  @Test func aSchemaWithoutATenant() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE SCHEMA orphan")
      await #expect(throws: TenancyProblem.schemaWithoutTenant(SchemaName(stored: "orphan"))) {
        try await fleet.drop("orphan")
      }
      await #expect(throws: TenancyProblem.tenantNotFound("public")) { try await fleet.drop("public") }
      #expect(try await fleet.schemas() == "orphan")
    }
  }

  /// It is the whole database's.
  @Test func anExtensionIsNamed() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE EXTENSION hstore SCHEMA acme; CREATE EXTENSION citext SCHEMA acme")
      #expect(try await fleet.drop("acme").extensions == ["citext", "hstore"])
      try await fleet.create("beta")
      #expect(try await fleet.drop("beta").extensions == [])
    }
  }

  /// Whatever the registry says.
  @Test(arguments: ["public", "pg_catalog", "information_schema"])
  func neverTheServersOwnSchemas(schema: String) async throws {
    try await Fleet.with(.djangoTenants) { fleet in
      try await fleet.psql(
        "INSERT INTO customers_client (name, schema_name) VALUES ('shared', '\(schema)'); CREATE TABLE precious ()"
      )
      await #expect(throws: TenancyProblem.sharedSchema("shared", SchemaName(stored: schema))) {
        try await fleet.drop("shared")
      }
      #expect(try await fleet.psql("SELECT to_regclass('public.precious') IS NOT NULL") == "t")
      #expect(try await fleet.psql("SELECT count(*) FROM pg_namespace WHERE nspname = '\(schema)'") == "1")
    }
  }

  /// Every session reads it, whatever a row says.
  @Test func aSchemaOfTheDatabasesPath() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA extensions; INSERT INTO tenants (name) VALUES ('extensions');
        ALTER DATABASE \(fleet.database.name) SET search_path = "$user", public, extensions
        """)
      let tenancy = try fleet.database.tenancy()
      let error = TenancyProblem.sharedSchema("extensions", SchemaName(stored: "extensions"))
      await #expect(throws: error) { try await tenancy.planDrop("extensions") }
      let found = try await tenancy.diagnose().entries.map(\.finding)
      #expect(found.contains { if case .schemaInSearchPath = $0 { true } else { false } })
      await tenancy.close()
    }
  }

  /// PostgreSQL lets the owner of a schema drop what others have made there, and not lock it.
  @Test func whatOthersHaveMade() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database, suffix: "owner") { owner in
        try await TestRole.with(fleet.database, suffix: "app") { app in
          try await fleet.psql(
            """
            ALTER DATABASE \(fleet.database.name) OWNER TO \(owner.name); ALTER TABLE tenants OWNER TO \(owner.name);
            ALTER TABLE domains OWNER TO \(owner.name); INSERT INTO tenants (name) VALUES ('a');
            CREATE SCHEMA a AUTHORIZATION \(owner.name); GRANT ALL ON SCHEMA a TO \(app.name); SET ROLE \(app.name);
            CREATE TABLE a.t (id int)
            """)
          let tenancy = try fleet.database.tenancy(url: owner.url())
          try await tenancy.planDrop("a").apply()
          await tenancy.close()
          #expect(try await fleet.schemas() == "")
          try await fleet.psql(
            "ALTER DATABASE \(fleet.database.name) OWNER TO CURRENT_USER; ALTER TABLE domains OWNER TO CURRENT_USER; ALTER TABLE tenants OWNER TO CURRENT_USER"
          )
        }
      }
    }
  }

  @Test(arguments: ["", "DEFERRABLE INITIALLY DEFERRED"])
  func rowsOfOtherTablesReferToIt(deferrable: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql(
        """
        CREATE TABLE invoices (tenant int REFERENCES tenants \(deferrable));
        INSERT INTO invoices SELECT id FROM tenants
        """)
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.drop("acme") }
      guard case .tenantReferenced("acme", let detail) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(detail.contains("invoices"))
      #expect(try await fleet.list() == "acme(acme.com)")
      #expect(try await fleet.schemas() == "acme")
    }
  }

  @Test func somebodyUsesATable() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.database.whileHolding("LOCK TABLE acme.schema_migrations IN ACCESS SHARE MODE") { _ in
        let error = await #expect(throws: TenancyProblem.self) { try await fleet.drop("acme") }
        guard case .locked = error else {
          Issue.record("\(String(describing: error))")
          return
        }
      }
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.schemas() == "acme")
    }
  }

  /// Tables `t1`, `t2`, ... a thousand in a transaction.
  private func makeTables(_ count: Int, _ ddl: String, _ fleet: Fleet) async throws {
    try await fleet.psql(
      """
      DO $do$ BEGIN
        FOR i IN 1..\(count) LOOP
          EXECUTE format($f$\(ddl)$f$, 't' || i);
          IF i % 100 = 0 THEN COMMIT; END IF;
        END LOOP;
      END $do$
      """)
  }
}
