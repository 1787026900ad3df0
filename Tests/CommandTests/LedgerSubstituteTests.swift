import Foundation
import TestSupport
import Testing

@testable import Tenancy

/// What the owner of a tenant's schema can put in the ledger's place, or into it, so that code of his runs as whoever reads
/// or writes it.
@Suite struct LedgerSubstituteTests {
  struct Substitute: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What commands say of it.
    let sentence: String
    /// As the role `HOSTILE`, which owns the schema.
    let sql: String
    /// Whether the role owns the ledger while it does that, and whoever migrates has it back afterwards: a rule, say, stays.
    var isBorrowed = false
    /// What the superuser does before.
    var grant = ""
    /// Whether only a closer look tells, which a ledger gets that is read or written to.
    var isHidden = false

    init(
      _ name: String, _ sentence: String, _ sql: String, isBorrowed: Bool = false, grant: String = "",
      isHidden: Bool = false
    ) {
      testDescription = name
      (self.sentence, self.sql, self.grant) = (sentence, sql, grant)
      (self.isBorrowed, self.isHidden) = (isBorrowed, isHidden)
    }
  }

  private static let ledger = "acme.schema_migrations"
  private static let columns = """
    version varchar(128) PRIMARY KEY, name varchar(249), checksum varchar(64), applied_at timestamptz, applied_by name,
    duration_ms bigint, statements_done integer, statements_total integer, tool_version varchar(16)
    """
  /// A row that a reader would believe.
  private static let row = """
    SELECT '20260101000000'::varchar(128) AS version, traps.text('query')::varchar(249) AS name,
      traps.text('query')::varchar(64) AS checksum, now() AS applied_at, 'x'::name AS applied_by, 1::bigint AS duration_ms,
      1 AS statements_done, 1 AS statements_total, ''::varchar(16) AS tool_version
    """
  private static let triggered = "FOR EACH ROW EXECUTE FUNCTION traps.trigger()"

  static let all = [
    Substitute(
      "a view", "it is not an ordinary table", "DROP TABLE \(ledger); CREATE VIEW \(ledger) AS \(row)"),
    Substitute(
      "a view that can be written to", "it is not an ordinary table",
      """
      DROP TABLE \(ledger); CREATE VIEW \(ledger) AS \(row);
      CREATE TRIGGER t INSTEAD OF INSERT OR UPDATE OR DELETE ON \(ledger) \(triggered)
      """),
    Substitute(
      "a materialized view", "it is not an ordinary table",
      "DROP TABLE \(ledger); CREATE MATERIALIZED VIEW \(ledger) AS \(row) WITH NO DATA"),
    Substitute(
      "a sequence", "it is not an ordinary table", "DROP TABLE \(ledger); CREATE SEQUENCE \(ledger)"),
    Substitute(
      "a table of his own", "it belongs to role HOSTILE",
      "DROP TABLE \(ledger); CREATE TABLE \(ledger) (\(columns))"),
    Substitute(
      "a table of his own with a trigger", "it belongs to role HOSTILE",
      """
      DROP TABLE \(ledger); CREATE TABLE \(ledger) (\(columns));
      CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON \(ledger) \(triggered)
      """),
    Substitute(
      "a partitioned table", "it is not an ordinary table",
      """
      DROP TABLE \(ledger); CREATE TABLE \(ledger) (\(columns)) PARTITION BY LIST (version);
      CREATE TABLE acme.part PARTITION OF \(ledger) DEFAULT;
      CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON acme.part \(triggered)
      """),
    Substitute(
      "a partition", "it is not an ordinary table",
      """
      CREATE TABLE acme.whole (LIKE \(ledger)) PARTITION BY LIST (version);
      ALTER TABLE acme.whole ATTACH PARTITION \(ledger) DEFAULT;
      CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON acme.whole \(triggered)
      """, isBorrowed: true),
    Substitute(
      "a trigger by privilege", "it has triggers",
      "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON \(ledger) \(triggered)",
      grant: "GRANT TRIGGER ON \(ledger) TO HOSTILE"),
    Substitute(
      "a deferred constraint trigger", "it has triggers",
      """
      CREATE CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON \(ledger) DEFERRABLE INITIALLY DEFERRED \(triggered)
      """, grant: "GRANT TRIGGER ON \(ledger) TO HOSTILE"),
    Substitute(
      "a foreign key that refers to it", "a foreign key refers to it",
      """
      CREATE TABLE acme.child (version varchar(128) REFERENCES \(ledger) ON UPDATE CASCADE ON DELETE CASCADE);
      INSERT INTO acme.child SELECT version FROM \(ledger);
      CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON acme.child \(triggered)
      """, grant: "GRANT SELECT, REFERENCES (version) ON \(ledger) TO HOSTILE"),
    Substitute(
      "a rule", "it has rules",
      "CREATE RULE r AS ON INSERT TO \(ledger) DO ALSO SELECT traps.text('rule')", isBorrowed: true),
    Substitute(
      "a policy", "it has row-level security",
      """
      CREATE POLICY p ON \(ledger) USING (traps.text('policy') IS NULL);
      ALTER TABLE \(ledger) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
      """, isBorrowed: true),
    Substitute(
      "a check", "it has check constraints",
      "ALTER TABLE \(ledger) ADD CHECK (traps.text('check') IS NULL) NOT VALID", isBorrowed: true),
    Substitute(
      "a default", "may run code", "ALTER TABLE \(ledger) ADD extra text DEFAULT traps.text('default')",
      isBorrowed: true, isHidden: true),
    Substitute(
      "a default with an operator", "may run code",
      """
      CREATE FUNCTION acme.f(a int, b int) RETURNS int LANGUAGE plpgsql
        AS 'BEGIN PERFORM traps.sing(''operator''); RETURN 1; END';
      CREATE OPERATOR acme.|## (leftarg = int, rightarg = int, function = acme.f);
      ALTER TABLE \(ledger) ADD extra int; ALTER TABLE \(ledger) ALTER extra SET DEFAULT (1 OPERATOR(acme.|##) 2)
      """, isBorrowed: true, isHidden: true),
    Substitute(
      "a default with a domain", "may run code",
      """
      CREATE DOMAIN acme.checked AS text CHECK (traps.text('domain') IS NULL);
      ALTER TABLE \(ledger) ADD extra text;
      ALTER TABLE \(ledger) ALTER extra SET DEFAULT ('a'::text::acme.checked)::text
      """, isBorrowed: true, isHidden: true),
    Substitute(
      "a default with a query", "may run code",
      """
      ALTER TABLE \(ledger) ADD extra text;
      ALTER TABLE \(ledger) ALTER extra
        SET DEFAULT query_to_xml('SELECT traps.text(''query'')', false, false, '')::text
      """, isBorrowed: true, isHidden: true),
    Substitute(
      "a generated column", "may run code",
      """
      CREATE FUNCTION acme.fixed(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql
        AS 'BEGIN RETURN traps.text(''generated''); END';
      ALTER TABLE \(ledger) ADD extra text GENERATED ALWAYS AS (acme.fixed(version)) STORED
      """, isBorrowed: true, isHidden: true),
    Substitute(
      "a domain", "may run code",
      """
      CREATE DOMAIN acme.version AS varchar(128) CHECK (traps.text('domain') IS NULL);
      ALTER TABLE \(ledger) ALTER version TYPE acme.version
      """, isBorrowed: true, isHidden: true),
    Substitute(
      "an index on an expression", "may run code",
      """
      CREATE FUNCTION acme.fixed(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql
        AS 'BEGIN RETURN traps.text(''index''); END';
      CREATE INDEX i ON \(ledger) (acme.fixed(version))
      """, isBorrowed: true, isHidden: true),
  ]

  private static let traps =
    HostileRole.canary + """
      CREATE FUNCTION traps.text(name text) RETURNS text LANGUAGE plpgsql
        AS 'BEGIN PERFORM traps.sing(name); RETURN NULL; END';
      CREATE FUNCTION traps.trigger() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM traps.sing(''trigger''); RETURN coalesce(NEW, OLD); END';

      """

  /// Three tenants at the second migration, and a third file. `acme` belongs to the role, and so does what is in the
  /// ledger's place there.
  /// - Parameter meanwhile: what happens before the role does what it does, but after it has the means.
  static func with(
    _ substitute: Substitute, meanwhile: (Scene) async throws -> Void = { _ in },
    _ body: (Scene, _ sentence: String) async throws -> Void
  ) async throws {
    var files = Scene.files
    files["migrations/tenant/20260102000000_litres.sql"] = """
      -- migrate:up
      ALTER TABLE tanks ADD COLUMN litres integer;
      -- migrate:down
      ALTER TABLE tanks DROP COLUMN litres;

      """
    try await Scene.with(tenants: ["acme", "pond", "reef"], files: files) { scene in
      try await TestRole.with(scene.database) { role in
        func named(_ text: String) -> String { text.replacing("HOSTILE", with: role.name) }
        let (lend, back) =
          substitute.isBorrowed
          ? ("ALTER TABLE \(ledger) OWNER TO HOSTILE;", "ALTER TABLE \(ledger) OWNER TO CURRENT_USER;")
          : ("", "")
        try scene.folder.write(
          "-- migrate:up\nCREATE TABLE pumps (id int);\n-- migrate:down\nDROP TABLE pumps;\n",
          to: "migrations/tenant/20260103000000_pumps.sql")
        try await scene.database.psql(
          named("\(traps) ALTER SCHEMA acme OWNER TO HOSTILE; \(lend) \(substitute.grant)"))
        try await meanwhile(scene)
        try await scene.database.psql(
          named(
            """
            SET ROLE HOSTILE; \(substitute.sql); RESET ROLE; \(back)
            TRUNCATE traps.canary; ALTER SEQUENCE traps.calls RESTART
            """))
        try await body(scene, named(substitute.sentence))
        // There are things in it that are not the role's, which could not be dropped along with what it owns.
        try await scene.database.psql("DROP SCHEMA IF EXISTS acme, bolt CASCADE")
      }
    }
  }

  @Test(arguments: all)
  func isTheProblemOfThatTenantAlone(substitute: Substitute) async throws {
    try await Self.with(substitute) { scene, sentence in
      func expect(
        _ line: String, status: Int32?, says: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
      )
        async throws
      {
        for format in ["json", "text"] {
          let outcome = try await scene.run("\(line) --format \(format)")
          if let status {
            #expect(outcome.status == status, "\(line): \(outcome)", sourceLocation: sourceLocation)
          }
          let isSaid = (outcome.stdout + outcome.stderr).contains(sentence)
          #expect(isSaid || !says, "\(line): \(outcome)", sourceLocation: sourceLocation)
          #expect(!outcome.stderr.contains("canary:"), "\(line): \(outcome)", sourceLocation: sourceLocation)
        }
        let calls = try await scene.database.canary()
        #expect(calls.isEmpty, "\(line)", sourceLocation: sourceLocation)
      }
      try await expect("list", status: 0, says: false)
      try await expect("show acme", status: 0, says: false)
      try await expect("history acme", status: nil, says: false)
      try await expect("list --columns name,head,applied", status: 0, says: false)
      try await expect("status --all", status: nil, says: !substitute.isHidden)
      try await expect("status --all --verify", status: nil)
      try await expect("doctor", status: 1)
      try await expect("doctor --fix --yes", status: 1)
      try await expect("migrate --all --dry-run", status: nil)
      try await expect("migrate --all", status: 5)
      #expect(try await tables(scene) == "pond.pumps reef.pumps")
      try await expect("rollback acme --steps 1 --yes", status: nil)
      let rolledBack = try await scene.run("rollback --all --steps 1 --yes")
      #expect(rolledBack.status == 5 && rolledBack.stderr.contains(sentence), "\(rolledBack)")
      #expect(try await tables(scene) == "")
      try await expect("adopt --all --version 20260102000000", status: 5)
      try await expect("adopt pond --like acme", status: nil, says: false)
      try await expect("migration baseline 20260103000000 --all", status: 5)
      try await expect("exec --all -c VALUES(1)", status: 0, says: false)
      // From here on it is only about code that is not to run.
      try scene.folder.write(
        "-- migrate:up\nCREATE TABLE pumps (id int); -- edited\n-- migrate:down\nDROP TABLE pumps;\n",
        to: "migrations/tenant/20260103000000_pumps.sql")
      try await expect("migration repair 20260103000000 --all", status: nil, says: false)
      try await expect("rename acme bolt", status: nil, says: false)
      try await expect("drop bolt --yes", status: nil, says: false)
    }
  }

  /// What the owner lent and got back is his own doing; all the rest can come at any time.
  @Test(arguments: all.filter { !$0.isBorrowed })
  func comesBetweenTheSurveyAndTheRun(substitute: Substitute) async throws {
    for direction in [MigrationDirection.up, .down] {
      var planned: (TenantDatabase, MigrationPlan)?
      try await Self.with(substitute) { scene in
        let database = try TenantDatabase(scene.database.url, connections: 2)
        let everybody = FleetSelection(names: nil)
        let files = try MigrationSet.load(at: scene.folder.path("migrations"))
        planned = (
          database,
          direction == .up
            ? try await database.planMigration(everybody, files)
            : try await database.planRollback(everybody, files, .steps(1))
        )
      } _: { scene, _ in
        let (database, plan) = try #require(planned)
        let report = await database.migrate(plan)
        await database.close()
        #expect(
          report.tenants.filter({ $0.failure != nil }).map(\.label) == ["acme"], "\(direction): \(report)")
        let calls = try await scene.database.canary()
        #expect(calls.isEmpty, "\(direction)")
        let found = try await scene.database.psql(
          direction == .up
            ? "SELECT string_agg(relnamespace::regnamespace::text, ' ' ORDER BY relnamespace::regnamespace::text) FROM pg_class WHERE relname = 'pumps'"
            : "SELECT string_agg(attrelid::regclass::text, ' ') FROM pg_attribute WHERE attname = 'litres' AND NOT attisdropped"
        )
        #expect(found == (direction == .up ? "pond reef" : "acme.tanks"))
      }
    }
  }

  private func tables(_ scene: Scene) async throws -> String {
    try await scene.database.psql(
      """
      SELECT coalesce(string_agg(oid::regclass::text, ' ' ORDER BY oid::regclass::text), '') FROM pg_class
      WHERE relname = 'pumps'
      """)
  }
}
