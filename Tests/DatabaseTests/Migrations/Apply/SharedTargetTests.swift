import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a file changes or drops by an unqualified name is the tenant's, or nobody's.
@Suite struct SharedTargetTests {
  private static let long = String(repeating: "a_name_that_is_cut_", count: 4)
  private static let shared = """
    CREATE TABLE public.users (id int, name text); CREATE INDEX by_name ON public.users (name);
    CREATE VIEW public.names AS SELECT name FROM public.users; CREATE SEQUENCE public.numbers;
    CREATE MATERIALIZED VIEW public.counts AS SELECT count(*) FROM public.users;
    CREATE TYPE public.mood AS ENUM ('calm'); CREATE DOMAIN public.price AS numeric;
    CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql RETURN 1;
    CREATE FUNCTION public.f(text) RETURNS int LANGUAGE sql RETURN 1;
    CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION public.g(int, int) RETURNS int LANGUAGE sql RETURN 1;
    CREATE OPERATOR public.@#@ (LEFTARG = int, RIGHTARG = int, FUNCTION = public.g);
    CREATE OPERATOR FAMILY public.family USING btree; CREATE STATISTICS public.st ON id, name FROM public.users;
    CREATE COLLATION public.nd (locale = 'C');
    CREATE CONVERSION public.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE TEXT SEARCH CONFIGURATION public.de (COPY = pg_catalog.german);
    CREATE TEXT SEARCH DICTIONARY public.plain (TEMPLATE = pg_catalog.simple);
    CREATE TABLE public.events (id int) PARTITION BY LIST (id); CREATE TABLE public.old (id int);
    CREATE TABLE public."Übersicht" (id int); CREATE TABLE public.\(long) (id int);
    CREATE TRIGGER old_trigger BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.noop();
    CREATE POLICY old_policy ON public.users; CREATE RULE old_rule AS ON DELETE TO public.users DO INSTEAD NOTHING;
    """

  /// Of each kind a statement that PostgreSQL would run on the object in `public`, and the name of that.
  private static let statements = [
    ("DROP TABLE IF EXISTS users CASCADE; CREATE TABLE users ()", "users"),
    ("ALTER TABLE users ADD z int", "users"), ("ALTER TABLE IF EXISTS ONLY \"users\" ADD z int", "users"),
    ("TRUNCATE users", "users"), ("TRUNCATE TABLE ONLY users RESTART IDENTITY", "users"),
    ("CREATE TABLE own (); DROP TABLE own, users CASCADE", "users"),
    ("CREATE INDEX ON users (id)", "users"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY users (id)", "users"),
    (
      "CREATE OR REPLACE TRIGGER t BEFORE UPDATE OF id ON users FOR EACH ROW EXECUTE FUNCTION noop()", "users"
    ),
    ("CREATE POLICY p ON users", "users"),
    ("CREATE OR REPLACE RULE r AS ON UPDATE TO users DO INSTEAD NOTHING", "users"),
    ("DROP TRIGGER IF EXISTS old_trigger ON users", "users"),
    ("ALTER POLICY old_policy ON users TO PUBLIC", "users"),
    ("DROP RULE old_rule ON users", "users"), ("DROP INDEX by_name", "by_name"),
    ("ALTER INDEX by_name RENAME TO other", "by_name"), ("DROP VIEW names", "names"),
    ("DROP MATERIALIZED VIEW counts", "counts"), ("ALTER SEQUENCE numbers RESTART", "numbers"),
    ("ALTER TYPE mood ADD VALUE 'angry'", "mood"), ("DROP DOMAIN IF EXISTS price", "price"),
    ("DROP FUNCTION f(int), f(text)", "f"), ("ALTER ROUTINE f(int) STABLE", "f"),
    ("DROP OPERATOR IF EXISTS @#@ (int, int)", "@#@"),
    ("ALTER OPERATOR FAMILY family USING btree RENAME TO other", "family"),
    ("DROP STATISTICS st", "st"), ("CREATE STATISTICS new_st (dependencies) ON id, name FROM users", "users"),
    ("DROP COLLATION IF EXISTS nd", "nd"), ("DROP CONVERSION conv", "conv"),
    ("ALTER TEXT SEARCH CONFIGURATION de ALTER MAPPING FOR word WITH simple", "de"),
    ("DROP TEXT SEARCH CONFIGURATION IF EXISTS de", "de"),
    ("ALTER TEXT SEARCH DICTIONARY plain (Accept = false)", "plain"),
    ("CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1)", "events"),
    ("CREATE TABLE more (x int) INHERITS (old)", "old"),
    ("CREATE TABLE log (id int) PARTITION BY LIST (id); ALTER TABLE log ATTACH PARTITION old DEFAULT", "old"),
    ("CREATE TABLE log (id int); ALTER TABLE log INHERIT old", "old"),
    ("GRANT SELECT ON users TO PUBLIC", "users"), ("REVOKE ALL ON TABLE users FROM CURRENT_USER", "users"),
    ("GRANT SELECT (id), UPDATE (id, name) ON users TO PUBLIC", "users"),
    ("GRANT SELECT ON names TO PUBLIC", "names"), ("GRANT USAGE ON SEQUENCE numbers TO PUBLIC", "numbers"),
    ("REVOKE EXECUTE ON FUNCTION f(int), f(text) FROM PUBLIC", "f"),
    ("GRANT USAGE ON TYPE mood TO PUBLIC", "mood"), ("REVOKE USAGE ON DOMAIN price FROM PUBLIC", "price"),
    ("COMMENT ON TABLE users IS 'x'", "users"), ("COMMENT ON COLUMN users.id IS 'x'", "users"),
    ("COMMENT ON TRIGGER old_trigger ON users IS 'x'", "users"),
    ("COMMENT ON INDEX by_name IS 'x'", "by_name"),
    ("COMMENT ON FUNCTION f(text) IS 'x'", "f"), ("COMMENT ON TYPE mood IS 'x'", "mood"),
    ("COMMENT ON COLLATION nd IS 'x'", "nd"), ("COMMENT ON OPERATOR @#@ (int, int) IS 'x'", "@#@"),
    ("COMMENT ON TEXT SEARCH CONFIGURATION de IS 'x'", "de"),
    ("DROP TABLE Übersicht", "Übersicht"), (#"DROP TABLE U&"\00dcbersicht""#, "Übersicht"),
    ("DROP TABLE \(long)", String(long.prefix(63))),
  ]

  /// The owner of the schema is about to commit that the tenant's own is gone: the statement would wait for that, and find the
  /// shared one.
  @Test(arguments: [
    ("TABLE users ()", "TABLE users", "ALTER TABLE users ADD n int"),
    ("TABLE users ()", "TABLE users", "DROP TABLE IF EXISTS users CASCADE"),
    ("TABLE users ()", "TABLE users", "TRUNCATE users"),
    ("TABLE users ()", "TABLE users", "CREATE POLICY p ON users"),
    ("VIEW names AS SELECT 1", "VIEW names", "DROP VIEW names"),
    ("SEQUENCE numbers", "SEQUENCE numbers", "ALTER SEQUENCE numbers RESTART"),
    ("TYPE mood AS ENUM ()", "TYPE mood", "DROP TYPE IF EXISTS mood"),
    ("DOMAIN price AS int", "DOMAIN price", "DROP DOMAIN price"),
    ("TABLE t (id int); CREATE INDEX by_name ON t (id)", "INDEX by_name", "DROP INDEX IF EXISTS by_name"),
  ])
  func theTenantsOwnGoesMeanwhile(own: String, dropped: String, statement: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Self.shared)
      try await fleet.populate(["a"])
      try await fleet.psql("SET search_path TO a; CREATE \(own)")
      let before = try await fleet.publicObjects()
      let owner = try await fleet.database.holder(of: "SET LOCAL search_path TO a")
      _ = try await owner.query(SQL(unsafeRaw: "DROP \(dropped)"))
      let run = Task { try await fleet.migrate([migration("1", "\(statement);")]) }
      _ = try await owner.blocked()
      _ = try await owner.query("COMMIT")
      #expect(try await run.value.tenants[0].failure != nil)
      #expect(try await fleet.publicObjects() == before)
      await owner.close()
    }
  }

  /// In the order of migration, rollback, new tenant and script; the tenant `b` has what it needs, and no other one does.
  @Test func eachKindAndEachWay() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Self.shared)
      try await fleet.populate(["a"])
      let before = try await fleet.publicObjects()
      for (sql, name) in Self.statements {
        let file = try migration("1", "\(sql);")
        #expect(try await fleet.migrate([file]).tenants[0].migrationFailure?.sharedName == name, "\(sql)")
        await #expect("create: \(sql)") { try await fleet.create("new", [file]) } throws: { error in
          (error as? TenancyProblem)?.migrationFailure?.sharedName == name
        }
        let undo = try migration("1", "-- migrate:up\nSELECT 1;\n-- migrate:down\n\(sql);")
        try await fleet.migrate([undo])
        let report = try await fleet.rollback([undo], .steps(1))
        #expect(report.tenants[0].migrationFailure?.sharedName == name, "\(sql)")
        try await fleet.psql("DROP TABLE a.schema_migrations")
        #expect(try await fleet.execFailure(sql)?.sharedObject?.name == name, "\(sql)")
        #expect(try await fleet.publicObjects() == before, "\(sql)")
      }
    }
  }

  /// The same statements in a tenant that has the objects; and what the files make, name or mean otherwise.
  @Test func whatIsTheTenantsOwnIsChanged() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Self.shared)
      let before = try await fleet.publicObjects()
      try await fleet.psql("CREATE TABLE public.plans (id int)")
      let own = try migration("1", Self.shared.replacing("public.", with: ""))
      for (index, (sql, _)) in Self.statements.enumerated() {
        let files = [own, try migration("2", "\(sql);")]
        try await fleet.create("t\(index)", files)
        try await fleet.create("u\(index)", [own])
        #expect(try await fleet.migrate(files).failures.isEmpty, "\(sql)")
        try await fleet.drop("u\(index)")
        try await fleet.drop("t\(index)")
      }
      try await fleet.create(
        "a",
        [
          migration(
            "1", "CREATE TEMPORARY TABLE users (id int) ON COMMIT DROP;\nALTER TABLE users ADD z int;"),
          migration("2", "CREATE TABLE users (id int REFERENCES public.tenants);\nDROP TABLE users;"),
          migration("3", "INSERT INTO users VALUES (1);\nGRANT SELECT ON public.plans TO PUBLIC;"),
          migration("4", "ALTER TABLE public.plans ADD note text;\nDROP TABLE IF EXISTS nowhere;"),
        ])
      #expect(try await fleet.psql("SELECT id FROM public.users") == "1")
      #expect(try await fleet.publicObjects().filter { !$0.contains("plans") } == before)
    }
  }

  /// The arguments decide which of the routines of one name is meant.
  @Test func overloadedRoutines() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Self.shared)
      let own = try migration(
        "1",
        """
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN 1; CREATE FUNCTION g(int) RETURNS int LANGUAGE sql RETURN 1;
        """)
      try await fleet.create("a", [own])
      let drop = try migration("2", "DROP FUNCTION IF EXISTS f(uuid);\nDROP FUNCTION f(int), g(int);")
      let shared = try migration("3", "DROP FUNCTION f(text);")
      let report = try await fleet.migrate([own, drop, shared])
      #expect(report.tenants[0].value?.map(\.rawValue) == ["2"])
      #expect(report.tenants[0].migrationFailure?.sharedName == "f")
    }
  }

  /// The shared schema's files come first in the same run.
  @Test func whatTheRunItselfMakes() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let shared = try migration("1", "CREATE TABLE users (id int);")
      let drop = try migration("1", "DROP TABLE IF EXISTS users;")
      let report = try await fleet.migrate([drop], shared: [shared])
      #expect(report.tenants[0].migrationFailure?.sharedName == "users")
      #expect(try await fleet.psql("SELECT to_regclass('public.users')") == "users")
    }
  }

  /// Statements that are sent by themselves, and the schemas that a setting puts into the path.
  @Test(arguments: ["DROP INDEX CONCURRENTLY by_name", "CREATE INDEX CONCURRENTLY ON users (id)"])
  func outsideOfATransaction(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(Self.shared)
      try await fleet.populate(["a"])
      let before = try await fleet.publicObjects()
      let file = try migration("1", "-- migrate:up transaction:false\n\(sql);")
      let name = try await fleet.migrate([file]).tenants[0].migrationFailure?.sharedName
      #expect(["users", "by_name"].contains(name))
      #expect(try await fleet.publicObjects() == before)
      try await fleet.psql(Self.shared.replacing("public.", with: "a."))
      #expect(try await fleet.migrate([file]).failures.isEmpty)
      #expect(try await fleet.publicObjects() == before)
    }
  }
}

extension Fleet {
  /// What of `public` a statement could change.
  fileprivate func publicObjects() async throws -> [Substring] {
    try await psql(
      """
      SELECT string_agg(o, ';' ORDER BY o) FROM (
        SELECT format('%s %s %s %s %s', relname, relkind, reloptions, relacl, array(SELECT attname FROM pg_attribute WHERE attrelid = c.oid))
        FROM pg_class c WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description
        WHERE (pg_identify_object(classoid, objoid, objsubid)).identity LIKE '%public.%'
        UNION ALL SELECT format('%s %s %s', typname, typacl, array(SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid))
        FROM pg_type t WHERE typnamespace = 'public'::regnamespace
        UNION ALL SELECT oprname FROM pg_operator WHERE oprnamespace = 'public'::regnamespace
        UNION ALL SELECT collname FROM pg_collation WHERE collnamespace = 'public'::regnamespace
        UNION ALL SELECT conname FROM pg_conversion WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'public'::regnamespace
        UNION ALL SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'public'::regnamespace
        UNION ALL SELECT concat(maptokentype, mapdict) FROM pg_ts_config_map WHERE mapcfg = 'public.de'::regconfig
        UNION ALL SELECT dictinitoption FROM pg_ts_dict WHERE oid = 'public.plain'::regdictionary
        UNION ALL SELECT concat(inhparent, inhrelid) FROM pg_inherits
        WHERE 'public.old'::regclass IN (inhparent, inhrelid) OR inhparent = 'public.events'::regclass
        UNION ALL SELECT format('%s %s %s', oid::regprocedure, provolatile, proacl) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.users'::regclass
        UNION ALL SELECT format('%s %s', polname, polroles) FROM pg_policy WHERE polrelid = 'public.users'::regclass
        UNION ALL SELECT opfname FROM pg_opfamily WHERE opfnamespace = 'public'::regnamespace
        UNION ALL SELECT rulename FROM pg_rewrite WHERE ev_class = 'public.users'::regclass) AS all_of_it (o)
      """
    ).split(separator: ";")
  }

  fileprivate func execFailure(_ sql: String) async throws -> ExecFailure? {
    var options = ExecOptions()
    options.mayWrite = true
    let tenants = try await tenancy.tenants(in: FleetSelection(names: nil))
    let script = try ExecScript([("-c", Array(sql.utf8))])
    let report = try await tenancy.exec(script, in: tenants, options) { _, _ in }
    guard case .execFailed(let failure) = report.failures.first?.failure as? TenancyProblem else {
      return nil
    }
    return failure
  }
}

extension TenancyProblem {
  var migrationFailure: MigrationFailure? {
    if case .migrationFailed(let failure) = self { failure } else { nil }
  }
}

extension MigrationFailure {
  var sharedName: String? {
    if case .meetsShared(let object) = reason { object.name } else { nil }
  }
}
