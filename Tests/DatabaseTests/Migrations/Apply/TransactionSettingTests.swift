import TestSupport
import Testing

@testable import Tenancy

/// What a file sets for its transaction goes out before tenantctl's own statements.
@Suite struct TransactionSettingTests {
  private static let note =
    "INSERT INTO public.log SELECT current_schema(), current_setting('transaction_isolation');"
  private static let text = """
    -- migrate:up
    SET LOCAL lock_timeout = '1s';
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, DEFERRABLE;
    \(note)
    -- migrate:down
    SET LOCAL transaction_isolation TO 'serializable';
    \(note)
    """

  @Test func createMigrateAndRollback() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE public.log (tenant text, level text)")
      let files = try [
        tableMigration(1), migration("2", Self.text),
        migration("3", "-- migrate:up\n\(Self.note)\n-- migrate:down\nSELECT 1;"),
      ]
      try await fleet.create("new_", files)
      try await fleet.create("old_")
      #expect(try await fleet.migrate(files).tenants.allSatisfy(\.isDone))
      let log = "SELECT string_agg(tenant || ' ' || level, ', ' ORDER BY tenant, level) FROM public.log"
      #expect(
        try await fleet.psql(log)
          == "new_ read committed, new_ repeatable read, old_ read committed, old_ repeatable read")
      try await fleet.psql("TRUNCATE public.log")
      #expect(try await fleet.rollback(files, .steps(2)).outline == "new_: 3,2; old_: 3,2")
      #expect(try await fleet.psql(log) == "new_ serializable, old_ serializable")
    }
  }

  /// Behind PgBouncer a transaction begins by cleaning the session that others have used.
  @Test(arguments: ["SET TRANSACTION", "SET LOCAL TRANSACTION", "SET SESSION TRANSACTION"])
  func behindAPooler(spelling: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE public.log (tenant text, level text)")
      let set = "\(spelling) ISOLATION LEVEL REPEATABLE READ;\n\(Self.note)"
      let files = [try migration("1", "-- migrate:up\n\(set)\n-- migrate:down\n\(set)")]
      try await TestPgBouncer.with(fleet.database) { url in
        let pooled = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy(url: url))
        try await pooled.create("new_", files)
        try await pooled.create("old_")
        #expect(try await pooled.migrate(files).tenants.allSatisfy(\.isDone))
        #expect(try await pooled.rollback(files, .steps(1)).outline == "new_: 1; old_: 1")
        let wrong = [
          try migration("2", "\(spelling) ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\nSELECT 1 / 0;")
        ]
        let failure = try await pooled.migrate(wrong).tenants[0].migrationFailure
        #expect(failure?.line == 3)
        await pooled.tenancy.close()
      }
      #expect(
        try await fleet.psql("SELECT count(*), min(level), max(level) FROM public.log")
          == "4|repeatable read|repeatable read")
    }
  }

  /// PostgreSQL refuses it as it does in psql, at its place.
  @Test(arguments: [
    ("SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", 2, "25001"),
    ("SET TRANSACTION ISOLATION LEVEL NONSENSE;", 1, "42601"),
  ]) func tooLate(text: String, line: Int, sqlState: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old_")
      let failure = try await fleet.migrate([migration("1", text)]).tenants[0].migrationFailure
      #expect(failure?.line == line && failure?.server?.sqlState == sqlState)
    }
  }

  @Test(arguments: ["SET TRANSACTION READ ONLY;", "CREATE TABLE t (); SET TRANSACTION READ ONLY;"])
  func readOnly(text: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old_")
      let failure = try await fleet.migrate([migration("1", text)]).tenants[0].migrationFailure
      #expect(failure?.reason == .readOnly)
      #expect(try await fleet.psql("SELECT to_regclass('old_.t') IS NULL") == "t")
    }
  }

  /// Of two runs that meet, one applies the file, and the other finds it done.
  @Test func twoRuns() async throws {
    try await Fleet.with { fleet in
      let files = try [
        tableMigration(1),
        migration("2", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; INSERT INTO t1 DEFAULT VALUES;"),
      ]
      for number in 0..<5 { try await fleet.create("t\(number)") }
      try await fleet.migrate(Array(files.prefix(1)))
      let other = Fleet(database: fleet.database, tenancy: try fleet.database.tenancy())
      async let first = fleet.migrate(files)
      async let second = other.migrate(files)
      let reports = try await [first, second]
      for report in reports { #expect(!report.tenants.contains { !$0.isDone }, "\(report)") }
      await other.tenancy.close()
      for number in 0..<5 {
        let count = try await fleet.psql("SELECT count(*) FROM t\(number).t1")
        #expect(count == "1")
      }
    }
  }
}
