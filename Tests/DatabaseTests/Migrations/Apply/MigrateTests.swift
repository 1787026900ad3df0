import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct MigrateTests {
  @Test(arguments: [1, 4]) func everyTenantOnce(jobs: Int) async throws {
    try await Fleet.with(tenants: 12) { fleet in
      let report = try await fleet.migrate(tanks, jobs: jobs)
      #expect(report.tenants.map(\.label) == (0..<12).map { "t\($0 / 10)\($0 % 10)" })
      #expect(
        report.tenants.allSatisfy { $0.versions.map(\.rawValue) == ["1", "2", "3"] && $0.failure == nil })
      try await fleet.expectVersions("1,2,3", 12)
      let again = try await fleet.migrate(tanks, jobs: jobs)
      #expect(again.tenants.allSatisfy { $0.isUpToDate })
      try await fleet.expectVersions("1,2,3", 12)
    }
  }

  @Test func theLedgersRow() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.migrate(tanks)
      let file = try migration("3", tanks[2].1)
      let row = try await fleet.psql(
        """
        SELECT version, name, checksum, applied_by = session_user, now() - applied_at < '1 min', duration_ms >= 0,
          statements_done, statements_total, tool_version FROM t00.schema_migrations WHERE version = '3'
        """)
      #expect(row == "3|x|\(file.checksum.rawValue)|t|t|t|2|2|\(tenancyVersion)")
      let state = try await fleet.tenancy.show("t00").entry.state
      #expect(state?.head == LedgerHistory(of: try tanks.map { try migration($0.0, $0.1) }).head)
    }
  }

  /// What a TOAST table and its index would add to every schema; and yet the longest name that a file can have fits.
  @Test func theLedgerIsNarrow() async throws {
    try await Fleet.with(tenants: 0) { fleet in
      let name = String(repeating: "n", count: 255 - "1_.sql".utf8.count)
      let file = try migration("1", "SELECT 1;", name: name)
      try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: [file]).apply()
      let row = try await fleet.psql(
        """
        SELECT l.name, c.reltoastrelid FROM acme.schema_migrations l, pg_class c
        WHERE c.oid = 'acme.schema_migrations'::regclass
        """)
      #expect(row == "\(name)|0")
    }
  }

  /// Two runs at a time, each with several connections: no error, and nothing twice.
  @Test(.timeLimit(.minutes(20)), arguments: 0..<3) func twoRunnersShareTheWork(round: Int) async throws {
    try await Fleet.with(tenants: 16) { fleet in
      let other = try fleet.database.tenancy()
      let reports = try await withThrowingTaskGroup(of: MigrationReport.self) { group in
        for tenancy in [fleet.tenancy, other] {
          group.addTask {
            try await Fleet(database: fleet.database, tenancy: tenancy).migrate(tanks, jobs: 3)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(reports.flatMap(\.tenants).filter({ $0.failure != nil }).isEmpty)
      let applied = reports.flatMap(\.tenants).flatMap { outcome in
        outcome.versions.map { "\(outcome.label) \($0)" }
      }
      #expect(applied.count == 48)
      #expect(Set(applied).count == 48)
      try await fleet.expectVersions("1,2,3", 16)
      await other.close()
    }
  }

  @Test(arguments: [true, false]) func throughPgBouncer(ofSessions: Bool) async throws {
    try await Fleet.with(tenants: 12) { fleet in
      try await TestPgBouncer.with(fleet.database, mode: ofSessions ? .session : .transaction) { url in
        let tenancy = try fleet.database.tenancy(url: url, connections: 8)
        let report = try await Fleet(database: fleet.database, tenancy: tenancy).migrate(tanks, jobs: 4)
        #expect(report.failures.isEmpty)
        try await fleet.expectVersions("1,2,3", 12)
        #expect(try await fleet.psql("SELECT to_regclass('public.tanks')") == "NULL")
        await tenancy.close()
      }
    }
  }

  /// Its search path would be the session's, and the pooler lends another session for each transaction.
  @Test func outsideOfATransactionNotThroughPgBouncer() async throws {
    try await Fleet.with(tenants: 2) { fleet in
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url)
        let files = [
          ("1", "CREATE TABLE tanks (id int);"),
          ("2", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY c ON tanks (id);"),
        ]
        let report = try await Fleet(database: fleet.database, tenancy: tenancy).migrate(files)
        for outcome in report.tenants {
          guard case .failed(TenancyProblem.poolerInBetween) = outcome.status else {
            Issue.record("\(outcome)")
            continue
          }
        }
        try await fleet.expectVersions("1", 2)
        await tenancy.close()
      }
    }
  }

  @Test(arguments: [1, 4]) func aFailureLeavesTheOthersAlone(jobs: Int) async throws {
    try await Fleet.with(tenants: 6) { fleet in
      try await fleet.psql("CREATE TABLE t02.trap ()")
      let files =
        tanks + [("4", "CREATE TABLE fine ();\n\nCREATE TABLE\n  trap ();"), ("5", "SELECT 1;")]
      let report = try await fleet.migrate(files, jobs: jobs)
      let failed = report.tenants.filter({ $0.failure != nil })
      #expect(failed.map(\.label) == ["t02"])
      #expect(failed[0].versions.map(\.rawValue) == ["1", "2", "3"])
      let failure = try #require(failed[0].migrationFailure)
      #expect(failure.reason == .refused)
      #expect(failure.server?.sqlState == "42P07")
      #expect((failure.version.rawValue, failure.line) == ("4", 3))
      #expect(try await fleet.versions("t02") == "1,2,3")
      #expect(try await fleet.psql("SELECT to_regclass('t02.fine')") == "NULL")
      #expect(try await fleet.versions("t01") == "1,2,3,4,5")
      // The same run again is the resume.
      try await fleet.psql("DROP TABLE t02.trap")
      let again = try await fleet.migrate(files, jobs: jobs)
      #expect(again.tenants.filter { !$0.isUpToDate }.map(\.label) == ["t02"])
      try await fleet.expectVersions("1,2,3,4,5", 6)
    }
  }

  @Test(arguments: [
    // position, line, column, excerpt
    ("SELECT 1;\nSELECT é, nonsense;", 2, 8, "SELECT é, nonsense;"),
    ("\n\n  SELECT 1/0;", 3, 3, "SELECT 1/0;"),
    ("/* a */ SELECT\n 'é', x;", 2, 7, " 'é', x;"),
  ]) func theFailuresPlace(sql: String, line: Int, column: Int, excerpt: String) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      let failure = try #require(try await fleet.migrate([("1", sql)]).tenants[0].migrationFailure)
      #expect((failure.line, failure.column) == (line, column))
      #expect(failure.excerpt?.drop { $0 == " " } == excerpt.drop { $0 == " " })
    }
  }

  @Test func aMissingSchema() async throws {
    try await Fleet.with(tenants: 3) { fleet in
      try await fleet.psql("DROP SCHEMA t01 CASCADE")
      let report = try await fleet.migrate(tanks)
      #expect(report.tenants.map({ $0.failure != nil }) == [false, true, false])
      guard case .failed(TenancyProblem.schemaMissing("t01", _)) = report.tenants[1].status else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(try await fleet.schemas() == "t00 t02")
    }
  }

  @Test(arguments: [1, 2, 3]) func resumesOutsideOfATransaction(failing: Int) async throws {
    try await Fleet.with(tenants: 1) { fleet in
      try await fleet.migrate([tanks[0]])
      let statements = [
        "CREATE INDEX CONCURRENTLY a ON tanks (id);", "CREATE INDEX CONCURRENTLY b ON tanks (id);",
        "CREATE INDEX CONCURRENTLY c ON tanks (id);",
      ]
      let sql = "-- migrate:up transaction:false\n" + statements.joined(separator: "\n")
      let name = ["a", "b", "c"][failing - 1]
      try await fleet.psql("CREATE TABLE t00.\(name) ()")
      let failed = try await fleet.migrate([tanks[0], ("2", sql)])
      #expect(failed.tenants[0].migrationFailure?.line == failing + 1)
      let progress = "SELECT statements_done, statements_total FROM t00.schema_migrations WHERE version = '2'"
      #expect(try await fleet.psql(progress) == (failing == 1 ? "" : "\(failing - 1)|3"))
      // A later one waits for it.
      let stuck = try await fleet.migrate([tanks[0], ("2", sql), ("3", "CREATE TABLE later ();")])
      #expect(stuck.tenants[0].failure != nil)
      #expect(try await fleet.psql("SELECT to_regclass('t00.later')") == "NULL")

      try await fleet.psql("DROP TABLE t00.\(name)")
      let resumed = try await fleet.migrate([tanks[0], ("2", sql)])
      #expect(resumed.tenants[0].versions.map(\.rawValue) == ["2"])
      #expect(try await fleet.psql(progress) == "3|3")
      #expect(
        try await fleet.psql(
          "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text ~ '^t00.[abc]$'")
          == "3")
      #expect(try await fleet.migrate([tanks[0], ("2", sql)]).tenants[0].isUpToDate)
    }
  }

  @Test func anEditedFileRefusesTheWholeRun() async throws {
    try await Fleet.with(tenants: 3) { fleet in
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: ["t01"]), MigrationSet(texts: [tanks[0]])))
      let before = try await fleet.psql("SELECT count(*) FROM pg_class")
      let edited = [("1", "CREATE TABLE tanks (id bigint);"), tanks[1]]
      let changed = try MigrationOccurrence(
        version: MigrationVersion(parsing: "1"), path: "migrations/1_x.sql", tenants: ["t01"])
      await #expect(throws: TenancyProblem.checksumMismatch([changed])) { try await fleet.migrate(edited) }
      #expect(try await fleet.psql("SELECT count(*) FROM pg_class") == before)
    }
  }

  @Test func theSharedSchemaComesFirst() async throws {
    try await Fleet.with(tenants: 2) { fleet in
      let shared = [try migration("1", "CREATE TABLE plans (id int PRIMARY KEY);")]
      let tenant = [try migration("1", "CREATE TABLE subscriptions (plan int REFERENCES plans);")]
      let set = MigrationSet(tenant: tenant, shared: shared)
      let plan = try await fleet.tenancy.planMigration(FleetSelection(names: nil), set)
      let report = await fleet.tenancy.migrate(plan)
      #expect(report.shared?.versions.map(\.rawValue) == ["1"])
      #expect(report.tenants.filter({ $0.failure != nil }).isEmpty)
      #expect(try await fleet.psql("SELECT count(*) FROM pg_class WHERE relname = 'plans'") == "1")
      #expect(try await fleet.versions("public") == "1")

      let broken = MigrationSet(
        tenant: tenant + [try migration("2", "SELECT 1;")],
        shared: shared + [try migration("2", "SELECT 1/0;")])
      let failed = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: nil), broken))
      #expect(failed.shared?.outline == "failed")
      #expect(failed.tenants.map(\.outline) == ["not run", "not run"])
      #expect(try await fleet.versions("t00") == "1")
    }
  }

  @Test func toAVersion() async throws {
    try await Fleet.with(tenants: 1) { fleet in
      let version = try MigrationVersion(parsing: "2")
      let set = try MigrationSet(texts: tanks)
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: nil), set, to: version))
      #expect(try await fleet.versions("t00") == "1,2")
      let none = try MigrationVersion(parsing: "7")
      await #expect(throws: TenancyProblem.versionNotFound("7")) {
        try await fleet.tenancy.planMigration(FleetSelection(names: nil), set, to: none)
      }
      // The shared schema has no down sections to undo what is newer.
      let shared = try ["1", "3"].map { try migration($0, "CREATE TABLE public.shared_\($0) ();") }
      let both = MigrationSet(tenant: set.tenant, shared: shared)
      let report = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: nil), both, to: version))
      #expect(report.shared?.versions.map(\.rawValue) == ["1"])
    }
  }

  /// A session that is killed while it migrates fails that tenant only.
  @Test(.timeLimit(.minutes(20))) func aKilledSession() async throws {
    try await Fleet.with(tenants: 3) { fleet in
      try await fleet.psql("CREATE TABLE t01.gate ()")
      let files = [("1", "CREATE TABLE IF NOT EXISTS gate ();\nLOCK TABLE gate;")]
      let report = try await fleet.database.whileHolding("LOCK TABLE t01.gate") { holder in
        let task = Task { try await fleet.migrate(files) }
        try await holder.kill(try await holder.blocked())
        return try await task.value
      }
      #expect(report.tenants.map({ $0.failure != nil }) == [false, true, false])
      guard case .failed(TenancyProblem.connectionLost) = report.tenants[1].status else {
        Issue.record("\(report.tenants[1].status)")
        return
      }
      #expect(try await fleet.migrate(files).tenants.map(\.isUpToDate) == [true, false, true])
    }
  }

  /// One tenant's connection breaks, the next one's cannot be made, and that is enough of it.
  @Test func stopsWhereNoConnectionIsToBeHad() async throws {
    try await Fleet.with(connections: 1) { fleet in
      for name in ["acme", "reef", "rock"] { try await fleet.create(name) }
      let files = try MigrationSet(texts: [("1", "SELECT pg_terminate_backend(pg_backend_pid());")])
      let plan = try await fleet.tenancy.planMigration(.all, files)
      try await fleet.psql("UPDATE pg_database SET datallowconn = false WHERE datname = current_database()")
      let statuses = await fleet.tenancy.migrate(plan).tenants.map(\.status)
      guard
        case (.failed(TenancyProblem.connectionLost), .failed(TenancyProblem.cannotConnect), .notRun) = (
          statuses[0], statuses[1], statuses[2]
        )
      else {
        Issue.record("\(statuses)")
        return
      }
    }
  }

  /// Waits for nobody for long, and tries again when the lock is free.
  @Test(.timeLimit(.minutes(20))) func aLockedTable() async throws {
    try await Fleet.with(tenants: 2) { fleet in
      try await fleet.migrate([tanks[0]])
      let files = [
        tanks[0], ("2", "-- migrate:up lock_timeout:10ms\nALTER TABLE tanks ADD COLUMN name text;"),
      ]
      let report = try await fleet.database.whileHolding("LOCK TABLE t00.tanks IN ACCESS SHARE MODE") { _ in
        try await fleet.migrate(files, retries: 1)
      }
      #expect(report.tenants.map({ $0.failure != nil }) == [true, false])
      #expect(report.tenants[0].migrationFailure?.reason == .locked)
      #expect(try await fleet.versions("t00") == "1")
      #expect(try await fleet.migrate(files).tenants.map(\.isUpToDate) == [false, true])
    }
  }
}
