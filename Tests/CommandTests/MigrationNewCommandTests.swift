import Foundation
import TestSupport
import Testing

@Suite struct MigrationNewCommandTests {
  @Test func writesAnEmptyFile() async throws {
    try await TemporaryFolder.with { folder in
      let outcome = try await Tenantctl.run(
        ["migration", "new", "Add capacity!"], workingDirectory: folder.path)
      let path = try #require(try folder.files().first)
      #expect(path.contains(#/^migrations\/tenant\/20\d{12}_add_capacity\.sql$/#))
      // In the wrong directory nobody would find it.
      let note = "note: creating the folder \(folder.path("migrations")), which did not exist\n"
      #expect(outcome == Outcome(stdout: "wrote \(path)\n", stderr: note, status: 0))
      let text = try folder.read(path)
      #expect(text.contains("-- migrate:up\n") && text.contains("-- migrate:down\n"))
      let list = try await Tenantctl.run(["migration", "list", "-q"], workingDirectory: folder.path)
      #expect(list.status == 0)
    }
  }

  @Test func tellsThePath() async throws {
    try await TemporaryFolder.with { folder in
      let words = ["migration", "new", "plans", "--shared", "--migrations", "db"]
      let quiet = try await Tenantctl.run(words + ["--quiet"], workingDirectory: folder.path)
      let path = try #require(try folder.files().first)
      #expect(path.hasPrefix("db/shared/") && quiet == Outcome(stdout: "\(path)\n", stderr: "", status: 0))
      let json = try await Tenantctl.run(
        ["migration", "new", "seats", "--format=json"], workingDirectory: folder.path)
      #expect(json.stdout.contains(#/^{"path":"migrations\/tenant\/\d+_seats.sql"}\n$/#))
    }
  }

  /// The version is later than that of the newest file, however many digits that has.
  @Test(arguments: [
    ("9223372036854775807", "9223372036854775808"), ("30240101120000123456", "30240101120000123457"),
    ("99999999999999999999", "100000000000000000000"), ("29991231235959", "29991231235960"),
  ]) func afterALaterFile(newest: String, next: String) async throws {
    try await TemporaryFolder.with(files: ["migrations/tenant/\(newest)_a.sql": "SELECT 1;"]) { folder in
      let made = try await Tenantctl.run(["migration", "new", "b"], workingDirectory: folder.path)
      #expect(made.stdout == "wrote migrations/tenant/\(next)_b.sql\n", "\(made)")
    }
  }

  /// A part of a file would be a migration, too, and an empty one stops all others.
  @Test func leavesNothingOnAFullDisk() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      for words in ["small", "big --from acme"] {
        let outcome = try await Tenantctl.script(
          "trap '' XFSZ; ulimit -f 0; tenantctl migration new \(words) --migrations full",
          database: scene.database,
          workingDirectory: scene.folder.path)
        #expect(
          outcome.status == 1
            && outcome.stderr.contains(
              #/error: cannot access full/tenant/\d{14}_[a-z]+\.sql: File too large\n/#),
          "\(outcome)")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: scene.folder.path("full/tenant"))
      #expect(left == [])
    }
  }

  /// What an app has made of every kind is the same in a tenant that is created from the file.
  @Test func fromATenant() async throws {
    try await Scene.with(files: [:]) { scene in
      for (name, table) in [("acme", "orders"), ("order_s", "order_s")] {
        try await scene.database.psql("CREATE TABLE IF NOT EXISTS public.plans (id int PRIMARY KEY)")
        try await scene.database.psql(
          "CREATE SCHEMA \(name); SET search_path TO \(name), public; \(zoo(table)); INSERT INTO tenants (name) VALUES ('\(name)')"
        )
        let outcome = try await scene.run("migration new initial --from \(name) --migrations \(name)")
        #expect(
          outcome.status == 0 && outcome.stderr.contains("\nnext: 'tenantctl create probe'"), "\(outcome)")
        let path = try #require(try scene.folder.files().first { $0.hasPrefix("\(name)/") })
        let text = try scene.folder.read(path)
        #expect(text.hasPrefix("-- migrate:up\nSET LOCAL check_function_bodies = false;\n"))
        #expect(!text.contains("\(name).orders") && !text.contains("restrict") && !text.contains("SCHEMA"))
        try await scene.succeed("create probe_\(name) --migrations \(name)")
        try await scene.succeed("adopt \(name) --like probe_\(name) --migrations \(name)")
        // The tenant that was created is dumped as the same text.
        try await scene.succeed("migration new again --from probe_\(name) --migrations again_\(name)")
        let again = try #require(try scene.folder.files().first { $0.hasPrefix("again_\(name)/") })
        #expect(try scene.folder.read(again) == text)
      }
    }
  }

  /// What another role has put into the schema would run as whoever creates the next tenant.
  @Test func warnsOfCodeOfOtherRoles() async throws {
    try await Scene.with(tenants: ["acme"]) { scene in
      try await TestRole.with(scene.database) { role in
        try await scene.database.psql(
          """
          CREATE FUNCTION acme.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
          ALTER FUNCTION acme.f(int) OWNER TO \(role.name)
          """)
        let outcome = try await scene.run("migration new initial --from acme --migrations other")
        #expect(
          outcome.status == 0
            && outcome.stderr.contains(
              "warning: role \(role.name) owns objects of this schema: the code in them"),
          "\(outcome)")
      }
    }
  }

  @Test func warnsOfWhatNamesTheSchemaAndOfTheApp() async throws {
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme'); CREATE TABLE acme.a (x int);
        CREATE TABLE acme.django_migrations (id serial); CREATE TABLE acme.schema_migrations (version text);
        CREATE FUNCTION acme.f() RETURNS bigint LANGUAGE sql SET search_path = acme AS 'SELECT count(*) FROM acme.a'
        """)
      try FileManager.default.createDirectory(
        atPath: scene.folder.path("migrations"), withIntermediateDirectories: true)
      let outcome = try await scene.run("migration new initial --from acme")
      let path = try #require(try scene.folder.files().first { $0.contains("initial") })
      #expect(
        outcome.stderr == """
          warning: Django migrates this schema (django_migrations, left out): if it goes on doing so, do not use this \
          file; create tenants with --no-migrations and let Django make their tables
          warning: \(path):7: this text names the schema acme, in every tenant: AS $$SELECT count(*) FROM acme.a$$;
          next: 'tenantctl create probe', then 'tenantctl adopt --all --like probe'

          """)
      let text = try scene.folder.read(path)
      #expect(!text.contains("django") && !text.contains("schema_migrations"))
    }
  }

  @Test func warnsOfOtherTenants() async throws {
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; CREATE SCHEMA reef; INSERT INTO tenants (name) VALUES ('acme'), ('reef');
        CREATE TABLE reef.users (id serial PRIMARY KEY); CREATE TABLE public.plans (id int PRIMARY KEY);
        CREATE TABLE acme.reef (users int, plan int REFERENCES public.plans, n bigint DEFAULT nextval('reef.users_id_seq'));
        CREATE VIEW acme.v AS SELECT reef.users, u.id FROM acme.reef, reef.users u
        """)
      let outcome = try await scene.run("migration new initial --from acme")
      let path = try #require(try scene.folder.files().first { $0.contains("initial") })
      let warnings = outcome.stderr.split(separator: "\n").filter { $0.hasPrefix("warning: \(path):") }
      let sentence = "this refers to the schema of another tenant, reef, in every tenant: "
      #expect(
        warnings.compactMap { $0.split(separator: sentence).dropFirst().first } == [
          "n bigint DEFAULT nextval('reef.users_id_seq'::regclass)", "reef.users u;",
        ], "\(outcome)")
    }
  }

  /// A legacy app's setting, in which pg_dump doubles backslashes; the user's options stay.
  @Test func backslashesStay() async throws {
    try await Scene.with(files: [:]) { scene in
      try await scene.database.psql(
        #"""
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme');
        CREATE TABLE acme.t (n text DEFAULT 'C:\new' CHECK (n ~ '^\w:\\'));
        ALTER DATABASE "\#(scene.database.name)" SET standard_conforming_strings = off
        """#)
      for options in [[:], ["PGOPTIONS": "-c work_mem=77MB"]] {
        let outcome = try await scene.run("migration new initial --from acme", environment: options)
        #expect(outcome.status == 0, "\(outcome)")
        let path = try #require(try scene.folder.files().first { $0.contains("initial") })
        let text = try scene.folder.read(path)
        #expect(text.contains(#"DEFAULT 'C:\new'::text"#) && text.contains(#"'^\w:\\'::text"#), "\(text)")
        try scene.folder.remove(path)
      }
    }
  }

  /// Set for an upgrade; pg_dump would quote the names in strings, too, where nothing takes the schema out.
  @Test func namesAreNotQuoted() async throws {
    try await Scene.with(files: [:]) { scene in
      let name = scene.database.name
      try await scene.database.psql(
        """
        CREATE SCHEMA acme; INSERT INTO tenants (name) VALUES ('acme');
        CREATE TABLE acme.orders (id serial PRIMARY KEY, n text DEFAULT 'C:\\new');
        CREATE VIEW acme.v AS SELECT nextval('acme.orders_id_seq'::regclass) FROM acme.orders
        """)
      var texts: Set<String> = []
      for setting in [
        "SET quote_all_identifiers = off", "SET quote_all_identifiers = on",
        "SET standard_conforming_strings = off",
      ] {
        try await scene.database.psql("ALTER DATABASE \"\(name)\" \(setting)")
        for options in [[:], ["PGOPTIONS": "-c work_mem=77MB"]] {
          let outcome = try await scene.run("migration new initial --from acme", environment: options)
          #expect(outcome.status == 0 && !outcome.stderr.contains("warning"), "\(outcome)")
          let path = try #require(try scene.folder.files().first { $0.contains("initial") })
          texts.insert(try scene.folder.read(path))
          try scene.folder.remove(path)
        }
      }
      #expect(texts.count == 1 && texts.allSatisfy { !$0.contains("acme") }, "\(texts)")
    }
  }

  @Test func aProgramThatIsMissingOrTooOld() async throws {
    let fake = "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n"
    try await Scene.with(tenants: ["acme"], files: Scene.files.merging(["bin/pg_dump": fake]) { $1 }) {
      scene in
      let bin = "\(scene.folder.path)/bin"
      let missing = try await scene.run("migration new x --from acme", environment: ["PATH": "\(bin)/none"])
      #expect(missing.status == 1 && missing.stderr.hasPrefix("error: cannot run pg_dump: No such file"))
      #expect(chmod("\(bin)/pg_dump", 0o755) == 0)
      let old = try await scene.run(
        "migration new x --from acme", environment: ["PATH": bin + ":/usr/bin:/bin"])
      #expect(old.status == 1 && old.stderr.contains("pg_dump 9.6.24 cannot dump a server of version"))
      #expect(try scene.folder.files().allSatisfy { !$0.contains("_x.sql") })
    }
  }

  @Test func refusesATenant() async throws {
    try await Scene.with(tenants: ["acme"], files: [:]) { scene in
      try await scene.refuses([
        Refusal(
          "migration new x --from nobody", 3, "tenant_not_found", "tenant nobody does not exist",
          hint: "'tenantctl list' shows all tenants"),
        Refusal(
          "migration new x --from acme", 1, "schema_empty",
          "the schema of acme has nothing to create; nothing was written",
          hint: "name a tenant whose tables an app has created"),
        Refusal(
          "migration new x --from acme --shared", 2, "usage", "--from and --shared cannot be used together",
          hint: "see 'tenantctl migration new --help'"),
      ])
      #expect(try scene.folder.files().allSatisfy { !$0.hasSuffix(".sql") })
    }
  }

  /// Something of every kind, the table of the given name.
  private func zoo(_ table: String) -> String {
    """
    CREATE TYPE color AS ENUM ('red', 'blue'); CREATE TYPE pair AS (a int, "B c" color);
    CREATE DOMAIN price AS numeric(10,2) CHECK (VALUE >= 0); CREATE TYPE span AS RANGE (subtype = price);
    CREATE SEQUENCE counter START 5 INCREMENT 2;
    CREATE TABLE \(table) (id bigserial PRIMARY KEY, \(table) int DEFAULT nextval('counter'), c color DEFAULT 'red',
      note text, p price, twice numeric GENERATED ALWAYS AS (p * 2) STORED, plan_id int REFERENCES public.plans);
    CREATE TABLE "Order Items" (id int GENERATED ALWAYS AS IDENTITY, pr pair, s span, cs color[],
      order_id bigint REFERENCES \(table) ON DELETE CASCADE, CONSTRAINT "qty ok" CHECK (id > 0), EXCLUDE USING gist (s WITH &&));
    CREATE FUNCTION up(x \(table)) RETURNS \(table) LANGUAGE sql IMMUTABLE AS 'SELECT x';
    CREATE FUNCTION later() RETURNS SETOF color LANGUAGE sql BEGIN ATOMIC SELECT c FROM \(table) WHERE \(table).id > 1; END;
    CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER t AFTER UPDATE OF c ON \(table) FOR EACH ROW WHEN (OLD.c IS DISTINCT FROM NEW.c) EXECUTE FUNCTION trig();
    CREATE TABLE events (id bigint, at date, c color) PARTITION BY RANGE (at);
    CREATE TABLE events_rest PARTITION OF events DEFAULT; CREATE INDEX ON events (id);
    CREATE UNIQUE INDEX part ON \(table) (note) WHERE c = 'red'; CREATE INDEX expr ON \(table) ((up(\(table).*) IS NULL));
    CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent); CREATE UNLOGGED TABLE fast (x int);
    CREATE VIEW v AS SELECT o.id, o.c::text AS \(table) FROM \(table) o LEFT JOIN public.plans p ON p.id = o.plan_id;
    CREATE VIEW whole AS SELECT row_to_json(\(table).*) AS j, count(\(table).*) AS n FROM \(table) GROUP BY \(table).*;
    CREATE MATERIALIZED VIEW mv AS SELECT c, count(*) FROM events GROUP BY c; CREATE UNIQUE INDEX ON mv (c);
    CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO \(table) (plan_id) VALUES (NEW.id);
    ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY;
    CREATE POLICY pol ON \(table) USING (id IN (SELECT order_id FROM "Order Items") AND c <> 'blue'::color);
    CREATE FUNCTION plus(a pair, b pair) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT a';
    CREATE OPERATOR + (LEFTARG = pair, RIGHTARG = pair, FUNCTION = plus, COMMUTATOR = +);
    CREATE AGGREGATE total(pair) (SFUNC = plus, STYPE = pair);
    CREATE VIEW ops AS SELECT pr + pr AS two, total(pr) OVER () FROM "Order Items";
    CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = pg_catalog.simple);
    CREATE TEXT SEARCH CONFIGURATION conf (COPY = pg_catalog.english);
    ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR asciiword WITH dict;
    CREATE INDEX fts ON \(table) USING gin (to_tsvector('conf'::regconfig, note));
    CREATE STATISTICS st (dependencies) ON plan_id, c FROM \(table);
    COMMENT ON TABLE \(table) IS 'all'; COMMENT ON CONSTRAINT "qty ok" ON "Order Items" IS 'c';
    COMMENT ON OPERATOR + (pair, pair) IS 'o'; ALTER TABLE \(table) REPLICA IDENTITY FULL
    """
  }

  @Test func refuses() async throws {
    try await Scene.empty(files: ["migrations": "a file"]) { scene in
      try await scene.refuses([
        Refusal(
          "migration new 日本語", 2, "usage", "'日本語' has no ASCII letter or digit to name a file with",
          hint: """
            the file is named by the letters a to z and the digits: describe the migration in a few words, as in \
            'tenantctl migration new add_capacity'
            """),
        Refusal(
          "migration new \(String(repeating: "a", count: 201))", 2, "usage",
          "the migration's name is longer than 200 characters",
          hint: "describe the migration in a few words: 'tenantctl migration new add_capacity'"),
        Refusal(
          "migration new plans", 1, "file", "cannot access migrations: Not a directory",
          hint: "check the path and its permissions"),
        Refusal(
          "migration new", 2, "usage", "missing argument NAME",
          hint: "usage: tenantctl migration new [OPTIONS] NAME"),
      ])
    }
  }
}
