import TestSupport
import Testing

@testable import Tenancy

/// A migration that another run has begun to apply or to undo, and not finished: nothing is put on top of it unseen.
@Suite struct UnfinishedMigrationTests {
  /// The second file's down section fails half-way, as long as there is no table `obstacle`.
  private static func files() throws -> [MigrationFile] {
    let outside = """
      -- migrate:up transaction:false
      CREATE INDEX CONCURRENTLY i ON t1 (id);
      -- migrate:down transaction:false
      DROP INDEX CONCURRENTLY IF EXISTS i;
      DROP TABLE obstacle;
      """
    return try [tableMigration(1), migration("2", outside), tableMigration(3), tableMigration(4)]
  }

  private static func with(
    _ count: Int, _ body: (Fleet, [MigrationFile]) async throws -> Void
  ) async throws {
    try await Fleet.with { fleet in
      let files = try files()
      try await fleet.populate(["a"])
      try await fleet.migrate(Array(files.prefix(count)))
      try await body(fleet, files)
    }
  }

  /// The plan was made when the second migration was whole.
  @Test func nothingIsAppliedOnTopOfARollback() async throws {
    try await Self.with(2) { fleet, files in
      let plan = try await fleet.tenancy.planMigration(.all, MigrationSet(tenant: files, shared: []))
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: failed")
      let report = await fleet.tenancy.migrate(plan)
      #expect(report.tenants[0].migrationFailure?.reason == .halfUndone)
      #expect(try await fleet.state() == "1|1 2|-2")
      #expect(try await fleet.comment() == "")
    }
  }

  /// The plan was made when the second migration was the newest.
  @Test func nothingIsUndoneBelowWhatWasApplied() async throws {
    try await Self.with(2) { fleet, files in
      let plan = try await fleet.planRollback(files, .steps(1))
      try await fleet.migrate(files)
      guard
        case .failed(TenancyProblem.changedMeanwhile) = await fleet.tenancy.migrate(plan).tenants[0].status
      else {
        Issue.record("it was undone")
        return
      }
      #expect(try await fleet.ledger("a", of: files) == "1,2,3,4")
    }
  }

  /// The same between the reading of the ledger and the record that the file is begun, where only the ledger's lock decides.
  @Test(arguments: [MigrationDirection.up, .down])
  func theRecordOfABeginCountsWhatIsFinished(direction: MigrationDirection) async throws {
    try await Self.with(direction == .up ? 1 : 2) { fleet, files in
      let survey = try #require(
        try await fleet.tenancy.survey(.all, MigrationSet(tenant: files, shared: []), verify: true).tenants
          .first)
      let frame = try await fleet.tenancy.frame()
      let begin = SchemaProgress(survey).statementwise(files[1], direction, frame).begin
      try await fleet.migrate([files[0]] + (direction == .up ? [] : [files[1]]) + [files[2]])
      let before = try await fleet.state()
      await #expect(throws: MigrationStatementError.self) {
        try await fleet.tenancy.connected { try await begin.run(over: $0) }
      }
      #expect(try await fleet.state() == before)
    }
  }

  /// A deployment was taken back: nothing says what is left to do.
  @Test func nothingIsAppliedWithoutItsFile() async throws {
    try await Self.with(2) { fleet, files in
      try await fleet.psql("UPDATE a.schema_migrations SET statements_done = 0 WHERE version = '2'")
      try await fleet.psql("COMMENT ON TABLE a.schema_migrations IS NULL")
      for left in [[files[0]], [files[0], files[2]]] {
        guard
          case .failed(TenancyProblem.unfinishedWithoutFile)? = try await fleet.migrate(left).tenants.first?
            .status
        else {
          Issue.record("it was not refused")
          return
        }
      }
      #expect(try await fleet.state() == "1|1 2|0")
    }
  }

  /// However it got below newer ones: it is what the next rollback finishes, and everybody sees it until then.
  @Test func aRollbackBelowNewerMigrationsIsFinishedFirst() async throws {
    try await Self.with(4) { fleet, files in
      try await fleet.psql(
        """
        UPDATE a.schema_migrations SET statements_done = -2 WHERE version = '2';
        COMMENT ON TABLE a.schema_migrations IS NULL;
        CREATE TABLE a.obstacle ()
        """)
      #expect(try await fleet.migrate(files).tenants[0].migrationFailure?.reason == .halfUndone)
      #expect(try await fleet.planRollback(files, .steps(2)).pending(0) == "2,4")
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: 2")
      #expect(try await fleet.ledger("a", of: files) == "1,3,4")
    }
  }

  /// A comment would say that the migration in between is whole.
  @Test func noCommentHidesIt() async throws {
    try await Self.with(4) { fleet, files in
      try await fleet.psql(
        """
        UPDATE a.schema_migrations SET statements_done = -2 WHERE version = '2';
        COMMENT ON TABLE a.schema_migrations IS NULL
        """)
      #expect(try await fleet.rollback(files, .to(files[1].version)).outline == "a: 4,3")
      #expect(try await fleet.comment() == "")
      let late = try migration("05", "CREATE TABLE late ()")
      #expect(try await fleet.migrate([files[0], late, files[1]]).outline == "a: failed")
      #expect(try await fleet.state() == "05|1 1|1 2|-2")
      #expect(try await fleet.comment() == "")
    }
  }
}

extension MigrationPlan {
  fileprivate func pending(_ index: Int) -> String {
    pending(tenants[index]).map(\.version.rawValue).joined(separator: ",")
  }
}

extension Fleet {
  fileprivate func state() async throws -> String {
    try await psql(
      "SELECT string_agg(version || '|' || statements_done, ' ' ORDER BY version) FROM a.schema_migrations")
  }

  fileprivate func comment() async throws -> String {
    try await psql("SELECT coalesce(obj_description('a.schema_migrations'::regclass, 'pg_class'), '')")
  }
}
