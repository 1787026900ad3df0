import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What names the schema besides the objects in it.
@Suite struct RenameMentionsTests {
  struct Path: Sendable, CustomTestStringConvertible {
    let schema: String
    /// As `SET search_path TO` takes it.
    let path: String
    /// In `pg_proc.proconfig` afterwards.
    let expected: String

    init(_ schema: String, _ path: String, _ expected: String) {
      (self.schema, self.path, self.expected) = (schema, path, expected)
    }

    var testDescription: String { path }

    static let all = [
      Path("acme", "acme", "apex"),
      Path("acme", "acme, public", "apex, public"),
      Path("acme", #""$user", 'acme', pg_temp"#, #""$user", apex, pg_temp"#),
      Path("acme", #"'Pub,lic', ACME, "o'l""d", acme"#, #""Pub,lic", apex, "o'l""d", apex"#),
      Path("acme", #"'acme, public'"#, #""acme, public""#),
      Path("acme", #""ACME", acme2, my_acme"#, #""ACME", acme2, my_acme"#),
      Path("acme", "''", #""""#),
      Path("acme", "acme, ''", #"apex, """#),
      Path("select", #""select", "user""#, #"apex, "user""#),
      Path(#"A"c,m'e \x"#, #""A""c,m'e \x", public"#, "apex, public"),
      Path("acme-corp", #"public, "acme-corp""#, "public, apex"),
      Path("ÄCME", #""ÄCME", "äcme""#, #"apex, "äcme""#),
    ]
  }

  /// With statistics PostgreSQL may read the condition of a check before it knows that it is a domain's.
  @Test func checksInAnAnalyzedCatalog() async throws {
    try await Fleet.with { fleet in
      for name in ["acme", "reef"] {
        try await fleet.create(name)
        try await fleet.psql(
          """
          CREATE TABLE \(name).t (id int CHECK (id > 0), v text CHECK (v <> '\(name)'));
          CREATE DOMAIN \(name).d AS text CHECK (VALUE <> '\(name)')
          """)
      }
      try await fleet.psql("ANALYZE")
      let mentions = try await fleet.tenancy.planRename("acme", to: "apex").apply().mentions
      #expect(mentions.map(\.object) == ["d_check on d", "t_v_check on t"])
    }
  }

  /// Only what trusted roles can alter or drop is altered: the owner of another schema may keep a transaction on a function of
  /// its own open, and for ever.
  @Test func aFunctionOfAnotherTenant() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("mallory")
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql(
          """
          CREATE FUNCTION public.g() RETURNS int LANGUAGE sql SET search_path = acme AS 'SELECT 1';
          CREATE FUNCTION mallory.f() RETURNS int LANGUAGE sql SET search_path = acme AS 'SELECT 1';
          CREATE FUNCTION acme.f() RETURNS int LANGUAGE sql SET search_path = acme AS 'SELECT 1';
          ALTER FUNCTION acme.f() OWNER TO \(role.name); ALTER SCHEMA mallory OWNER TO \(role.name)
          """)
        let holder = try await fleet.database.holder(of: "ALTER FUNCTION mallory.f() COST 5")
        let mentions = try await fleet.tenancy.planRename("acme", to: "apex").apply().mentions
        #expect(mentions.map(\.object) == ["mallory.f()"])
        await holder.close()
        let paths =
          "SELECT string_agg(proname || proconfig[1], ' ' ORDER BY oid) FROM pg_proc WHERE proconfig IS NOT NULL"
        #expect(
          try await fleet.psql("\(paths) AND proname IN ('f', 'g')")
            == "gsearch_path=apex fsearch_path=acme fsearch_path=apex")
        try await fleet.psql("ALTER SCHEMA mallory OWNER TO CURRENT_USER")
      }
    }
  }

  /// Texts that lead to whoever gets the old name next; what refers to an object follows by itself and is not named.
  @Test func textsInTheSchema() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
        SET search_path TO acme, public;
        CREATE SEQUENCE s; CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
        CREATE TABLE t (id serial, body text DEFAULT 'acmeish', tsv tsvector, n bigint DEFAULT nextval('acme.s'::text),
          m bigint DEFAULT nextval('acme.s'));
        CREATE FOREIGN TABLE remote (id int) SERVER elsewhere OPTIONS (schema_name 'acme', table_name 't');
        CREATE FOREIGN TABLE other (id int) SERVER elsewhere OPTIONS (schema_name 'acme2', table_name 't');
        CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW
          EXECUTE FUNCTION tsvector_update_trigger(tsv, 'acme.words', body);
        CREATE FUNCTION f() RETURNS int LANGUAGE sql SET default_text_search_config = 'acme.words' AS 'SELECT 1';
        CREATE VIEW counted AS SELECT query_to_xml('SELECT count(*) FROM acme.t', false, false, '') AS x;
        CREATE VIEW plain AS SELECT 'a' AS a, id FROM t WHERE body <> 'b'
        """)
      let mentions = try await fleet.tenancy.planRename("acme", to: "apex").apply().mentions
      #expect(
        mentions.map { "\($0.place.rawValue) \($0.object)" } == [
          "column_default t.n", "foreign_table remote", "routine_option acme.f()",
          "trigger_argument fill on t", "view counted",
        ])
    }
  }

  /// By which a row is seen, kept or changed; those that name something else are not named.
  @Test(arguments: [
    ("policy p on t", "CREATE POLICY p ON t USING (current_setting('app.tenant') = $)"),
    ("policy p on t", "CREATE POLICY p ON t FOR INSERT WITH CHECK (current_setting('app.tenant') = $)"),
    ("check c on t", "ALTER TABLE t ADD CONSTRAINT c CHECK (current_schema() = $)"),
    ("check c on t", "ALTER TABLE t ADD CONSTRAINT c CHECK (n <> $) NOT VALID"),
    ("index i", "CREATE INDEX i ON t (id) WHERE n = $"), ("index i", "CREATE UNIQUE INDEX i ON t ((n || $))"),
    ("index c", "ALTER TABLE t ADD CONSTRAINT c EXCLUDE (id WITH =) WHERE (n = $)"),
    (
      "trigger_condition g on t",
      """
      CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW
        WHEN (current_setting('app.tenant') IS DISTINCT FROM $ AND NEW.n > 'a') EXECUTE FUNCTION f('x')
      """
    ),
    ("trigger_argument g on t", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f($)"),
    (
      "rule r on t",
      "CREATE RULE r AS ON INSERT TO t WHERE current_setting('app.tenant') <> $ DO INSTEAD NOTHING"
    ),
    ("rule r on t", "CREATE RULE r AS ON DELETE TO t DO ALSO INSERT INTO t (n) VALUES ($)"),
    ("check d_check on d", "CREATE DOMAIN d AS text CHECK (VALUE LIKE $ || '/%')"),
    ("domain_default d", "CREATE DOMAIN d AS text DEFAULT $"),
    ("column_default t.c", "ALTER TABLE t ADD c text GENERATED ALWAYS AS (n || $) STORED"),
    ("routine_body acme.s()", "CREATE FUNCTION s() RETURNS text LANGUAGE sql RETURN $"),
    (
      "argument_default acme.s(text)",
      "CREATE FUNCTION s(a text DEFAULT $) RETURNS text LANGUAGE sql RETURN a"
    ),
  ])
  func textsInConditions(mention: String, sql: String) async throws {
    for (text, expected) in [("'acme'", [mention]), ("'acme2'", []), ("'t'", [])] {
      try await Fleet.with { fleet in
        try await fleet.create("acme")
        try await fleet.psql(
          """
          SET search_path TO acme; CREATE TABLE t (id int, n text);
          CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
          \(sql.replacing("$", with: text))
          """)
        let mentions = try await fleet.tenancy.planRename("acme", to: "apex").apply().mentions
        #expect(mentions.map { "\($0.place.rawValue) \($0.object)" } == expected, "\(sql)")
      }
    }
  }

  @Test(arguments: Path.all) func searchPathsOfRoutines(path: Path) async throws {
    try await Fleet.with { fleet in
      let schema = Identifier(path.schema).quoted
      try await fleet.psql(
        """
        INSERT INTO tenants (name) VALUES ('\(path.schema.replacing("'", with: "''"))');
        CREATE SCHEMA \(schema); CREATE TABLE \(schema).tanks ();
        CREATE FUNCTION \(schema)."the F"(int, tanks \(schema).tanks) RETURNS int LANGUAGE sql
          SET search_path = \(path.path) SET work_mem = '1MB' AS 'SELECT 1';
        CREATE PROCEDURE public.p() LANGUAGE sql SET search_path = \(path.path) AS '';
        CREATE FUNCTION public.without() RETURNS int LANGUAGE sql AS 'SELECT 1'
        """)
      let plan = try await fleet.tenancy.planRename(TenantName(stored: path.schema), to: "apex")
      #expect(try await plan.apply().mentions == [])
      let settings = try await fleet.psql(
        """
        SELECT proname, s FROM pg_proc, unnest(proconfig) s WHERE oid >= 16384 ORDER BY proname = 'p', s DESC
        """)
      #expect(
        settings == """
          the F|work_mem=1MB
          the F|search_path=\(path.expected)
          p|search_path=\(path.expected)
          """)
    }
  }

  /// A path that somebody has set as a raw text: no spaces, capitals without quotes.
  @Test func pathsAsTheyWereSet() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        SELECT set_config('search_path', E'ACME,\\t"pub""lic" ,Other', false);
        CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 1'
        """)
      try await fleet.rename("acme", "apex")
      #expect(
        try await fleet.psql("SELECT proconfig[1] FROM pg_proc WHERE proname = 'f'")
          == #"search_path=apex, "pub""lic", other"#)
    }
  }

  @Test func whatIsNotOursIsNamed() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      let role = "\(fleet.database.name)_role"
      try await fleet.psql(
        """
        CREATE ROLE \(role); ALTER ROLE \(role) IN DATABASE \(fleet.database.name) SET search_path = acme, public;
        ALTER DATABASE \(fleet.database.name) SET search_path = "$user", 'acme';
        CREATE FUNCTION acme.reads() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM acme.t); END';
        CREATE FUNCTION public.writes() RETURNS text LANGUAGE sql AS $$ SELECT '"acme"' $$;
        CREATE FUNCTION public.acme() RETURNS text LANGUAGE sql AS $$ SELECT 'acme2, my_acme, acmes, $acme$ ' $$;
        CREATE FUNCTION acme.parsed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM acme.schema_migrations; END
        """)
      let plan = try await fleet.tenancy.planRename("acme", to: "apex")
      let mentions = try await plan.apply().mentions
      #expect(
        mentions.filter { $0.place != .routineBody } == [
          SchemaMention(
            place: .databaseSetting, object: fleet.database.name,
            fix: "ALTER DATABASE \(fleet.database.name) SET search_path TO '$user', 'apex';"),
          SchemaMention(
            place: .roleSetting, object: role,
            fix: "ALTER ROLE \(role) IN DATABASE \(fleet.database.name) SET search_path TO 'apex', 'public';"
          ),
        ])
      #expect(
        mentions.filter { $0.place == .routineBody }.map { $0.object.replacing("public.", with: "") }
          == ["acme.reads()", "writes()"])
      // What was to fix it does.
      try await fleet.psql(mentions.compactMap(\.fix).joined(separator: "\n"))
      let again = try await fleet.rename("apex", "acme").mentions
      #expect(again.compactMap(\.fix).count == 2)
      try await fleet.psql("DROP OWNED BY \(role); DROP ROLE \(role)")
    }
  }

  /// A path that has `$user` in it means the user, not a tenant of that name.
  @Test func theVariable() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        INSERT INTO tenants (name) VALUES ('$user'); CREATE SCHEMA "$user";
        CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET search_path = "$user", public AS 'SELECT 1'
        """)
      try await fleet.tenancy.planRename(TenantName(stored: "$user"), to: "apex").apply()
      #expect(
        try await fleet.psql("SELECT proconfig[1] FROM pg_proc WHERE proname = 'f'")
          == #"search_path="$user", public"#)
    }
  }
}
