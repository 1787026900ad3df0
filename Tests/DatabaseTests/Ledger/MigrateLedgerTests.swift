import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a run makes of ledgers that are not as they should be, and of files that make them so.
@Suite struct MigrateLedgerTests {
  /// The head comment is a hint: what is applied is decided on the ledger.
  /// Only what could run somebody's code is distrusted: a rule that is gone, and the defaults that apps give, are not.
  @Test func whatIsHarmless() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.migrate([tanks[0]])
      try await fleet.psql(
        """
        CREATE RULE r AS ON INSERT TO t00.schema_migrations DO ALSO NOTHING; DROP RULE r ON t00.schema_migrations;
        ALTER TABLE t00.schema_migrations ADD id serial, ADD made timestamptz DEFAULT now(),
          ADD at timestamptz DEFAULT CURRENT_TIMESTAMP, ADD by name DEFAULT CURRENT_USER, ADD kind varchar(10) DEFAULT 'x',
          ADD note text DEFAULT 'it''s', ADD n bigint DEFAULT 0, ADD m smallint DEFAULT -1, ADD ok boolean DEFAULT true,
          ADD key uuid DEFAULT gen_random_uuid(), ADD price numeric DEFAULT 1.5
        """)
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants.allSatisfy { $0.failure == nil }, "\(report)")
    }
  }

  @Test(arguments: ["older", "newer", "rubbish", "none", "another set"])
  func aWrongHeadComment(kind: String) async throws {
    try await Fleet.with(tenants: 2) { fleet in
      try await fleet.migrate(Array(tanks.prefix(2)))
      let all = try tanks.map { try migration($0.0, $0.1) }
      let comment: String? =
        switch kind {
        case "older": LedgerHistory(of: all.prefix(1)).head.comment
        case "newer": LedgerHistory().head.comment
        case "rubbish": "it's ours"
        case "another set": LedgerHistory(of: [all[0], all[2]]).head.comment
        default: nil
        }
      try await fleet.database.connect().query(
        "COMMENT ON TABLE t00.schema_migrations IS \(comment.map { "\(literal: $0)" } ?? "NULL" as SQL)")
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants.map { $0.versions.map(\.rawValue) } == [["3"], ["3"]])
      try await fleet.expectVersions("1,2,3", 2)
    }
  }

  /// Code in it would run when a query is planned, and its owner may have been another one when it was made.
  @Test func statisticsOnALedger() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.psql(
        """
        CREATE FUNCTION t00.sing(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
        CREATE STATISTICS t00.s ON (statements_done + t00.sing(1)) FROM t00.schema_migrations
        """)
      let failure = try await fleet.migrate(tanks).tenants[0].failure as? TenancyProblem
      #expect(failure == .ledgerNotTrusted(SchemaName(stored: "t00"), .expressions))
    }
  }

  /// No lock on a ledger keeps its schema from being renamed: by its owner, or a member of that role, who may create schemas.
  @Test(arguments: ["owner", "member", "everybody"]) func aSchemaThatMayBeRenamed(who: String) async throws {
    try await Fleet.with(tenants: 2) { fleet in
      try await TestRole.with(fleet.database, suffix: "owner") { owner in
        try await TestRole.with(fleet.database, suffix: "member") { member in
          let mover = who == "member" ? member.name : owner.name
          let database = fleet.database.name
          try await fleet.psql(
            "ALTER SCHEMA t00 OWNER TO \(owner.name); GRANT \(owner.name) TO \(member.name)")
          let fine = try await fleet.migrate([tanks[0]])
          #expect(fine.tenants.allSatisfy { $0.failure == nil })
          let grant = "CREATE ON DATABASE \"\(database)\""
          let grantee = who == "everybody" ? "PUBLIC" : mover
          try await fleet.psql("GRANT \(grant) TO \(grantee); DROP TABLE t01.schema_migrations")
          let problem = TenancyProblem.ledgerNotTrusted(SchemaName(stored: "t00"), .schemaOwner(mover))
          #expect(try await fleet.migrate(tanks).tenants[0].failure as? TenancyProblem == problem)
          // Before it is made, too.
          try await fleet.psql("DROP TABLE t00.schema_migrations")
          #expect(try await fleet.migrate(tanks).tenants[0].failure as? TenancyProblem == problem)
          try await fleet.psql("REVOKE \(grant) FROM \(grantee); ALTER SCHEMA t00 OWNER TO CURRENT_USER")
        }
      }
    }
  }

  /// The owner of a schema writes comments of any size: they are neither fetched nor read whole.
  @Test func aCommentOfTenMegabytes() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      let connection = try await fleet.database.connect()
      let comment = String(repeating: "tenantctl head=1 ", count: 600_000)
      try await connection.query("COMMENT ON TABLE t00.schema_migrations IS \(literal: comment)")
      let shape = try #require(RegistryShape.promised(by: RegistryMapping()))
      let rows = try await connection.query(shape.statesQuery(ledger: "schema_migrations"))
      #expect(rows[0][5]?.count == LedgerHead.maximumLength)
      #expect(LedgerHead(comment: comment) == nil)
      let longest = LedgerHead(
        version: try MigrationVersion(parsing: String(repeating: "9", count: MigrationVersion.maximumLength)),
        count: .max,
        digest: String(repeating: "a", count: 32))
      #expect(longest.comment.count < LedgerHead.maximumLength)
      #expect(LedgerHead(comment: longest.comment) == longest)
    }
  }

  @Test(arguments: [
    ("dbmate", "CREATE TABLE t00.schema_migrations (version varchar(128) PRIMARY KEY)"),
    ("Rails", "CREATE TABLE t00.schema_migrations (version varchar NOT NULL PRIMARY KEY)"),
    ("golang-migrate without its flag", "CREATE TABLE t00.schema_migrations (version bigint PRIMARY KEY)"),
  ]) func anotherToolsLedger(tool: String, ddl: String) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.psql(
        """
        DROP TABLE t00.schema_migrations; \(ddl); INSERT INTO t00.schema_migrations VALUES ('1');
        CREATE TABLE t00.tanks (id int PRIMARY KEY);
        """)
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants[0].versions.map(\.rawValue) == ["2", "3"])
      #expect(try await fleet.versions("t00") == "1,2,3")
      #expect(try await fleet.migrate(tanks).tenants[0].isUpToDate)
      // It keeps no checksums, and the comment says so.
      #expect(try await fleet.tenancy.diagnose().entries.map(\.finding) == [])
    }
  }

  @Test func versionsThatAreNoneOfOurs() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.psql("INSERT INTO t00.schema_migrations (version) VALUES ('initial'), ('1.2'), ('999')")
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants[0].versions.map(\.rawValue) == ["1", "2", "3"])
      let survey = try await fleet.tenancy.survey(FleetSelection(names: nil), MigrationSet(texts: tanks))
        .tenants[0]
      #expect(Set(survey.unknown) == ["initial", "1.2", "999"])
      #expect(
        try await fleet.migrate(tanks + [("4", "SELECT 1;")]).tenants[0].versions.map(\.rawValue) == [
          "4"
        ])
    }
  }

  @Test(arguments: [
    (
      "CREATE TABLE t01.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
      ["dirty", "version"]
    ),
    ("CREATE TABLE t01.schema_migrations (id int, name text)", ["id", "name"]),
  ]) func aTableOfAnotherTool(ddl: String, columns: [String]) async throws {
    try await Fleet.with(tenants: 3) { fleet in
      try await fleet.psql("DROP TABLE t01.schema_migrations; \(ddl)")
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants.map({ $0.failure != nil }) == [false, true, false])
      guard case .failed(TenancyProblem.foreignLedger(let schema, _, let found)) = report.tenants[1].status
      else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(schema.rawValue == "t01")
      #expect(found == columns)
      #expect(try await fleet.psql("SELECT to_regclass('t01.tanks')") == "NULL")
    }
  }

  /// An app may have added a serial column, and called the tenant anything.
  @Test func aLedgerWithASequence() async throws {
    try await Fleet.with { fleet in
      let name = #"o'b\rien"#
      try await fleet.psql("CREATE SCHEMA \"\(name)\"; INSERT INTO tenants (name) VALUES ('o''b\\rien')")
      let files = try [migration("1", "CREATE TABLE a ()"), migration("2", "CREATE TABLE b ()")]
      try await fleet.migrate(Array(files.prefix(1)))
      try await fleet.psql(
        "ALTER TABLE \"\(name)\".schema_migrations ADD id serial, ADD note text DEFAULT 'it''s'")
      #expect(try await fleet.migrate(files).outline == "\(name): 2")
    }
  }

  /// Files that leave behind what would make the record a lie.
  @Test(arguments: [
    ("SET search_path TO public", MigrationFailure.Reason.searchPathChanged),
    ("SET LOCAL search_path TO public", .searchPathChanged),
    ("SELECT set_config('search_path', '', false)", .searchPathChanged),
    ("RESET search_path", .searchPathChanged),
    ("INSERT INTO schema_migrations (version) VALUES ('2')", .ledgerChanged),
    ("TRUNCATE Schema_Migrations", .ledgerChanged),
    ("DROP TABLE schema_migrations", .ledgerReplaced),
    ("ALTER TABLE schema_migrations RENAME TO other", .ledgerReplaced),
    ("DROP SCHEMA t00 CASCADE", .ledgerReplaced),
    ("ALTER SCHEMA t00 RENAME TO elsewhere", .ledgerReplaced),
    ("SAVEPOINT s; DELETE FROM schema_migrations; RELEASE s", .ledgerChanged),
    ("DELETE FROM schema_migrations WHERE version = '1'", .ledgerChanged),
    ("INSERT INTO schema_migrations (version) VALUES ('3')", .ledgerChanged),
    ("UPDATE schema_migrations SET version = '3' WHERE version = '1'", .ledgerChanged),
    ("UPDATE Schema_Migrations SET checksum = 'x'", .ledgerChanged),
    ("DELETE FROM schema_migrations; INSERT INTO schema_migrations (version) VALUES ('3')", .ledgerChanged),
    ("CREATE RULE r AS ON INSERT TO schema_migrations DO INSTEAD NOTHING", .ledgerReplaced),
    // PostgreSQL lets nobody end a transaction from within.
    ("DO $$ BEGIN COMMIT; END $$", .endsTransaction), ("DO $$ BEGIN ROLLBACK; END $$", .endsTransaction),
    ("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL p()", .endsTransaction),
    ("CREATE INDEX CONCURRENTLY i ON tanks (id)", .needsNoTransaction), ("VACUUM tanks", .needsNoTransaction),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", .refused),
  ]) func filesThatMeddle(sql: String, reason: MigrationFailure.Reason) async throws {
    try await meddling(sql, reason)
  }

  /// The same where the ledger has dbmate's one column: there the search path is looked at in another way.
  @Test(arguments: ["SET search_path TO public", "SELECT set_config('search_path', '', false)"])
  func filesThatMeddleWithDbmatesLedger(sql: String) async throws {
    try await meddling(
      sql, .searchPathChanged,
      """
      DROP TABLE t00.schema_migrations; CREATE TABLE t00.schema_migrations (version varchar(128) PRIMARY KEY);
      INSERT INTO t00.schema_migrations VALUES ('1')
      """)
  }

  private func meddling(
    _ sql: String, _ reason: MigrationFailure.Reason, _ preparation: String? = nil
  ) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.migrate([tanks[0]])
      if let preparation { try await fleet.psql(preparation) }
      let report = try await fleet.migrate([
        tanks[0], ("2", "CREATE TABLE fell_through ();\n\(sql);\nCREATE TABLE x ();"),
      ])
      let failure = try #require(report.tenants[0].migrationFailure)
      // Some are refused at the next statement already.
      #expect(failure.reason == reason || (failure.reason == .refused && failure.line == 3))
      #expect(try await fleet.versions("t00") == "1")
      #expect(
        try await fleet.psql("SELECT count(*) FROM pg_class WHERE relname IN ('x', 'fell_through')") == "0")
    }
  }

  /// The record is written by whoever migrates, and the next file begins as that role.
  @Test(arguments: [
    "SET ROLE pg_monitor", "SET LOCAL ROLE pg_monitor", "SET SESSION AUTHORIZATION pg_monitor",
  ])
  func aRoleThatIsLeftBehind(sql: String) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      let files = [("1", "CREATE TABLE x ();\n\(sql);"), ("2", "CREATE TABLE y ();")]
      #expect(try await fleet.migrate(files).tenants[0].isDone)
      let owners = try await fleet.psql(
        "SELECT string_agg(tableowner, ',') FROM pg_tables WHERE tablename IN ('x', 'y')")
      #expect(owners == "postgres,postgres")
    }
  }

  /// Who changes a ledger keeps the others out before a statement of theirs has run: a sequence is not rolled back.
  @Test func oneAtATime() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.psql("CREATE SEQUENCE runs")
      let file = (
        "1",
        """
        -- migrate:up lock_timeout:10ms
        SELECT nextval('public.runs');
        -- migrate:down lock_timeout:10ms
        SELECT nextval('public.runs');
        """
      )
      try await fleet.migrate([file])
      let plan = try await fleet.planRollback([migration(file.0, file.1)], .steps(1))
      let lock = "LOCK TABLE t00.schema_migrations IN SHARE UPDATE EXCLUSIVE MODE"
      let undone = try await fleet.database.whileHolding(lock) { _ in
        var run = MigrationRun()
        run.retries = 0
        return await fleet.tenancy.migrate(plan, run)
      }
      #expect(undone.tenants[0].migrationFailure?.reason == .locked)
      let second = ("2", file.1)
      let done = try await fleet.database.whileHolding(lock) { _ in
        try await fleet.migrate([file, second], retries: 0)
      }
      #expect(done.tenants[0].migrationFailure?.reason == .locked)
      #expect(try await fleet.psql("SELECT last_value FROM runs") == "1")
    }
  }

  /// A head comment that tells of another ledger is found by the end of the file, of which nothing stays.
  @Test func aWrongHeadIsFound() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.psql("CREATE TABLE runs (n int)")
      try await fleet.migrate([tanks[0]])
      try await fleet.psql("INSERT INTO t00.schema_migrations (version) VALUES ('2')")
      let files = [tanks[0], tanks[1], ("3", "INSERT INTO public.runs VALUES (1);")]
      _ = try await fleet.migrate([tanks[0], ("3", "INSERT INTO public.runs VALUES (1);")])
      #expect(try await fleet.psql("SELECT count(*) FROM runs") == "1")
      #expect(try await fleet.migrate(files).tenants[0].isUpToDate)
      #expect(try await fleet.versions("t00") == "1,2,3")
    }
  }
}
