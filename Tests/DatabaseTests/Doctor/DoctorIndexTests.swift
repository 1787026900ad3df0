import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct DoctorIndexTests {
  /// The tenants a and b with a table of two equal rows, so that no unique index can be built.
  private func twins<T>(_ body: (Fleet) async throws -> T) async throws -> T {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b"])
      try await fleet.psql("CREATE TABLE a.t AS SELECT 1 AS id FROM generate_series(1, 2)")
      _ = try? await fleet.psql("CREATE UNIQUE INDEX CONCURRENTLY t_id ON a.t (id)")
      return try await body(fleet)
    }
  }

  private static let a = Tenant(name: "a", schema: SchemaName(stored: "a"), isActive: true)
  private func findings(_ fleet: Fleet) async throws -> [Finding] {
    try await fleet.tenancy.diagnose().entries.map(\.finding)
  }
  private func fix(_ fleet: Fleet) async throws -> [String] {
    try await fleet.tenancy.fix(fleet.tenancy.diagnose()).map(\.outline)
  }

  @Test func isBuiltAnew() async throws {
    try await twins { fleet in
      let before = try await findings(fleet)
      #expect(before == [.invalidIndex(Self.a, index: "t_id", .unbuilt)])
      // While the cause is there it stays as it was, and nothing is left beside it.
      let first = try await fix(fleet)
      #expect(first == ["failed: server"])
      let between = try await findings(fleet)
      #expect(between == before)
      try await fleet.psql("DELETE FROM a.t")
      let second = try await fix(fleet)
      #expect(second == ["fixed"])
      let after = try await findings(fleet)
      #expect(after == [])
      #expect(
        try await fleet.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a.t_id'::regclass") == "t")
    }
  }

  /// Nothing is built before the first lock is there, and nothing is lost by giving up.
  @Test(.timeLimit(.minutes(20))) func itsTableIsLocked() async throws {
    try await twins { fleet in
      let holder = try await fleet.database.holder(of: "LOCK TABLE a.t")
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(100))
      let outcomes = try await tenancy.fix(tenancy.diagnose()).map(\.outline)
      #expect(outcomes == ["failed: locked"])
      await holder.close()
    }
  }

  @Test func whatReindexLeavesIsDropped() async throws {
    try await twins { fleet in
      try await fleet.psql("DROP INDEX a.t_id; DELETE FROM a.t; CREATE UNIQUE INDEX t_id ON a.t (id)")
      // The duplicates come after the build has begun: the old index stays valid, the new one is left over.
      try await fleet.psql("ALTER INDEX a.t_id RENAME TO t_id_ccnew; CREATE UNIQUE INDEX t_id ON a.t (id)")
      try await fleet.psql(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a.t_id_ccnew'::regclass")
      let before = try await findings(fleet)
      #expect(before == [.invalidIndex(Self.a, index: "t_id_ccnew", .leftover)])
      let outcome = try await fix(fleet)
      #expect(outcome == ["fixed"])
      #expect(
        try await fleet.psql("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'a.t'::regclass")
          == "a.t_id")
    }
  }

  @Test func thatOfAMigrationIsTheMigrations() async throws {
    try await twins { fleet in
      let files = try [migration("1", "-- migrate:up transaction:false\nSELECT 1; SELECT 1/0;")]
      try await fleet.migrate(files)
      let found = try await findings(fleet)
      #expect(found.contains(.invalidIndex(Self.a, index: "t_id", .unfinishedMigration(.up))))
      let outcomes = try await fix(fleet)
      #expect(Set(outcomes) == ["left"])
    }
  }

  /// The migration, or its rollback, may be what drops it.
  @Test func thatOfARollbackIsTheRollbacks() async throws {
    try await twins { fleet in
      let files = try [
        migration(
          "1", "-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\nCREATE TABLE x (); SELECT 1/0;")
      ]
      try await fleet.migrate(files)
      _ = try await fleet.rollback(files, .steps(1))
      let found = try await findings(fleet)
      #expect(found.contains(.invalidIndex(Self.a, index: "t_id", .unfinishedMigration(.down))))
    }
  }

  /// REINDEX TABLE builds those of the TOAST table, too.
  @Test func whatReindexLeavesOfATOASTTable() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b"])
      try await fleet.psql(
        "CREATE TABLE a.t (x text); CREATE TABLE b.t (x text); CREATE TABLE public.u (x text); INSERT INTO a.t VALUES ('x')"
      )
      for table in ["a.t", "public.u"] {
        try await fleet.database.whileHolding("UPDATE \(table) SET x = 'y'") { observer in
          let other = try await fleet.database.connect()
          let run = Task { try await other.query("REINDEX TABLE CONCURRENTLY \(unsafeRaw: table)") }
          _ = try await observer.awaited(Self.leftovers(of: table))
          run.cancel()
          _ = await run.result
          await other.close()
        }
      }
      let found = try await findings(fleet)
      let index = try await fleet.psql(
        "SELECT c.relname || '_index_ccnew' FROM pg_class c JOIN pg_class t ON t.reltoastrelid = c.oid WHERE t.oid = 'a.t'::regclass"
      )
      #expect(found == [.invalidIndex(Self.a, index: index, .leftoverOfTOAST(table: "t"))])
      #expect(try await fix(fleet) == ["fixed"])
      #expect(try await findings(fleet) == [])
      // That of a table that is no tenant's stays.
      let left =
        "SELECT count(*) FROM pg_index i WHERE NOT indisvalid AND indrelid::regclass::text ~ '^pg_toast'"
      #expect(try await fleet.psql(left) == "1")
    }
  }

  private static func leftovers(of table: String) -> SQL {
    """
    SELECT 1 FROM pg_index i JOIN pg_class t ON t.reltoastrelid = i.indrelid
    WHERE t.oid = \(literal: table)::regclass AND NOT i.indisvalid
    """
  }

  /// An index that another session is building is not valid yet. REINDEX makes all of a table's before it builds the first.
  @Test(arguments: ["CREATE INDEX CONCURRENTLY t_slow ON a.t (id)", "REINDEX TABLE CONCURRENTLY a.t"])
  func oneThatIsBeingBuilt(statement: String) async throws {
    try await twins { fleet in
      try await fleet.psql("DROP INDEX a.t_id; CREATE INDEX t_1 ON a.t (id); CREATE INDEX t_2 ON a.t (id)")
      let seen = try await fleet.database.whileHolding("SELECT txid_current()", "INSERT INTO a.t VALUES (7)")
      {
        try await during(statement, fleet, until: Self.isUnfinished, seenBy: $0) { try await findings(fleet) }
      }
      #expect(seen == [])
    }
  }

  /// VACUUM and ANALYZE take the lock of a build.
  @Test(arguments: ["VACUUM a.t", "ANALYZE a.t"]) func oneWhoseTableIsLookedAfter(statement: String)
    async throws
  {
    try await twins { fleet in
      try await fleet.psql(
        "INSERT INTO a.t SELECT 1 FROM generate_series(1, 20000); DELETE FROM a.t WHERE ctid > '(1,0)'")
      let seen = try await fleet.database.whileHolding("SELECT 1") {
        try await during(statement, fleet, until: Self.isLookedAfter, seenBy: $0) {
          try await findings(fleet)
        }
      }
      #expect(seen == [.invalidIndex(Self.a, index: "t_id", .unbuilt)])
    }
  }

  private static let isUnfinished: SQL =
    "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = 'a.t'::regclass HAVING count(*) > 0"
  private static let isLookedAfter: SQL = """
    SELECT l.pid FROM pg_locks l WHERE l.relation = 'a.t'::regclass AND l.granted AND l.pid IN (
      SELECT pid FROM pg_stat_progress_vacuum UNION ALL SELECT pid FROM pg_stat_progress_analyze)
    """

  /// What is seen while another session runs the statement, slowly; then it is cut off.
  private func during(
    _ statement: String, _ fleet: Fleet, until begun: SQL, seenBy observer: Connection,
    _ body: () async throws -> [Finding]
  ) async throws -> [Finding] {
    let other = try await fleet.database.connect()
    _ = try await other.query("SET vacuum_cost_limit TO 1")
    _ = try await other.query("SET vacuum_cost_delay TO '100ms'")
    let run = Task { try await other.query(SQL(unsafeRaw: statement)) }
    _ = try await observer.awaited(begun)
    let seen = try await body()
    run.cancel()
    _ = await run.result
    await other.close()
    return seen
  }
}
