import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What stands outside of the schema and depends on it is named, and nothing goes.
@Suite struct DropDependentsTests {
  /// SQL that makes something outside of `acme`, and what is named. `public.` may stand before a name or not.
  @Test(arguments: Outside.all) func isNamed(outside: Outside) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("reef")
      try await fleet.psql(outside.preparation.joined(separator: ";\n"))
      try await fleet.psql("SET client_min_messages TO error; \(outside.sql)")
      let before = try await fleet.database.contents()
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.drop("acme") }
      guard case .schemaReferenced(let schema, of: "acme", by: let objects, let count) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(schema.rawValue == "acme")
      #expect(objects.map { $0.replacing("public.", with: "") } == outside.objects)
      #expect(count == outside.objects.count)
      #expect(try await fleet.database.contents() == before)
      try await fleet.expectClosureIsWhatPostgresDrops("acme")
    }
  }

  @Test func manyAreCounted() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE acme.tanks (id int PRIMARY KEY)")
      let views = (10..<35).map { "CREATE VIEW v\($0) AS SELECT * FROM acme.tanks" }
      try await fleet.psql(views.joined(separator: "; "))
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.drop("acme") }
      guard case .schemaReferenced(_, _, let objects, let count) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(count == 25)
      #expect(objects.map { $0.replacing("public.", with: "") } == (10..<20).map { "view v\($0)" })
    }
  }

  /// What is the tenant's own goes without a complaint, however it hangs together.
  @Test(arguments: Inside.all) func goesAlong(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("reef")
      let before = try await fleet.database.definitions(outside: "acme")
      try await fleet.psql("SET search_path TO acme; SET client_min_messages TO error; \(sql)")
      try await fleet.expectClosureIsWhatPostgresDrops("acme")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "reef")
      let after = try await fleet.database.definitions(outside: "acme")
      #expect(after == before)
    }
  }

  /// Batches ask for what they drop only; the rest of the schema is not outside.
  /// The same in a schema whose name needs quotes, and where the server puts all names in quotes.
  @Test(arguments: ["my-t", "Übung \"x\""], ["off", "on"])
  func goesAlongWithAnOddName(name: String, quoting: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        ALTER DATABASE \(fleet.database.name) SET quote_all_identifiers TO \(quoting);
        CREATE SCHEMA acme; SET search_path TO acme; INSERT INTO public.tenants (name) VALUES ('\(name)');
        SET client_min_messages TO error; \(Inside.all[0]);
        ALTER SCHEMA acme RENAME TO "\(name.replacing("\"", with: "\"\""))"
        """)
      try await fleet.drop(name)
      #expect(try await fleet.schemas() == "")
    }
  }

  @Test func inBatches() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        SET search_path TO acme; SET client_min_messages TO error; \(Inside.everything)
        DO $do$ BEGIN
          FOR i IN 1..400 LOOP
            EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, t text, up int REFERENCES hub, h acme.hstore)', i);
            EXECUTE format('CREATE VIEW v%s AS SELECT t.id, u.t FROM t%s t, t%s u', i, i, 1 + i / 2);
          END LOOP;
        END $do$
        """)
      #expect(try await fleet.tenancy.planDrop("acme").steps.count > 3)
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// Between the question and the drop.
  @Test(arguments: [
    "CREATE VIEW late AS SELECT * FROM acme.tanks", "CREATE TABLE late (id int REFERENCES acme.tanks)",
  ])
  func meanwhile(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql("CREATE TABLE acme.tanks (id int PRIMARY KEY)")
      let plan = try await fleet.tenancy.planDrop("acme")
      try await fleet.psql(sql)
      let before = try await fleet.database.contents()
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.database.contents() == before)
      let error = await #expect(throws: TenancyProblem.self) { try await fleet.drop("acme") }
      guard case .schemaReferenced = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// In batches: what depends on a table that a later one drops stays, and the table with it.
  @Test func meanwhileInBatches() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        DO $do$ BEGIN
          FOR i IN 1..600 LOOP EXECUTE format('CREATE TABLE acme.t%s (id serial PRIMARY KEY, t text)', i); END LOOP;
        END $do$
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      try await fleet.psql("CREATE TABLE late (id int REFERENCES acme.t1)")
      await #expect(throws: TenancyProblem.dropStopped("acme", because: .changedMeanwhile)) {
        try await plan.apply()
      }
      #expect(
        try await fleet.psql("SELECT count(*) FROM pg_constraint WHERE conrelid = 'late'::regclass") == "1")
      try await fleet.psql("DROP TABLE late")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }

  /// Nobody keeps them; `DROP` takes them along, as ever.
  @Test func temporaryObjectsOfOtherSessions() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE acme.tanks (id serial PRIMARY KEY); CREATE DOMAIN acme.name AS text")
      let session = try await fleet.database.connect()
      for statement: SQL in [
        "CREATE TEMP VIEW v AS SELECT * FROM acme.tanks", "CREATE TEMP TABLE t (n acme.name, i int)",
        "ALTER TABLE t ALTER i SET DEFAULT nextval('acme.tanks_id_seq')",
        "CREATE TEMP VIEW w AS SELECT n FROM t",
      ] { try await session.query(statement) }
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
    }
  }
}

extension Fleet {
  /// The query is compared with the judge: a `DROP SCHEMA ... CASCADE` that is rolled back.
  fileprivate func expectClosureIsWhatPostgresDrops(
    _ schema: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let closure = SchemaDependents(schema: SchemaName(stored: schema)).closure.inlined
    let difference = try await psql(
      """
      SET client_min_messages TO error;
      CREATE FUNCTION pg_temp.everything() RETURNS TABLE (class oid, id oid, sub int) LANGUAGE plpgsql AS $f$
      DECLARE catalog regclass;  -- a type's labels are no objects of their own
      BEGIN
        FOR catalog IN SELECT a.attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE a.attname = 'oid' AND c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
            AND c.relname NOT IN ('pg_largeobject_metadata', 'pg_enum')
        LOOP RETURN QUERY EXECUTE format('SELECT tableoid, oid, 0 FROM %s', catalog); END LOOP;
        RETURN QUERY SELECT 'pg_class'::regclass::oid, attrelid, attnum::int FROM pg_attribute
          WHERE attnum > 0 AND NOT attisdropped;
      END $f$;
      BEGIN;
      CREATE TEMP TABLE before AS SELECT * FROM pg_temp.everything();
      CREATE TEMP TABLE closure AS \(closure);
      DROP SCHEMA \(schema) CASCADE;
      CREATE TEMP TABLE gone AS SELECT * FROM before EXCEPT SELECT * FROM pg_temp.everything();
      DELETE FROM gone g WHERE sub > 0 AND EXISTS (SELECT FROM gone w WHERE (w.class, w.id, w.sub) = (g.class, g.id, 0));
      DELETE FROM closure g WHERE sub > 0
        AND EXISTS (SELECT FROM closure w WHERE (w.class, w.oid, w.sub) = (g.class, g.oid, 0));
      CREATE TEMP TABLE difference AS
        SELECT 'missed' AS what, * FROM (SELECT * FROM gone EXCEPT SELECT * FROM closure) x
        UNION ALL SELECT 'too many', * FROM (SELECT * FROM closure EXCEPT SELECT * FROM gone) x;
      CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS
        $f$ SELECT string_agg(concat_ws(' ', what, class::regclass, id, sub), '; ') FROM difference $f$;
      SELECT pg_temp.kept();
      ROLLBACK
      """)
    #expect(difference == "NULL", sourceLocation: sourceLocation)
  }
}
