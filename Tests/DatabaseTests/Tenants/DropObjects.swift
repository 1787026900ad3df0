import Testing

/// Something outside of the schema `acme` that would go with it.
struct Outside: Sendable, CustomTestStringConvertible {
  let sql: String
  /// What is named, in order.
  let objects: [String]

  init(_ sql: String, _ objects: String...) { (self.sql, self.objects) = (sql, objects) }

  var testDescription: String { objects.joined(separator: ", ") }
}

extension Outside {
  private static let objects = """
    CREATE TABLE acme.tanks (id serial PRIMARY KEY, name text, at date);
    CREATE TABLE acme.parts (id int, at date) PARTITION BY RANGE (at);
    CREATE COLLATION acme.nat (provider = libc, locale = 'POSIX');
    CREATE TYPE acme.size AS ENUM ('s', 'm');
    CREATE TYPE acme.pair AS (a int, b int);
    CREATE DOMAIN acme.name AS text CHECK (VALUE <> '');
    CREATE FUNCTION acme.twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
    CREATE FUNCTION acme.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE OPERATOR acme.=== (leftarg = int, rightarg = int, function = int4eq, commutator = OPERATOR(acme.===));
    CREATE TEXT SEARCH CONFIGURATION acme.words (COPY = simple);
    CREATE TEXT SEARCH DICTIONARY acme.dict (TEMPLATE = simple);
    CREATE TABLE public.notes (id int PRIMARY KEY, body text, at date);
    CREATE TABLE reef.own (id int, at date)
    """

  /// What makes casts and members of operator families, of which the first question knows nothing, is there only if it is
  /// needed.
  var preparation: [String] {
    let rare = [
      "acme.span": "CREATE TYPE acme.span AS RANGE (subtype = int)",
      "acme.ints": """
      CREATE OPERATOR CLASS acme.ints FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
        OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)
      """,
    ]
    return [Self.objects] + rare.filter { sql.contains($0.key) }.values
  }

  static let all =
    relations + constraints + expressions + types + routines + search + wholeDatabase + extensions

  private static let relations = [
    Outside("CREATE VIEW public.all_tanks AS SELECT * FROM acme.tanks", "view all_tanks"),
    Outside(
      "CREATE VIEW public.a AS SELECT id FROM acme.tanks; CREATE VIEW reef.b AS SELECT * FROM public.a",
      "view a", "view reef.b"),
    Outside("CREATE MATERIALIZED VIEW public.m AS SELECT id FROM acme.tanks", "materialized view m"),
    Outside(
      "CREATE RULE log AS ON INSERT TO public.notes DO ALSO INSERT INTO acme.tanks (name) VALUES (NEW.body)",
      "rule log on table notes"),
    Outside("CREATE TABLE reef.child (extra int) INHERITS (acme.tanks)", "table reef.child"),
    Outside(
      "CREATE TABLE reef.part PARTITION OF acme.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      "table reef.part"),
    Outside("CREATE TABLE public.typed OF acme.pair", "table typed"),
    Outside(
      """
      CREATE TABLE public.base (n acme.name) PARTITION BY LIST (n);
      CREATE TABLE public.base_1 PARTITION OF public.base FOR VALUES IN ('a')
      """, "table base"),
    Outside(
      "CREATE POLICY seen ON public.notes USING (id IN (SELECT id FROM acme.tanks))",
      "policy seen on table notes"),
    Outside(
      "CREATE TRIGGER f BEFORE INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION acme.fires()",
      "trigger f on table notes"),
  ]

  private static let constraints = [
    Outside(
      "CREATE TABLE reef.orders (tank int CONSTRAINT tank REFERENCES acme.tanks)",
      "constraint tank on table reef.orders"),
    Outside(
      "ALTER TABLE reef.own ADD CONSTRAINT one CHECK (id OPERATOR(acme.===) 1)",
      "constraint one on table reef.own"),
    Outside(
      "ALTER TABLE reef.own ADD CONSTRAINT alone EXCLUDE USING btree (id acme.ints WITH =)",
      "constraint alone on table reef.own"),
    Outside(
      "CREATE DOMAIN reef.even AS int CONSTRAINT e CHECK (acme.twice(VALUE) > 2)",
      "constraint e"),
  ]

  private static let expressions = [
    Outside(
      "ALTER TABLE public.notes ALTER id SET DEFAULT nextval('acme.tanks_id_seq')",
      "default value for column id of table notes"),
    Outside(
      "ALTER TABLE public.notes ADD g int GENERATED ALWAYS AS (acme.twice(id)) STORED",
      "column g of table notes"),
    Outside(
      """
      ALTER TABLE reef.own ADD g int GENERATED ALWAYS AS (CASE WHEN id OPERATOR(acme.===) 1 THEN 1 END) STORED;
      CREATE INDEX on_g ON reef.own (g); CREATE VIEW reef.sees AS SELECT g FROM reef.own
      """, "column g of table reef.own", "view reef.sees"),
    Outside("CREATE INDEX by_class ON public.notes (id acme.ints)", "index by_class"),
    Outside("CREATE INDEX by_function ON public.notes (acme.twice(id))", "index by_function"),
    Outside(
      "CREATE INDEX by_words ON public.notes USING gin (to_tsvector('acme.words', body))", "index by_words"),
    Outside(
      "CREATE INDEX by_condition ON public.notes (id) WHERE acme.twice(id) > 3", "index by_condition"),
    Outside("CREATE VIEW public.place AS SELECT 'acme'::regnamespace AS n", "view place"),
    Outside(
      "CREATE STATISTICS public.doubled ON (acme.twice(id)) FROM public.notes",
      "statistics object doubled"),
  ]

  private static let types = [
    Outside("CREATE TABLE reef.sized (s acme.size, t int)", "column s of table reef.sized"),
    Outside("CREATE TABLE reef.rows (r acme.tanks, t int)", "column r of table reef.rows"),
    Outside("CREATE TABLE reef.arrays (r acme.name[], t int)", "column r of table reef.arrays"),
    Outside(
      "CREATE TABLE reef.spans (r acme.span, m acme.span_multirange)",
      "column m of table reef.spans", "column r of table reef.spans"),
    Outside("CREATE TYPE reef.pairs AS (s acme.size, t int)", "column s of composite type reef.pairs"),
    Outside("ALTER TABLE public.notes ADD n text COLLATE acme.nat", "column n of table notes"),
    Outside(
      "CREATE DOMAIN reef.natural AS text COLLATE acme.nat; CREATE TABLE reef.names (n reef.natural)",
      "column n of table reef.names", "type reef.\"natural\""),
    Outside("CREATE TYPE reef.r AS RANGE (subtype = int, subtype_opclass = acme.ints)", "type reef.r"),
    Outside("CREATE COLLATION reef.copy FROM acme.nat; CREATE DOMAIN reef.d AS acme.name", "type reef.d"),
    Outside(
      """
      CREATE TYPE public.outer_range AS RANGE (subtype = int, multirange_type_name = acme.inner_ranges);
      """, "type outer_range"),
  ]

  private static let routines = [
    Outside(
      "CREATE FUNCTION public.f(acme.size) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function f(acme.size)"),
    Outside(
      "CREATE FUNCTION public.g() RETURNS acme.tanks LANGUAGE sql AS 'SELECT NULL::acme.tanks'",
      "function g()"),
    Outside(
      "CREATE FUNCTION public.h() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM acme.tanks; END",
      "function h()"),
    Outside(
      "CREATE PROCEDURE public.p(a int DEFAULT acme.twice(1)) LANGUAGE sql AS ''", "function p(integer)"),
    Outside(
      "CREATE AGGREGATE public.agg(int) (sfunc = int4pl, stype = int, sortop = OPERATOR(acme.===))",
      "function agg(integer)"),
    Outside(
      "CREATE OPERATOR public.@@@ (rightarg = int, function = acme.twice)", "operator @@@(NONE,integer)"),
    Outside("CREATE CAST (int AS acme.pair) WITH INOUT", "cast from integer to acme.pair"),
    Outside(
      "CREATE OPERATOR CLASS public.ours FOR TYPE acme.size USING btree AS OPERATOR 3 = (anyenum, anyenum), "
        + "FUNCTION 1 enum_cmp(anyenum, anyenum)", "operator class ours for access method btree"),
    Outside(
      """
      CREATE OPERATOR FAMILY public.family USING btree;
      ALTER OPERATOR FAMILY public.family USING btree ADD OPERATOR 3 acme.=== (int, int)
      """,
      "operator 3 (integer, integer) of operator family family for access method btree: acme.===(integer,integer)"
    ),
    Outside(
      "CREATE OPERATOR CLASS public.inherited FOR TYPE int USING btree FAMILY acme.ints AS STORAGE int",
      "operator class inherited for access method btree"),
    Outside(
      """
      CREATE FUNCTION acme.convert(int, int, cstring, internal, int, bool) RETURNS int LANGUAGE c STRICT
        AS '$libdir/utf8_and_iso8859_1', 'iso8859_1_to_utf8';
      CREATE CONVERSION public.conv FOR 'LATIN1' TO 'UTF8' FROM acme.convert
      """, "conversion conv"),
  ]

  private static let search = [
    Outside(
      "CREATE TEXT SEARCH CONFIGURATION public.ours (COPY = simple); "
        + "ALTER TEXT SEARCH CONFIGURATION public.ours ALTER MAPPING FOR word WITH acme.dict",
      "text search configuration ours"),
    Outside(
      "CREATE TEXT SEARCH TEMPLATE acme.t (LEXIZE = dsimple_lexize, INIT = dsimple_init); "
        + "CREATE TEXT SEARCH DICTIONARY public.d (TEMPLATE = acme.t)", "text search dictionary d"),
    Outside(
      """
      CREATE TEXT SEARCH PARSER acme.p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
        LEXTYPES = prsd_lextype); CREATE TEXT SEARCH CONFIGURATION public.c (PARSER = acme.p)
      """, "text search configuration c"),
  ]

  private static let wholeDatabase = [
    Outside(
      """
      CREATE FUNCTION acme.ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION acme.ddl()
      """, "event trigger watch"),
    Outside(
      """
      CREATE FUNCTION acme.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
      CREATE LANGUAGE tongue HANDLER acme.handler
      """, "language tongue"),
    Outside(
      """
      CREATE FUNCTION acme.access(internal) RETURNS index_am_handler LANGUAGE internal AS 'bthandler';
      CREATE ACCESS METHOD tree TYPE INDEX HANDLER acme.access
      """, "access method tree"),
    Outside(
      """
      CREATE FUNCTION acme.checks(text[], oid) RETURNS void LANGUAGE internal AS 'postgresql_fdw_validator';
      CREATE FOREIGN DATA WRAPPER wrapper VALIDATOR acme.checks; CREATE SERVER other FOREIGN DATA WRAPPER wrapper;
      CREATE FOREIGN TABLE reef.far (id int) SERVER other; CREATE USER MAPPING FOR postgres SERVER other
      """, "foreign table reef.far", "foreign-data wrapper wrapper", "server other",
      "user mapping for postgres on server other"),
    Outside(
      """
      CREATE FUNCTION acme.from_sql(internal) RETURNS internal IMMUTABLE LANGUAGE internal AS 'numeric_support';
      CREATE TRANSFORM FOR uuid LANGUAGE plpgsql (FROM SQL WITH FUNCTION acme.from_sql(internal))
      """, "transform for uuid language plpgsql"),
  ]

  private static let extensions = [
    Outside(
      "CREATE EXTENSION hstore SCHEMA acme; CREATE TABLE reef.a (h acme.hstore, i int)",
      "column h of table reef.a"),
    Outside(
      "CREATE EXTENSION btree_gist SCHEMA acme; "
        + "ALTER TABLE reef.own ADD CONSTRAINT apart EXCLUDE USING gist (id WITH =)",
      "constraint apart on table reef.own"),
    Outside(
      "CREATE EXTENSION hstore SCHEMA public; ALTER EXTENSION hstore ADD TABLE acme.tanks", "extension hstore"
    ),
    Outside(
      "CREATE EXTENSION hstore SCHEMA acme; ALTER EXTENSION hstore ADD TABLE public.notes", "table notes"),
    Outside(
      "CREATE EXTENSION hstore SCHEMA acme; ALTER EXTENSION hstore ADD SCHEMA reef; DROP TABLE reef.own",
      "schema reef",
      "table reef.schema_migrations"),
    Outside(
      "CREATE EXTENSION cube SCHEMA acme; CREATE EXTENSION earthdistance SCHEMA public",
      "extension earthdistance"),
    Outside(
      """
      CREATE EXTENSION hstore SCHEMA acme; CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
      ALTER FUNCTION public.f() DEPENDS ON EXTENSION hstore
      """, "function f()"),
    Outside(
      "CREATE EXTENSION postgres_fdw SCHEMA acme; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw",
      "server other"),
  ]
}

/// What is the tenant's own, made with `acme` as the search path.
enum Inside {
  static let all = [
    everything,
    "CREATE TABLE a (id serial PRIMARY KEY, up int REFERENCES a, i int GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS (1) STORED)",
    "CREATE TABLE a (id int); CREATE VIEW v AS SELECT * FROM a; CREATE VIEW w AS SELECT * FROM v; CREATE MATERIALIZED VIEW m AS SELECT * FROM w",
    """
    CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id); CREATE TABLE q (id int REFERENCES p);
    CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1)
    """,
    "CREATE EXTENSION hstore SCHEMA acme; CREATE TABLE a (h hstore); CREATE INDEX ON a USING gin (h)",
    "CREATE EXTENSION bloom SCHEMA acme; CREATE EXTENSION btree_gist SCHEMA acme; CREATE EXTENSION citext SCHEMA acme",
    "CREATE TABLE a (id int, b int); CREATE POLICY p ON a USING (id IN (SELECT b FROM a)); CREATE STATISTICS s ON id, b FROM a",
    "CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a (id), reef.schema_migrations; DROP PUBLICATION p",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA acme GRANT SELECT ON TABLES TO pg_monitor",
    """
    CREATE TYPE x AS ENUM ('a'); CREATE TYPE y AS (a int); CREATE FUNCTION f(x) RETURNS y LANGUAGE sql AS 'SELECT NULL::acme.y';
    CREATE CAST (x AS y) WITH FUNCTION f(x); CREATE TYPE r AS RANGE (subtype = int); CREATE DOMAIN d AS r CHECK (VALUE IS NOT NULL)
    """,
    """
    CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE a (id int);
    CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION t(); CREATE RULE r AS ON DELETE TO a DO ALSO SELECT 1
    """,
    """
    CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq); CREATE OPERATOR FAMILY f USING hash;
    CREATE OPERATOR CLASS c FOR TYPE int USING hash FAMILY f AS OPERATOR 1 ===, FUNCTION 1 hashint4(int);
    CREATE TABLE a (id int CHECK (id === 1)); CREATE INDEX ON a USING hash (id c); CREATE VIEW v AS SELECT 'acme'::regnamespace
    """,
  ]

  static let everything = """
    CREATE EXTENSION hstore SCHEMA acme;
    CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE span AS RANGE (subtype = int);
    CREATE TABLE hub (id serial PRIMARY KEY, m mood, p positive, s span, h hstore);
    CREATE TABLE child (x int REFERENCES hub) INHERITS (hub); CREATE VIEW seen AS SELECT h.id, c.x FROM hub h, child c;
    CREATE TABLE parts (id int REFERENCES hub, at date) PARTITION BY RANGE (at);
    CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE INDEX ON parts (at); CREATE MATERIALIZED VIEW m AS SELECT * FROM seen;
    CREATE FUNCTION twice(hub) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1.id';
    CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM seen; END;
    CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int);
    CREATE COLLATION nat (provider = libc, locale = 'POSIX'); CREATE TABLE n (n text COLLATE nat);
    CREATE TEXT SEARCH CONFIGURATION words (COPY = simple); CREATE INDEX ON n USING gin (to_tsvector('acme.words', n));
    CREATE POLICY p ON n USING (n IN (SELECT n FROM n));
    """
}
