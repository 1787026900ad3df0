import SQLText
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// CASCADE stays inside of the tenant's schema.
@Suite struct CascadeTests {
  private static let own = """
    CREATE TABLE t (id int PRIMARY KEY, n int UNIQUE, s int); CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN price AS int;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1; CREATE SEQUENCE numbers;
    CREATE TABLE part (id int) PARTITION BY LIST (id); CREATE TABLE parent (id int);
    CREATE VIEW inner_view AS SELECT n FROM t; CREATE TABLE child (t int REFERENCES t, m mood, p price DEFAULT f(1));
    """

  /// What is made outside of `acme`, a statement that would take it along, and what is named then.
  private static let outside: [(sql: String, statement: String, objects: [String])] = [
    ("CREATE VIEW public.everyone AS SELECT id FROM acme.t", "DROP TABLE t CASCADE", ["view everyone"]),
    (
      "CREATE VIEW public.everyone AS SELECT s FROM acme.t; CREATE VIEW reef.v AS SELECT * FROM public.everyone",
      "ALTER TABLE t DROP COLUMN s CASCADE", ["view everyone", "view reef.v"]
    ),
    (
      "CREATE TABLE reef.x (a int REFERENCES acme.t)", "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE",
      ["constraint x_a_fkey on table reef.x"]
    ),
    (
      "CREATE TABLE reef.x (a int REFERENCES acme.t (n), m acme.mood)",
      "DROP TABLE IF EXISTS t CASCADE; DROP TYPE mood CASCADE", ["constraint x_a_fkey on table reef.x"]
    ),
    ("CREATE TABLE reef.x (a int, m acme.mood)", "DROP TYPE mood CASCADE", ["column m of table reef.x"]),
    ("CREATE TABLE reef.x (a int, p acme.price)", "DROP DOMAIN price CASCADE", ["column p of table reef.x"]),
    (
      "CREATE TABLE reef.x (a int DEFAULT nextval('acme.numbers'))", "DROP SEQUENCE numbers CASCADE",
      ["default value for column a of table reef.x"]
    ),
    (
      "CREATE TABLE reef.x (a int CHECK (acme.f(a) > 0))", "DROP FUNCTION f(int) CASCADE",
      ["constraint x_a_check on table reef.x"]
    ),
    (
      "CREATE TABLE reef.part_1 PARTITION OF acme.part DEFAULT", "DROP TABLE part CASCADE",
      ["table reef.part_1"]
    ),
    ("CREATE TABLE reef.heir () INHERITS (acme.parent)", "DROP TABLE parent CASCADE", ["table reef.heir"]),
    (
      "CREATE VIEW public.everyone AS SELECT n FROM acme.inner_view", "DROP VIEW inner_view CASCADE",
      ["view everyone"]
    ),
    (
      "CREATE VIEW public.everyone AS SELECT id FROM acme.t",
      "DO $$ BEGIN EXECUTE format('DROP TABLE %I CASCADE', 't'); END $$", ["view everyone"]
    ),
    (
      "CREATE TABLE reef.x (a int REFERENCES acme.t, b int UNIQUE); CREATE TABLE public.y (b int REFERENCES reef.x (b))",
      "TRUNCATE t, child CASCADE", ["table y", "table reef.x"]
    ),
    (
      "CREATE TABLE reef.x (a int REFERENCES acme.t)", "TRUNCATE TABLE t RESTART IDENTITY CASCADE",
      ["table reef.x"]
    ),
    (
      "CREATE TABLE reef.x (a int REFERENCES acme.t)",
      "DO $$ BEGIN EXECUTE 'TRUNCATE t, child CASCADE'; END $$",
      ["table reef.x"]
    ),
  ]

  private static let ways = ["migrate", "rollback", "statementwise", "exec"]

  @Test(arguments: outside.indices, ways) func reachesNothingOutside(_ index: Int, _ way: String) async throws
  {
    let (sql, statement, objects) = Self.outside[index]
    try await Fleet.with { fleet in
      let files = [try migration("1", Self.own), try Self.file(statement, way)]
      try await fleet.create("acme", way == "rollback" ? files : [files[0]])
      try await fleet.populate(["reef"])
      try await fleet.psql(sql)
      let before = try await fleet.database.definitions(outside: "acme")
      let reached =
        switch way {
        case "rollback":
          Self.reached(
            try await fleet.tenancy.migrate(
              fleet.tenancy.planRollback(Self.acme, MigrationSet(tenant: files, shared: []), .steps(1))))
        case "exec": try await Self.execute(statement, in: fleet)
        default:
          Self.reached(
            try await fleet.tenancy.migrate(
              fleet.tenancy.planMigration(Self.acme, MigrationSet(tenant: files, shared: []))))
        }
      #expect(reached.map { $0.replacing("public.", with: "") } == objects)
      #expect(try await fleet.database.definitions(outside: "acme") == before)
    }
  }

  /// What is the tenant's own goes along, and so does what a statement names. The path and settings of the file stay.
  @Test(arguments: outside.indices) func goesOn(_ index: Int) async throws {
    let (sql, statement, _) = Self.outside[index]
    try await Fleet.with { fleet in
      let check = """
        DO $$ BEGIN IF current_setting('search_path') <> 'acme, public' OR current_setting('jit') <> 'on'
          OR to_regclass('later') IS NULL THEN RAISE EXCEPTION 'changed'; END IF; END $$
        """
      let file = try migration("2", "SET LOCAL jit TO on; CREATE TABLE later (); \(statement); \(check);")
      try await fleet.create("acme", [try migration("1", Self.own)])
      try await fleet.populate(["reef"])
      // The same in the tenant's own schema, and something outside that has nothing to do with it.
      try await fleet.psql(
        """
        \(sql.replacing("reef.", with: "acme.").replacing("public.", with: "acme."));
        CREATE VIEW public.others AS SELECT version FROM acme.schema_migrations
        """)
      let report = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(
          Self.acme, MigrationSet(tenant: [migration("1", Self.own), file], shared: [])))
      #expect(report.failures.isEmpty, "\(report.outline)")
      #expect(try await fleet.psql("SELECT to_regclass('public.others')") != "")
    }
  }

  @Test(arguments: [
    "DROP VIEW public.everyone CASCADE", "DROP VIEW public.everyone; DROP TABLE t CASCADE",
    "DROP FUNCTION public.of_mood(mood) CASCADE", "ALTER TABLE reef.x DROP COLUMN m CASCADE",
    "ALTER TABLE reef.x DROP CONSTRAINT x_a_fkey CASCADE",
    "DROP TABLE public.\"Every One\", inner_view_2 CASCADE",
    "DO $$ BEGIN DROP VIEW public.everyone CASCADE; END $$", "TRUNCATE t, child, reef.x CASCADE",
  ]) func whatIsNamedGoes(statement: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", [try migration("1", Self.own)])
      try await fleet.populate(["reef"])
      try await fleet.psql(
        """
        CREATE VIEW public.everyone AS SELECT mood FROM (SELECT 'calm'::acme.mood) t (mood);
        CREATE TABLE reef.x (a int\(statement.contains("t CASCADE") ? "" : " REFERENCES acme.t"), m acme.mood);
        CREATE FUNCTION public.of_mood(acme.mood) RETURNS int LANGUAGE sql RETURN 1;
        CREATE TABLE public."Every One" (m acme.mood); CREATE TABLE acme.inner_view_2 ()
        """)
      #expect(try await Self.execute(statement, in: fleet) == [], "\(statement)")
    }
  }

  /// What it names is not the tenant's, or not all of it is: what depends on the tenant's objects, too, stays all the same.
  @Test(arguments: [
    "DROP TABLE public.shared CASCADE", "DROP TABLE child, public.shared CASCADE",
    "ALTER TABLE public.shared DROP COLUMN id CASCADE",
    "DROP FUNCTION public.f(text), f(int) CASCADE", "DROP FUNCTION f(text) CASCADE",
    "DROP FUNCTION IF EXISTS public.f(text) CASCADE", "DROP TABLE child, U&\"d!0061ta\" UESCAPE '!' CASCADE",
    "CREATE VIEW public.v AS SELECT s FROM t; DROP TABLE t CASCADE",
    "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW public.v AS SELECT g(); DROP FUNCTION g CASCADE",
    "DROP TABLE IF EXISTS child, nothing, t CASCADE",
    "SET LOCAL search_path TO public, acme; DROP FUNCTION f(int) CASCADE",
  ]) func namesThatLeadElsewhere(statement: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", [try migration("1", Self.own)])
      try await fleet.populate(["reef"])
      try await fleet.psql(
        """
        CREATE TABLE public.shared (id int); CREATE FUNCTION public.f(text) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1;
        CREATE TABLE acme.data (id int);
        CREATE VIEW reef.v AS SELECT t.id, shared.id AS s, acme.f(1) AS a, public.f('') AS b FROM acme.t, public.shared, acme.data
        """)
      let reached = try await Self.execute(statement, in: fleet)
      #expect(
        reached.contains("view reef.v")
          || reached.contains { $0.hasSuffix("view v") || $0.hasSuffix("view public.v") }, "\(reached)")
    }
  }

  /// A schema may have thousands of tables, and a file many of these statements.
  @Test(arguments: [
    "DROP TABLE t CASCADE", "DROP TABLE IF EXISTS t, t_1, \"T 2\" CASCADE",
    "ALTER TABLE ONLY t DROP COLUMN s CASCADE",
    "TRUNCATE t, t_1 CASCADE", "TRUNCATE TABLE ONLY t RESTART IDENTITY CASCADE",
    "DROP VIEW inner_view CASCADE",
    "DROP TYPE IF EXISTS mood CASCADE", "DROP DOMAIN price CASCADE", "DROP FUNCTION f(int), f CASCADE",
    "DROP SEQUENCE numbers CASCADE", "DROP INDEX t_n_key CASCADE",
    "ALTER DOMAIN price DROP CONSTRAINT c CASCADE",
  ]) func readsWhatItNeeds(statement: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", [try migration("1", Self.own)])
      try await fleet.psql(
        """
        DO $$ BEGIN FOR i IN 1..200 LOOP
          EXECUTE format('CREATE TABLE acme.%I (id serial PRIMARY KEY, t text)', 't_' || i);
        END LOOP; END $$
        """)
      let guards = try #require(
        CascadeGuard(SQLScript.statements(in: Array(statement.utf8))[0], in: SchemaName(stored: "acme")))
      let connection = try await fleet.database.connect()
      let answers = try await connection.transaction([
        "SET LOCAL search_path TO acme, public", guards.before,
        """
        SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_catalog.pg_stat_xact_sys_tables
        WHERE relid = 'pg_catalog.pg_depend'::regclass
        """,
      ])
      #expect(try answers[2][0].decode(Int.self) < 300)
      await connection.close()
    }
  }

  private static let acme = FleetSelection(names: ["acme"])

  private static func file(_ statement: String, _ way: String) throws -> MigrationFile {
    switch way {
    case "rollback": try migration("2", "-- migrate:up\nSELECT 1;\n-- migrate:down\n\(statement);")
    case "statementwise": try migration("2", "-- migrate:up transaction:false\n\(statement);")
    default: try migration("2", "\(statement);")
    }
  }

  private static func reached(_ report: MigrationReport) -> [String] {
    if case .cascadesOutside(let objects)? = report.tenants[0].migrationFailure?.reason {
      objects
    } else {
      []
    }
  }

  private static func execute(_ sql: String, in fleet: Fleet) async throws -> [String] {
    var options = ExecOptions()
    options.mayWrite = true
    let report = try await fleet.tenancy.exec(
      ExecScript([(name: "-c", bytes: Array(sql.utf8))]), in: fleet.tenancy.tenants(in: acme), options
    ) { _, _ in }
    switch report.failures.first?.failure as? TenancyProblem {
    case nil: return []
    case .execFailed(let failure)?: return failure.reachedOutside
    case let other?: throw other
    }
  }
}
