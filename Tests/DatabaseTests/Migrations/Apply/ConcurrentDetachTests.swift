import TestSupport
import Testing

@testable import SQLText
@testable import Tenancy

/// DETACH PARTITION CONCURRENTLY, which commits in between.
@Suite struct ConcurrentDetachTests {
  private static let detach = "ALTER TABLE p DETACH PARTITION q CONCURRENTLY;"

  /// Runs a file whose DETACH is cut off between its two transactions.
  /// - Parameter before: a statement of the file before it.
  private func cutOff(
    _ statement: String = detach, before: String = "", _ body: (Fleet, [MigrationFile]) async throws -> Void
  ) async throws {
    try await Fleet.withTable(andFile: "\(before)\n\(statement)\nDROP TABLE q;") { fleet, files in
      try await fleet.psql(
        "CREATE TABLE a.p (k int) PARTITION BY RANGE (k); CREATE TABLE a.q PARTITION OF a.p FOR VALUES FROM (1) TO (10)"
      )
      try await fleet.database.whileHolding("SELECT FROM a.p") { observer in
        let run = Task { try await fleet.migrate(files) }
        _ = try await observer.awaited("SELECT 1 FROM pg_inherits WHERE inhdetachpending")
        run.cancel()
        _ = try? await run.value
      }
      #expect(try await fleet.psql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == "1")
      try await body(fleet, files)
    }
  }

  private func finishes(_ fleet: Fleet, _ files: [MigrationFile]) async throws {
    #expect(try await fleet.migrate(files).outline == "a: 2")
    #expect(try await fleet.psql("SELECT count(*), to_regclass('a.q') FROM pg_inherits") == "0|NULL")
    #expect(try await fleet.ledger("a", of: files) == "1,2")
  }

  @Test(arguments: [
    ("", detach), ("CREATE TABLE x ();", detach),
    ("", "alter table if exists only p\n  detach partition \"q\" concurrently ;"),
    ("", "ALTER TABLE a.p DETACH PARTITION a.q CONCURRENTLY;"),
  ])
  func isFinalized(before: String, statement: String) async throws {
    try await cutOff(statement, before: before) { fleet, files in try await finishes(fleet, files) }
  }

  /// As PostgreSQL's hint says, by hand.
  @Test func oneThatSomebodyHasFinalizedIsDone() async throws {
    try await cutOff { fleet, files in
      try await fleet.psql("ALTER TABLE a.p DETACH PARTITION a.q FINALIZE")
      try await finishes(fleet, files)
    }
  }

  /// It may be another table than the one that is meant, and was never detached.
  @Test(arguments: ["CREATE TABLE a.q (k int)", "SELECT 1"]) func oneThatIsNoPartition(make: String)
    async throws
  {
    try await Fleet.withTable(andFile: Self.detach) { fleet, files in
      try await fleet.psql("CREATE TABLE a.p (k int) PARTITION BY RANGE (k); \(make)")
      for _ in 1...2 {
        let failure = try await fleet.migrate(files).tenants[0].migrationFailure
        #expect(failure?.reason == .refused)
      }
    }
  }

  /// Cut off before it has changed anything.
  @Test func oneThatHasNotBegunIsRun() async throws {
    try await Fleet.withTable(andFile: "\(Self.detach)\nDROP TABLE q;") { fleet, files in
      #expect(try await fleet.migrate(files).tenants[0].migrationFailure?.reason == .refused)
      try await fleet.psql(
        "CREATE TABLE a.p (k int) PARTITION BY RANGE (k); CREATE TABLE a.q PARTITION OF a.p FOR VALUES FROM (1) TO (10)"
      )
      try await finishes(fleet, files)
    }
  }

  @Test(arguments: [
    "ALTER TABLE p DETACH PARTITION q", "ALTER TABLE p DETACH PARTITION q FINALIZE",
    "ALTER TABLE p ATTACH PARTITION q DEFAULT", "DROP INDEX CONCURRENTLY i",
    "ALTER INDEX p ATTACH PARTITION q",
  ]) func otherStatements(text: String) throws {
    let statement = try #require(SQLScript(Array(text.utf8)).statements.first)
    #expect(ConcurrentDetach(statement) == nil)
  }
}
