import TestSupport
import Testing

@testable import Tenancy

/// On Citus the ledger's rows are on a worker, whose transactions have other numbers than those of the coordinator, where the
/// catalog is: which of an index and a row is older, only a comment in the catalog tells.
@Suite struct DistributedIndexTests {
  private static func files() throws -> [MigrationFile] {
    try [
      migration("1", "CREATE TABLE t (id int, other int);"),
      migration("2", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (id);"),
    ]
  }

  /// As a run that was killed leaves it. The row is older than all that follows.
  private static func with(_ body: (Fleet, [MigrationFile]) async throws -> Void) async throws {
    try await Fleet.withDistributed { fleet in
      let files = try files()
      try await fleet.populate(["a"])
      #expect(try await fleet.migrate([files[0]]).outline == "a: 1")
      try await fleet.psql(
        """
        INSERT INTO a.schema_migrations (version, name, checksum, statements_done, statements_total)
        VALUES ('2', 'x', '\(files[1].checksum.rawValue)', 0, 1);
        COMMENT ON TABLE a.schema_migrations IS NULL
        """)
      try await body(fleet, files)
    }
  }

  private static let begun =
    "COMMENT ON TABLE a.schema_migrations IS 'tenantctl unfinished version=2 up statements_done=0'"

  @Test(arguments: [
    begun, "SELECT", begun.replacing("version=2", with: "version=1"),
    begun.replacing("done=0", with: "done=1"),
  ])
  func anIndexThatWasThereBeforeIsNotTheMigrations(comment: String) async throws {
    try await Self.with { fleet, files in
      try await fleet.psql("CREATE INDEX i ON a.t (other)")
      try await fleet.psql(comment)
      let report = try await fleet.migrate(files)
      #expect(report.outline == "a: failed")
      #expect(report.tenants[0].migrationFailure?.server?.sqlState == "42P07")
      #expect(
        try await fleet.psql("SELECT statements_done FROM a.schema_migrations WHERE version = '2'") == "0")
    }
  }

  /// A comment of another file or statement says nothing of this one, though it is older than the index.
  @Test(arguments: [
    "SELECT", begun.replacing("version=2", with: "version=1"), begun.replacing("done=0", with: "done=1"),
    begun.replacing("up", with: "down"),
  ])
  func anIndexOfUnknownAgeIsNotTheMigrations(comment: String) async throws {
    try await Self.with { fleet, files in
      try await fleet.psql(comment)
      try await fleet.psql("CREATE INDEX i ON a.t (id)")
      #expect(try await fleet.migrate(files).outline == "a: failed")
    }
  }

  /// The worker has counted more transactions since than the coordinator.
  @Test func theIndexThatTheServerHasFinishedIsKept() async throws {
    try await Self.with { fleet, files in
      try await fleet.psql(Self.begun)
      try await fleet.psql("CREATE INDEX i ON a.t (id)")
      let index = try await fleet.psql("SELECT 'a.i'::regclass::oid")
      try await fleet.psql("UPDATE a.schema_migrations SET statements_done = 0 WHERE version = '2'")
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.psql("SELECT 'a.i'::regclass::oid") == index)
      #expect(try await fleet.ledger("a", of: files) == "1,2")
    }
  }

  /// The comment says how far it is, statement by statement, in both directions.
  @Test func theCommentFollowsTheLedger() async throws {
    try await Fleet.withDistributed { fleet in
      let text = """
        -- migrate:up transaction:false
        CREATE TABLE u (id int);
        CREATE INDEX CONCURRENTLY i ON t (id);
        DROP TABLE a.obstacle;
        -- migrate:down transaction:false
        DROP INDEX CONCURRENTLY i;
        DROP TABLE a.obstacle;
        DROP TABLE u;
        """
      let files = try [Self.files()[0], migration("2", text)]
      try await fleet.populate(["a"])
      #expect(try await fleet.migrate(files).outline == "a: failed")
      let comment = "SELECT obj_description('a.schema_migrations'::regclass)"
      #expect(try await fleet.psql(comment) == "tenantctl unfinished version=2 up statements_done=2")
      try await fleet.psql("CREATE TABLE a.obstacle ()")
      #expect(try await fleet.migrate(files).outline == "a: 2")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: failed")
      #expect(try await fleet.psql(comment) == "tenantctl unfinished version=2 down statements_done=1")
      let findings = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(
        !findings.contains { if case .wrongHead = $0 { true } else { false } }, "\(findings)")
      try await fleet.psql("CREATE TABLE a.obstacle ()")
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: 2")
      #expect(try await fleet.ledger("a", of: files) == "1")
    }
  }
}
