import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct SchemaReaderTests {
  /// A bit of everything, without the schema's name in it.
  private static let everything = """
    CREATE TYPE status AS ENUM ('new', 'old');
    CREATE DOMAIN litres AS integer DEFAULT 1 CHECK (VALUE > 0);
    CREATE TYPE place AS (x integer, y status);
    CREATE TYPE span AS RANGE (subtype = float8);
    CREATE SEQUENCE numbers START 7 INCREMENT 2 CYCLE;
    CREATE FUNCTION twice(n litres) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
    CREATE FUNCTION safe() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS 'BEGIN RETURN NEW; END';
    CREATE TABLE owners (id serial PRIMARY KEY, tenant integer REFERENCES public.tenants, name text COLLATE "C" NOT NULL);
    CREATE TABLE tanks (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner integer REFERENCES owners ON DELETE CASCADE,
      number integer DEFAULT nextval('numbers'), state status NOT NULL DEFAULT 'new', capacity litres, spot place,
      doubled integer GENERATED ALWAYS AS (twice(5)) STORED, tags varchar(20)[], CONSTRAINT fits CHECK (twice(capacity) < 90),
      UNIQUE (owner, number) DEFERRABLE, EXCLUDE USING btree (number WITH =));
    CREATE UNIQUE INDEX tanks_lower ON tanks (lower(tags[1]), number DESC) WHERE state = 'new';
    CREATE VIEW a AS SELECT a.id, t.name FROM tanks a JOIN owners t ON t.id = a.owner WHERE a.state = 'new';
    CREATE MATERIALIZED VIEW totals AS SELECT owner, sum(twice(capacity)) AS total FROM tanks GROUP BY owner;
    CREATE INDEX totals_owner ON totals (owner);
    CREATE TRIGGER keep BEFORE UPDATE ON tanks FOR EACH ROW WHEN (OLD.state = 'old') EXECUTE FUNCTION safe();
    ALTER TABLE owners ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON owners FOR SELECT USING (name = CURRENT_USER AND id IN (SELECT owner FROM tanks));
    CREATE TABLE events (at date NOT NULL, what status) PARTITION BY RANGE (at);
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE special (more text) INHERITS (owners);
    CREATE UNLOGGED TABLE cache (key text PRIMARY KEY);
    CREATE RULE forget AS ON DELETE TO special DO INSTEAD NOTHING;
    CREATE AGGREGATE total (integer) (sfunc = int4pl, stype = integer, initcond = 0);
    """

  /// Names that could be mistaken for something else in a definition: an alias, a column, a quoted name.
  private static let names = ["a", "tanks", "t", "My \"shop\"", "Shop (UK)", "o'brien"]

  private func make(_ fleet: Fleet, _ names: [String] = names, with sql: String = everything) async throws {
    for name in names {
      let schema = SchemaName(stored: name)
      try await fleet.psql(
        "CREATE SCHEMA \(schema.identifier.quoted); SET search_path TO \(schema.identifier.quoted); \(sql)")
    }
  }

  private func reader(_ fleet: Fleet) -> SchemaReader {
    SchemaReader(excluded: fleet.tenancy.recordsMigrations, opening: fleet.tenancy.limits.opening)
  }

  private func digests(_ fleet: Fleet, _ names: [String] = names) async throws -> [String?] {
    let schemas = names.map { SchemaName(stored: $0) }
    let found = try await fleet.tenancy.connected {
      try await self.reader(fleet).digests(of: schemas, over: $0)
    }
    return schemas.map { try? found[$0]?.get().rawValue }
  }

  private func items(_ fleet: Fleet, _ name: String) async throws -> [SchemaItem] {
    try await fleet.tenancy.connected {
      try await self.reader(fleet).items(of: SchemaName(stored: name), over: $0)
    }
  }

  @Test func whatIsMadeAlikeReadsAlike() async throws {
    try await Fleet.with { fleet in
      try await make(fleet)
      let found = try await digests(fleet)
      #expect(Set(found).count == 1 && found[0] != nil)
      let first = try await items(fleet, "a")
      for name in Self.names.dropFirst() {
        let other = try await items(fleet, name)
        #expect(other == first)
      }
      #expect(Set(first.map(\.kind.rawValue)).count == 12)
      let nobodys = try await digests(fleet, ["nobody"])
      #expect(nobodys == [nil])
    }
  }

  /// What names its own schema in a text reads alike where each one names itself, and differently where one names another's.
  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM NAME.users'",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM QUOTED . users; END $$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN nextval('NAME.numbers'); END $$",
    "ALTER TABLE users ADD s text DEFAULT 'NAME.users'", "ALTER TABLE users ADD CHECK (note <> 'NAME.users')",
    "CREATE VIEW v AS SELECT 'NAME.users'::text AS source",
    "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION noop('NAME')",
    "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION noop('x', 'NAME.users')",
  ]) func textsThatNameTheirSchema(sql: String) async throws {
    try await Fleet.with { fleet in
      let own = """
        CREATE TABLE users (id int, note text); CREATE SEQUENCE numbers;
        CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
        """
      func make(_ schema: String, naming other: String) async throws {
        let text = sql.replacing("NAME", with: other).replacing("QUOTED", with: "\"\(other)\"")
        try await fleet.psql(
          "CREATE SCHEMA \(schema); SET search_path TO \(schema); SET check_function_bodies TO off; \(own); \(text)"
        )
      }
      try await make("acme", naming: "acme")
      try await make("own", naming: "own")
      try await make("clone", naming: "acme")
      try await make("Übung", naming: "Übung")
      let reference = try await items(fleet, "acme")
      #expect(try await items(fleet, "own") == reference)
      #expect(try await items(fleet, "Übung") == reference)
      #expect(try await items(fleet, "clone") != reference)
      let digests = try await digests(fleet, ["acme", "own", "clone"])
      #expect(digests[0] == digests[1] && digests[0] != digests[2])
    }
  }

  /// A word that is only spelled like the schema: a constant, a part of a name, an alias, a setting.
  @Test(arguments: [
    "ALTER TABLE users ADD s text DEFAULT 'acme'", "ALTER TABLE users ADD s text DEFAULT 'acme.example.com'",
    "CREATE VIEW v AS SELECT acme.id, acme.note FROM users acme",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT acme.note FROM users acme'",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT note FROM my_acme.users'",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT note FROM acme.users_of_old'",
  ]) func wordsThatAreNoSchema(sql: String) async throws {
    try await Fleet.with { fleet in
      for schema in ["acme", "reef"] {
        try await fleet.psql(
          """
          CREATE SCHEMA \(schema); SET search_path TO \(schema); SET check_function_bodies TO off;
          CREATE TABLE users (id int, note text); \(sql)
          """)
      }
      #expect(try await items(fleet, "acme") == items(fleet, "reef"))
    }
  }

  /// A list of a varchar is printed in another way once it has been dumped: that of `b` is as pg_dump writes that of `a`.
  @Test func aListAsADumpWritesIt() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE SCHEMA a; CREATE SCHEMA b")
      for (schema, list) in [("a", "('new', 'it''s, ]', 'paid')"), ("b", "('new', 'it''s, ]')")] {
        try await fleet.psql(
          """
          CREATE TABLE \(schema).orders (id int, status varchar(10) CHECK (status IN \(list)));
          CREATE INDEX open ON \(schema).orders (id) WHERE status IN \(list);
          CREATE VIEW \(schema).some AS SELECT id FROM \(schema).orders WHERE status IN \(list)
          """)
      }
      let differing = SchemaDifference(of: try await items(fleet, "b"), from: try await items(fleet, "a"))
      #expect(differing.changed.map(\.item.kind) == [.constraint, .index, .view])
      let check = try await fleet.psql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'a.orders'::regclass")
      let condition = try await fleet.psql(
        "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indrelid = 'a.orders'::regclass")
      try await fleet.psql(
        """
        DROP TABLE b.orders CASCADE; CREATE TABLE b.orders (id int, status varchar(10));
        ALTER TABLE b.orders ADD CONSTRAINT orders_status_check \(check);
        CREATE INDEX open ON b.orders (id) WHERE \(condition); CREATE VIEW b.some AS SELECT id FROM b.orders WHERE \(condition)
        """)
      #expect(try await items(fleet, "b") == items(fleet, "a"))
    }
  }

  /// What is done to one of two schemas, and how the difference reads: `-` only there before, `+` only there now, `~`
  /// in both.
  private static let changes: [(sql: String, difference: String)] = [
    ("CREATE TABLE more (id serial PRIMARY KEY)", "+table more"),
    ("DROP TABLE cache", "-table cache"),
    ("ALTER TABLE cache ADD n integer", "+column cache.n"),
    ("ALTER TABLE cache SET LOGGED", "~table cache"),
    ("ALTER TABLE tanks ALTER number TYPE bigint", "~column tanks.number"),
    ("ALTER TABLE tanks ALTER state DROP NOT NULL", "~column tanks.state"),
    ("ALTER TABLE tanks ALTER state SET DEFAULT 'old'", "~column tanks.state"),
    ("ALTER TABLE tanks ALTER number DROP DEFAULT", "~column tanks.number"),
    ("ALTER TABLE tanks ALTER id SET GENERATED BY DEFAULT", "~column tanks.id"),
    ("ALTER TABLE cache ALTER key TYPE text COLLATE \"POSIX\"", "~column cache.key"),
    (
      "ALTER TABLE tanks DROP CONSTRAINT fits, ADD CONSTRAINT fits CHECK (twice(capacity) < 91)",
      "~constraint tanks.fits"
    ),
    (
      "ALTER TABLE tanks DROP CONSTRAINT tanks_owner_fkey, ADD CONSTRAINT tanks_owner_fkey FOREIGN KEY (owner) REFERENCES owners",
      "~constraint tanks.tanks_owner_fkey"
    ),
    ("DROP INDEX tanks_lower", "-index tanks.tanks_lower"),
    ("ALTER INDEX totals_owner RENAME TO other", "-index totals.totals_owner +index totals.other"),
    ("DROP VIEW a; CREATE VIEW a AS SELECT 1 AS id", "~view a"),
    ("ALTER SEQUENCE numbers INCREMENT 3", "~sequence numbers"),
    ("ALTER TYPE status ADD VALUE 'odd' BEFORE 'old'", "~type status"),
    ("ALTER DOMAIN litres SET NOT NULL", "~type litres"),
    ("ALTER TYPE place ADD ATTRIBUTE z integer", "~type place"),
    (
      "CREATE OR REPLACE FUNCTION twice(n litres) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n + n'",
      "~routine twice(n litres)"
    ),
    ("CREATE FUNCTION twice(text) RETURNS text LANGUAGE sql AS 'SELECT $1'", "+routine twice(text)"),
    ("ALTER TABLE tanks DISABLE TRIGGER keep", "~trigger tanks.keep"),
    ("DROP RULE forget ON special", "-rule special.forget"),
    ("ALTER TABLE special DISABLE RULE forget", "~rule special.forget"),
    ("ALTER VIEW a SET (security_barrier)", "~view a"),
    (
      "CREATE OR REPLACE AGGREGATE total (integer) (sfunc = int4mul, stype = integer, initcond = 1)",
      "~routine total(integer)"
    ),
    ("ALTER POLICY own ON owners USING (true)", "~policy owners.own"),
    ("ALTER TABLE owners DISABLE ROW LEVEL SECURITY", "~table owners"),
    ("ALTER TABLE events DETACH PARTITION events_2026", "~table events_2026"),
    ("ALTER TABLE special NO INHERIT owners", "~table special"),
    ("CREATE EXTENSION citext SCHEMA b", "+extension citext"),
    (
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'totals_owner'::regclass",
      "~index totals.totals_owner"
    ),
    // These are no differences.
    (
      "INSERT INTO owners (name) VALUES ('x'); COMMENT ON TABLE owners IS 'x'; GRANT SELECT ON owners TO PUBLIC",
      ""
    ),
    (
      "CREATE TABLE schema_migrations (version text); CREATE TABLE django_migrations (id serial PRIMARY KEY)",
      ""
    ),
    ("ALTER TABLE cache ADD n integer; ALTER TABLE cache DROP n", ""),
  ]

  @Test(arguments: changes) func aDifferenceIsNamed(change: (sql: String, difference: String)) async throws {
    try await Fleet.with { fleet in
      try await make(fleet, ["a", "b"])
      try await fleet.psql("SET search_path TO b; \(change.sql)")
      let found = try await SchemaDifference(of: items(fleet, "b"), from: items(fleet, "a"))
      #expect(found.outline == change.difference, "\(change.sql)")
      let digests = try await digests(fleet, ["a", "b"])
      #expect((digests[0] == digests[1]) == change.difference.isEmpty, "\(change.sql)")
    }
  }

  /// To Swift the two are equal, to PostgreSQL they are two names.
  @Test func namesThatOnlyLookAlike() async throws {
    try await Fleet.with { fleet in
      try await make(
        fleet, ["a"], with: "CREATE TABLE \"caf\u{E9}\" (); CREATE TABLE t (x text DEFAULT '\u{E9}')")
      try await make(
        fleet, ["b"], with: "CREATE TABLE \"cafe\u{301}\" (); CREATE TABLE t (x text DEFAULT 'e\u{301}')")
      let difference = SchemaDifference(of: try await items(fleet, "b"), from: try await items(fleet, "a"))
      #expect((difference.missing.count, difference.extra.count, difference.changed.count) == (1, 1, 1))
    }
  }

  @Test func theOrderOfColumnsIsNone() async throws {
    try await Fleet.with { fleet in
      try await make(fleet, ["a"], with: "CREATE TABLE t (x integer, y text)")
      try await make(fleet, ["b"], with: "CREATE TABLE t (y text, x integer)")
      let found = try await digests(fleet, ["a", "b"])
      #expect(found[0] == found[1])
    }
  }

  /// PostgreSQL wants to lock the tables that have expressions to print, and those of views.
  @Test func locksHoldUpOnlyWhomTheyMust() async throws {
    try await Fleet.with { fleet in
      try await make(fleet, ["a", "b", "c"])
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(20))
      let impatient = Fleet(database: fleet.database, tenancy: tenancy)
      let calm = try await digests(impatient, ["a", "b", "c"])
      let beside = try await fleet.database.whileHolding(
        "LOCK TABLE b.cache, b.owners IN SHARE ROW EXCLUSIVE MODE", "LOCK TABLE b.cache"
      ) { _ in
        try await digests(impatient, ["a", "b", "c"])
      }
      #expect(beside == calm)
      let behind = try await fleet.database.whileHolding("LOCK TABLE b.tanks") { _ in
        try await digests(impatient, ["a", "b", "c"])
      }
      #expect(behind == [calm[0], nil, calm[2]])
      await tenancy.close()
    }
  }
}

extension SchemaDifference {
  fileprivate var outline: String {
    func list(_ sign: String, _ items: [SchemaItem]) -> [String] {
      items.map { "\(sign)\($0.kind.rawValue) \($0.path)" }
    }
    return (list("-", missing) + list("+", extra) + list("~", changed.map(\.item))).joined(separator: " ")
  }
}
