import TestSupport
import Testing

@testable import Tenancy

/// What one tenant's schema has of another tenant's.
@Suite struct DoctorReferenceTests {
  private static let both = """
    CREATE TABLE t (id serial PRIMARY KEY, n int); CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN price AS int;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1; CREATE TABLE parent (id int);
    CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE part (id int) PARTITION BY LIST (id)
    """

  /// Made in `b`, and what is named. In a schema of its own it refers to nothing else.
  private static let kinds: [(sql: String, object: String)] = [
    ("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (n) REFERENCES a.t", "constraint k on table b.t"),
    ("ALTER TABLE t ALTER n SET DEFAULT nextval('a.t_id_seq')", "default value for column n of table b.t"),
    ("CREATE VIEW v AS SELECT n FROM a.t", "view b.v"),
    ("CREATE MATERIALIZED VIEW m AS SELECT a.f(1)", "materialized view b.m"),
    ("ALTER TABLE t ADD m a.mood", "column m of table b.t"), ("CREATE DOMAIN d AS a.price", "type b.d"),
    ("ALTER TABLE t ADD CONSTRAINT c CHECK (a.f(n) > 0)", "constraint c on table b.t"),
    ("CREATE INDEX i ON t (a.f(n))", "index b.i"),
    ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION a.noop()", "trigger g on table b.t"),
    ("CREATE POLICY p ON t USING (a.f(n) > 0)", "policy p on table b.t"),
    ("CREATE FUNCTION g(a.mood) RETURNS int LANGUAGE sql RETURN 1", "function b.g(a.mood)"),
    ("CREATE TABLE heir () INHERITS (a.parent)", "table b.heir"),
    ("CREATE TABLE part_1 PARTITION OF a.part DEFAULT", "table b.part_1"),
    ("CREATE RULE r AS ON DELETE TO parent DO ALSO DELETE FROM a.parent", "table b.parent"),
  ]

  @Test func eachKindIsFound() async throws {
    try await Fleet.with { fleet in
      for (sql, object) in Self.kinds {
        try await fleet.psql("DROP SCHEMA IF EXISTS a, b CASCADE; TRUNCATE tenants CASCADE")
        try await fleet.populate(["a", "b"])
        try await fleet.psql("SET search_path TO a; \(Self.both)")
        try await fleet.psql("SET search_path TO b; \(Self.both); \(sql.replacing("a.", with: "b."))")
        #expect(try await Self.references(fleet) == [], "\(sql)")
        try await fleet.psql(
          "DROP SCHEMA b CASCADE; CREATE SCHEMA b; SET search_path TO b; \(Self.both); \(sql)")
        #expect(try await Self.references(fleet) == ["b: \(object) of 1 to a of 1"], "\(sql)")
      }
    }
  }

  @Test func manyAreCounted() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c"])
      try await fleet.psql(
        """
        CREATE TABLE a.t (id int PRIMARY KEY); CREATE TABLE c.t (id int PRIMARY KEY);
        CREATE VIEW b.v AS SELECT a.id FROM a.t a JOIN c.t c ON a.id = c.id; CREATE TABLE b.x (a int REFERENCES c.t);
        CREATE EXTENSION citext SCHEMA a; CREATE TABLE c.names (n a.citext); CREATE TABLE public.plans (a int REFERENCES a.t);
        CREATE TABLE c.plans (x int REFERENCES public.tenants)
        """)
      #expect(try await Self.references(fleet) == ["b: constraint x_a_fkey on table b.x of 2 to a of 2"])
    }
  }

  /// Registries may have a row for `public`.
  @Test func whatAllTenantsShareIsNoTenants() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["b"])
      try await fleet.psql(
        """
        INSERT INTO tenants (name) VALUES ('public'); CREATE TABLE public.plans (id int PRIMARY KEY);
        CREATE TABLE b.t (p int REFERENCES public.plans)
        """)
      #expect(try await Self.references(fleet) == [])
    }
  }

  private static func references(_ fleet: Fleet) async throws -> [String] {
    try await fleet.tenancy.diagnose().entries.compactMap { entry in
      guard case .refersToTenants(let tenant, let found) = entry.finding else { return nil }
      return "\(tenant.name): \(found.object) of \(found.count) to \(found.schema) of \(found.schemas)"
    }
  }
}
