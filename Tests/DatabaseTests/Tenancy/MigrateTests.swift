import Postgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct MigrateTests {
  private static let tanks = [
    ("1", "CREATE TABLE tanks (id int PRIMARY KEY);"), ("2", "ALTER TABLE tanks ADD COLUMN name text;"),
    ("3", "CREATE INDEX tanks_name ON tanks (name);\nINSERT INTO tanks VALUES (1, 'x');"),
  ]

  @Test(arguments: [1, 4]) func everyTenantOnce(jobs: Int) async throws {
    try await fleet(of: 12) { fleet in
      let report = try await fleet.migrate(Self.tanks, jobs: jobs)
      #expect(report.tenants.map(\.label) == (0..<12).map { "t\($0 / 10)\($0 % 10)" })
      #expect(report.tenants.allSatisfy { $0.versions.map(\.rawValue) == ["1", "2", "3"] && !$0.isFailure })
      try await expectLedgers("1,2,3", 12, fleet)
      let again = try await fleet.migrate(Self.tanks, jobs: jobs)
      #expect(again.tenants.allSatisfy { $0.isUpToDate })
      try await expectLedgers("1,2,3", 12, fleet)
    }
  }

  @Test func theLedgersRow() async throws {
    try await fleet(of: 1) { fleet in
      try await fleet.migrate(Self.tanks)
      let file = try migration("3", Self.tanks[2].1)
      let row = try await fleet.psql(
        """
        SELECT version, name, checksum, applied_by = session_user, now() - applied_at < '1 min', duration_ms >= 0,
          statements_done, statements_total, tool_version FROM t00.schema_migrations WHERE version = '3'
        """)
      #expect(row == "3|x|\(file.checksum.rawValue)|t|t|t|2|2|\(tenancyVersion)")
      let state = try await fleet.tenancy.show("t00").entry.state
      #expect(state?.head == LedgerHistory(of: try Self.tanks.map { try migration($0.0, $0.1) }).head)
    }
  }

  /// Two runs at a time, each with several connections: no error, and nothing twice.
  @Test(.timeLimit(.minutes(10)), arguments: 0..<3) func twoRunnersShareTheWork(round: Int) async throws {
    try await fleet(of: 16) { fleet in
      let other = try fleet.database.tenancy()
      let reports = try await withThrowingTaskGroup(of: MigrationReport.self) { group in
        for tenancy in [fleet.tenancy, other] {
          group.addTask {
            try await Fleet(database: fleet.database, tenancy: tenancy).migrate(Self.tanks, jobs: 3)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(reports.flatMap(\.tenants).filter(\.isFailure).isEmpty)
      let applied = reports.flatMap(\.tenants).flatMap { outcome in
        outcome.versions.map { "\(outcome.label) \($0)" }
      }
      #expect(applied.count == 48)
      #expect(Set(applied).count == 48)
      try await expectLedgers("1,2,3", 16, fleet)
      await other.close()
    }
  }

  @Test func throughPgBouncer() async throws {
    try await fleet(of: 12) { fleet in
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url, connections: 8)
        let report = try await Fleet(database: fleet.database, tenancy: tenancy).migrate(Self.tanks, jobs: 4)
        #expect(report.tenants.filter(\.isFailure).isEmpty)
        try await expectLedgers("1,2,3", 12, fleet)
        #expect(try await fleet.psql("SELECT to_regclass('public.tanks')") == "NULL")
        await tenancy.close()
      }
    }
  }

  /// Its search path would be the session's, and the pooler lends another session for each transaction.
  @Test func outsideOfATransactionNotThroughPgBouncer() async throws {
    try await fleet(of: 2) { fleet in
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url)
        let files = [
          ("1", "CREATE TABLE tanks (id int);"),
          ("2", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY c ON tanks (id);"),
        ]
        let report = try await Fleet(database: fleet.database, tenancy: tenancy).migrate(files)
        for outcome in report.tenants {
          guard case .failed(.poolerInBetween) = outcome.status else {
            Issue.record("\(outcome)")
            continue
          }
        }
        try await expectLedgers("1", 2, fleet)
        await tenancy.close()
      }
    }
  }

  @Test(arguments: [1, 4]) func aFailureLeavesTheOthersAlone(jobs: Int) async throws {
    try await fleet(of: 6) { fleet in
      try await fleet.psql("CREATE TABLE t02.trap ()")
      let files =
        Self.tanks + [("4", "CREATE TABLE fine ();\n\nCREATE TABLE\n  trap ();"), ("5", "SELECT 1;")]
      let report = try await fleet.migrate(files, jobs: jobs)
      let failed = report.tenants.filter(\.isFailure)
      #expect(failed.map(\.label) == ["t02"])
      #expect(failed[0].versions.map(\.rawValue) == ["1", "2", "3"])
      let failure = try #require(failed[0].failure)
      #expect(failure.reason == .refused)
      #expect(failure.server?.sqlState == "42P07")
      #expect((failure.version.rawValue, failure.line) == ("4", 3))
      #expect(try await ledger("t02", fleet) == "1,2,3")
      #expect(try await fleet.psql("SELECT to_regclass('t02.fine')") == "NULL")
      #expect(try await ledger("t01", fleet) == "1,2,3,4,5")
      // The same run again is the resume.
      try await fleet.psql("DROP TABLE t02.trap")
      let again = try await fleet.migrate(files, jobs: jobs)
      #expect(again.tenants.filter { !$0.isUpToDate }.map(\.label) == ["t02"])
      try await expectLedgers("1,2,3,4,5", 6, fleet)
    }
  }

  @Test(arguments: [
    // position, line, column, excerpt
    ("SELECT 1;\nSELECT é, nonsense;", 2, 8, "SELECT é, nonsense;"),
    ("\n\n  SELECT 1/0;", 3, 3, "SELECT 1/0;"),
    ("/* a */ SELECT\n 'é', x;", 2, 7, " 'é', x;"),
  ]) func theFailuresPlace(sql: String, line: Int, column: Int, excerpt: String) async throws {
    try await fleet(of: 1) { fleet in
      let failure = try #require(try await fleet.migrate([("1", sql)]).tenants[0].failure)
      #expect((failure.line, failure.column) == (line, column))
      #expect(failure.excerpt?.drop { $0 == " " } == excerpt.drop { $0 == " " })
    }
  }

  /// The head comment is a hint: what is applied is decided on the ledger.
  @Test(arguments: ["older", "newer", "rubbish", "none", "another set"])
  func aWrongHeadComment(kind: String) async throws {
    try await fleet(of: 2) { fleet in
      try await fleet.migrate(Array(Self.tanks.prefix(2)))
      let all = try Self.tanks.map { try migration($0.0, $0.1) }
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
      let report = try await fleet.migrate(Self.tanks)
      #expect(report.tenants.map { $0.versions.map(\.rawValue) } == [["3"], ["3"]])
      try await expectLedgers("1,2,3", 2, fleet)
    }
  }

  @Test(arguments: [
    ("dbmate", "CREATE TABLE t00.schema_migrations (version varchar(128) PRIMARY KEY)"),
    ("Rails", "CREATE TABLE t00.schema_migrations (version varchar NOT NULL PRIMARY KEY)"),
    ("golang-migrate without its flag", "CREATE TABLE t00.schema_migrations (version bigint PRIMARY KEY)"),
  ]) func anotherToolsLedger(tool: String, ddl: String) async throws {
    try await fleet(of: 1) { fleet in
      try await fleet.psql(
        """
        DROP TABLE t00.schema_migrations; \(ddl); INSERT INTO t00.schema_migrations VALUES ('1');
        CREATE TABLE t00.tanks (id int PRIMARY KEY);
        """)
      let report = try await fleet.migrate(Self.tanks)
      #expect(report.tenants[0].versions.map(\.rawValue) == ["2", "3"])
      #expect(try await ledger("t00", fleet) == "1,2,3")
      #expect(try await fleet.migrate(Self.tanks).tenants[0].isUpToDate)
      // It keeps no checksums, and the comment says so.
      #expect(try await fleet.tenancy.diagnose().entries.map(\.finding) == [])
    }
  }

  @Test func versionsThatAreNoneOfOurs() async throws {
    try await fleet(of: 1) { fleet in
      try await fleet.psql("INSERT INTO t00.schema_migrations (version) VALUES ('initial'), ('1.2'), ('999')")
      let report = try await fleet.migrate(Self.tanks)
      #expect(report.tenants[0].versions.map(\.rawValue) == ["1", "2", "3"])
      let survey = try await fleet.tenancy.survey(FleetSelection(names: nil), files(Self.tanks)).tenants[0]
      #expect(Set(survey.unknown) == ["initial", "1.2", "999"])
      #expect(
        try await fleet.migrate(Self.tanks + [("4", "SELECT 1;")]).tenants[0].versions.map(\.rawValue) == [
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
    try await fleet(of: 3) { fleet in
      try await fleet.psql("DROP TABLE t01.schema_migrations; \(ddl)")
      let report = try await fleet.migrate(Self.tanks)
      #expect(report.tenants.map(\.isFailure) == [false, true, false])
      guard case .failed(.foreignLedger(let schema, _, let found)) = report.tenants[1].status else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(schema.rawValue == "t01")
      #expect(found == columns)
      #expect(try await fleet.psql("SELECT to_regclass('t01.tanks')") == "NULL")
    }
  }

  /// Files that leave behind what would make the record a lie.
  @Test(arguments: [
    ("SET search_path TO public", MigrationFailure.Reason.searchPathChanged),
    ("SET LOCAL search_path TO public", .searchPathChanged),
    ("SELECT set_config('search_path', '', false)", .searchPathChanged),
    ("RESET search_path", .searchPathChanged),
    ("DELETE FROM schema_migrations WHERE version = '2'", .ledgerRowGone),
    ("TRUNCATE schema_migrations", .ledgerRowGone),
    ("DROP TABLE schema_migrations", .ledgerRowGone),
    ("ALTER TABLE schema_migrations RENAME TO other", .ledgerRowGone),
    ("DROP SCHEMA t00 CASCADE", .ledgerRowGone),
    ("ALTER SCHEMA t00 RENAME TO elsewhere", .ledgerRowGone),
    ("SAVEPOINT s; DELETE FROM schema_migrations; RELEASE s", .ledgerRowGone),
    ("DELETE FROM schema_migrations WHERE version = '1'", .ledgerChanged),
    ("INSERT INTO schema_migrations (version) VALUES ('3')", .ledgerChanged),
    // PostgreSQL lets nobody end a transaction from within.
    ("DO $$ BEGIN COMMIT; END $$", .endsTransaction), ("DO $$ BEGIN ROLLBACK; END $$", .endsTransaction),
    ("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL p()", .endsTransaction),
    ("CREATE INDEX CONCURRENTLY i ON tanks (id)", .needsNoTransaction), ("VACUUM tanks", .needsNoTransaction),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", .refused),
  ]) func filesThatMeddle(sql: String, reason: MigrationFailure.Reason) async throws {
    try await fleet(of: 1) { fleet in
      try await fleet.migrate([Self.tanks[0]])
      let report = try await fleet.migrate([
        Self.tanks[0], ("2", "CREATE TABLE fell_through ();\n\(sql);\nCREATE TABLE x ();"),
      ])
      let failure = try #require(report.tenants[0].failure)
      // Some are refused at the next statement already.
      #expect(failure.reason == reason || (failure.reason == .refused && failure.line == 3))
      #expect(try await ledger("t00", fleet) == "1")
      #expect(
        try await fleet.psql("SELECT count(*) FROM pg_class WHERE relname IN ('x', 'fell_through')") == "0")
    }
  }

  /// Nothing of the file but the end fails, so no statement is to blame.
  @Test(arguments: [
    "SET ROLE pg_monitor", "SET LOCAL ROLE pg_monitor", "SET SESSION AUTHORIZATION pg_monitor",
  ])
  func aRoleThatIsLeftBehind(sql: String) async throws {
    try await fleet(of: 1) { fleet in
      let failure = try #require(
        try await fleet.migrate([("1", "CREATE TABLE x ();\n\(sql);")]).tenants[0].failure)
      #expect(failure.reason == .roleChanged && failure.line == nil)
      #expect(try await fleet.psql("SELECT to_regclass('t00.x')") == "NULL")
      #expect(
        try await fleet.migrate([
          ("1", "CREATE TABLE x ();\n\(sql);\nRESET SESSION AUTHORIZATION; RESET ROLE;")
        ])
        .tenants[0].isSuccess)
    }
  }

  @Test func aMissingSchema() async throws {
    try await fleet(of: 3) { fleet in
      try await fleet.psql("DROP SCHEMA t01 CASCADE")
      let report = try await fleet.migrate(Self.tanks)
      #expect(report.tenants.map(\.isFailure) == [false, true, false])
      guard case .failed(.schemaMissing("t01", _)) = report.tenants[1].status else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(try await fleet.schemas() == "t00 t02")
    }
  }

  @Test(arguments: [1, 2, 3]) func resumesOutsideOfATransaction(failing: Int) async throws {
    try await fleet(of: 1) { fleet in
      try await fleet.migrate([Self.tanks[0]])
      let statements = [
        "CREATE INDEX CONCURRENTLY a ON tanks (id);", "CREATE INDEX CONCURRENTLY b ON tanks (id);",
        "CREATE INDEX CONCURRENTLY c ON tanks (id);",
      ]
      let sql = "-- migrate:up transaction:false\n" + statements.joined(separator: "\n")
      let name = ["a", "b", "c"][failing - 1]
      try await fleet.psql("CREATE TABLE t00.\(name) ()")
      let failed = try await fleet.migrate([Self.tanks[0], ("2", sql)])
      #expect(failed.tenants[0].failure?.line == failing + 1)
      let progress = "SELECT statements_done, statements_total FROM t00.schema_migrations WHERE version = '2'"
      #expect(try await fleet.psql(progress) == "\(failing - 1)|3")
      // A later one waits for it.
      let stuck = try await fleet.migrate([Self.tanks[0], ("2", sql), ("3", "CREATE TABLE later ();")])
      #expect(stuck.tenants[0].isFailure)
      #expect(try await fleet.psql("SELECT to_regclass('t00.later')") == "NULL")

      try await fleet.psql("DROP TABLE t00.\(name)")
      let resumed = try await fleet.migrate([Self.tanks[0], ("2", sql)])
      #expect(resumed.tenants[0].versions.map(\.rawValue) == ["2"])
      #expect(try await fleet.psql(progress) == "3|3")
      #expect(
        try await fleet.psql(
          "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text ~ '^t00.[abc]$'")
          == "3")
      #expect(try await fleet.migrate([Self.tanks[0], ("2", sql)]).tenants[0].isUpToDate)
    }
  }

  @Test func anEditedFileRefusesTheWholeRun() async throws {
    try await fleet(of: 3) { fleet in
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: ["t01"]), files([Self.tanks[0]])))
      let before = try await fleet.psql("SELECT count(*) FROM pg_class")
      let edited = [("1", "CREATE TABLE tanks (id bigint);"), Self.tanks[1]]
      let changed = try MigrationOccurrence(
        version: MigrationVersion(parsing: "1"), path: "migrations/1_x.sql", tenants: ["t01"])
      await #expect(throws: TenancyError.checksumMismatch([changed])) { try await fleet.migrate(edited) }
      #expect(try await fleet.psql("SELECT count(*) FROM pg_class") == before)
    }
  }

  @Test func theSharedSchemaComesFirst() async throws {
    try await fleet(of: 2) { fleet in
      let shared = [try migration("1", "CREATE TABLE plans (id int PRIMARY KEY);")]
      let tenant = [try migration("1", "CREATE TABLE subscriptions (plan int REFERENCES plans);")]
      let set = MigrationSet(tenant: tenant, shared: shared)
      let plan = try await fleet.tenancy.planMigration(FleetSelection(names: nil), set)
      let report = try await fleet.tenancy.migrate(plan)
      #expect(report.shared?.versions.map(\.rawValue) == ["1"])
      #expect(report.tenants.filter(\.isFailure).isEmpty)
      #expect(try await fleet.psql("SELECT count(*) FROM pg_class WHERE relname = 'plans'") == "1")
      #expect(try await ledger("public", fleet) == "1")

      let broken = MigrationSet(
        tenant: tenant + [try migration("2", "SELECT 1;")],
        shared: shared + [try migration("2", "SELECT 1/0;")])
      await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.migrate(fleet.tenancy.planMigration(FleetSelection(names: nil), broken))
      }
      #expect(try await ledger("t00", fleet) == "1")
    }
  }

  @Test func toAVersion() async throws {
    try await fleet(of: 1) { fleet in
      let version = try MigrationVersion(parsing: "2")
      let set = try files(Self.tanks)
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: nil), set, to: version))
      #expect(try await ledger("t00", fleet) == "1,2")
      let none = try MigrationVersion(parsing: "7")
      await #expect(throws: TenancyError.versionNotFound("7")) {
        try await fleet.tenancy.planMigration(FleetSelection(names: nil), set, to: none)
      }
    }
  }

  /// A session that is killed while it migrates fails that tenant only.
  @Test(.timeLimit(.minutes(10))) func aKilledSession() async throws {
    try await fleet(of: 3) { fleet in
      try await fleet.psql("CREATE TABLE t01.gate ()")
      let files = [("1", "CREATE TABLE IF NOT EXISTS gate ();\nLOCK TABLE gate;")]
      let report = try await fleet.database.whileHolding("LOCK TABLE t01.gate") { holder in
        let task = Task { try await fleet.migrate(files) }
        try await holder.kill(try await holder.blocked())
        return try await task.value
      }
      #expect(report.tenants.map(\.isFailure) == [false, true, false])
      guard case .failed(.connectionLost) = report.tenants[1].status else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(try await fleet.migrate(files).tenants.map(\.isUpToDate) == [true, false, true])
    }
  }

  /// Waits for nobody for long, and tries again when the lock is free.
  @Test(.timeLimit(.minutes(10))) func aLockedTable() async throws {
    try await fleet(of: 2) { fleet in
      try await fleet.migrate([Self.tanks[0]])
      let files = [
        Self.tanks[0], ("2", "-- migrate:up lock_timeout:10ms\nALTER TABLE tanks ADD COLUMN name text;"),
      ]
      let report = try await fleet.database.whileHolding("LOCK TABLE t00.tanks IN ACCESS SHARE MODE") { _ in
        try await fleet.migrate(files, retries: 1)
      }
      #expect(report.tenants.map(\.isFailure) == [true, false])
      #expect(report.tenants[0].failure?.reason == .locked)
      #expect(try await ledger("t00", fleet) == "1")
      #expect(try await fleet.migrate(files).tenants.map(\.isUpToDate) == [false, true])
    }
  }

  private func fleet(of count: Int, _ body: (Fleet) async throws -> Void) async throws {
    try await Fleet.with { fleet in
      for number in 0..<count { try await fleet.create("t\(number / 10)\(number % 10)") }
      try await body(fleet)
    }
  }

  private func ledger(_ schema: String, _ fleet: Fleet) async throws -> String {
    try await fleet.psql(
      "SELECT string_agg(version::text, ',' ORDER BY version) FROM \(schema).schema_migrations")
  }

  private func expectLedgers(_ versions: String, _ count: Int, _ fleet: Fleet) async throws {
    for number in 0..<count { #expect(try await ledger("t\(number / 10)\(number % 10)", fleet) == versions) }
  }
}

private func files(_ texts: [(version: String, sql: String)]) throws -> MigrationSet {
  MigrationSet(tenant: try texts.map { try migration($0.version, $0.sql) }, shared: [])
}

extension Fleet {
  @discardableResult
  fileprivate func migrate(
    _ texts: [(version: String, sql: String)], jobs: Int = 1, retries: Int = 8
  ) async throws -> MigrationReport {
    var run = MigrationRun()
    run.jobs = jobs
    run.retries = retries
    return try await tenancy.migrate(
      tenancy.planMigration(FleetSelection(names: nil), files(texts)), run)
  }
}

extension MigrationOutcome {
  fileprivate var isUpToDate: Bool { if case .upToDate = status { true } else { false } }
}
