import TestSupport
import Testing

@testable import Tenancy

@Suite struct RepairTests {
  private func repair(
    _ fleet: Fleet, _ files: [MigrationFile], shared: [MigrationFile] = [], _ selection: FleetSelection = .all
  ) async throws -> [String] {
    let set = MigrationSet(tenant: files, shared: shared)
    let version = try #require((files + shared).first).version
    return try await fleet.tenancy.planRepair(version, selection, set).apply().file.tenants
  }

  @Test func acceptsTheNewText() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c"])
      let files = try (1...2).map(tableMigration)
      try await fleet.migrate(files)
      let edited = try [migration("1", "-- Tanks.\nCREATE TABLE t1 (id integer)"), files[1]]
      await #expect(throws: TenancyProblem.self) { try await fleet.migrate(edited) }

      let only = FleetSelection(names: ["b"])
      #expect(try await repair(fleet, edited, only) == ["b"])
      #expect(try await fleet.ledger("b", of: edited) == "1,2")
      #expect(try await repair(fleet, edited) == ["a", "c"])
      #expect(try await repair(fleet, edited) == [])
      for name in ["a", "b", "c"] { #expect(try await fleet.ledger(name, of: edited) == "1,2") }
      #expect(try await fleet.migrate(edited).outline == "a: up to date; b: up to date; c: up to date")
    }
  }

  @Test func acceptsItInTheSharedSchema() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      try await fleet.migrate([], shared: [tableMigration(1)])
      let edited = try migration("1", "SELECT 1")
      #expect(try await repair(fleet, [], shared: [edited]) == ["public"])
      #expect(try await fleet.ledger("public", of: [edited]) == "1")
      await #expect(throws: TenancyProblem.versionNotFound("7")) {
        try await fleet.tenancy.planRepair(
          MigrationVersion(parsing: "7"), .all, MigrationSet(tenant: [], shared: [edited]))
      }
    }
  }

  /// A file that fails half-way in that direction: the rest of it is what comes after its first statement.
  private func file(_ direction: MigrationDirection, _ rest: String, options: String = " transaction:false")
    throws -> [MigrationFile]
  {
    let parts = direction == .up ? (rest, "") : ("CREATE TABLE b ();", rest)
    return [
      try migration(
        "1",
        """
        -- migrate:up\(direction == .up ? options : " transaction:false")
        CREATE TABLE a ();
        \(parts.0)
        -- migrate:down\(direction == .down ? options : " transaction:false")
        DROP TABLE a;
        \(parts.1)
        """)
    ]
  }

  /// Runs the file in that direction until it fails.
  private func begin(_ file: [MigrationFile], _ direction: MigrationDirection, _ fleet: Fleet) async throws {
    try await fleet.populate(["a"])
    let applied = try await fleet.migrate(file).outline
    #expect(applied == (direction == .up ? "a: failed" : "a: 1"))
    guard direction == .down else { return }
    #expect(try await fleet.rollback(file, .steps(1)).outline == "a: failed")
  }

  /// The rest of the repaired file runs: the head comment must not say that all of it is done.
  @Test func aFileThatIsHalfApplied() async throws {
    try await Fleet.with { fleet in
      try await begin(file(.up, "ALTER TABLE nothing ADD c int; CREATE TABLE b ();"), .up, fleet)
      let edited = try file(.up, "ALTER TABLE a ADD c int; CREATE TABLE b ();")
      #expect(try await repair(fleet, edited) == ["a"])
      #expect(try await fleet.migrate(edited).outline == "a: 1")
      #expect(try await fleet.ledger("a", of: edited) == "1")
      #expect(try await fleet.psql("SELECT to_regclass('a.b')") == "a.b")
      #expect(
        try await fleet.psql("SELECT statements_done, statements_total FROM a.schema_migrations") == "3|3")
    }
  }

  @Test func aFileThatIsHalfUndone() async throws {
    try await Fleet.with { fleet in
      try await begin(file(.down, "DROP TABLE nothing;"), .down, fleet)
      let edited = try file(.down, "DROP TABLE b;")
      #expect(try await repair(fleet, edited) == ["a"])
      #expect(try await fleet.migrate(edited).tenants[0].migrationFailure?.reason == .halfUndone)
      #expect(try await fleet.rollback(edited, .steps(1)).outline == "a: 1")
      #expect(try await fleet.psql("SELECT to_regclass('a.b') IS NULL") == "t")
    }
  }

  /// All that is left was taken out of the file.
  @Test(arguments: [MigrationDirection.up, .down])
  func aFileThatHasBecomeShorter(direction: MigrationDirection) async throws {
    try await Fleet.with { fleet in
      try await begin(file(direction, "DROP TABLE nothing;"), direction, fleet)
      let edited = try file(direction, "")
      #expect(try await repair(fleet, edited) == ["a"])
      if direction == .up {
        #expect(try await fleet.migrate(edited).outline == "a: up to date")
        #expect(try await fleet.ledger("a", of: edited) == "1")
      } else {
        #expect(try await fleet.rollback(edited, .steps(1)).outline == "a: 1")
        #expect(try await fleet.ledger("a", of: []) == "none")
      }
    }
  }

  /// One transaction cannot begin in the middle of the file.
  @Test(arguments: [MigrationDirection.up, .down])
  func aFileThatHasBecomeOneTransaction(direction: MigrationDirection) async throws {
    try await Fleet.with { fleet in
      let first = try file(direction, "DROP TABLE nothing;")
      try await begin(first, direction, fleet)
      let edited = try file(direction, "DROP TABLE IF EXISTS nothing;", options: "")
      let occurrence = MigrationOccurrence(version: edited[0].version, path: edited[0].path, tenants: ["a"])
      await #expect(throws: TenancyProblem.begunStatementwise([occurrence])) {
        try await repair(fleet, edited)
      }
      let again = try file(direction, "DROP TABLE IF EXISTS nothing;")
      #expect(try await repair(fleet, again) == ["a"])
    }
  }

  @Test func anotherSessionWasFaster() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let files = try (1...2).map(tableMigration)
      try await fleet.migrate(Array(files.prefix(1)))
      let edited = try [migration("1", "SELECT 1"), files[1]]
      let plan = try await fleet.tenancy.planRepair(
        edited[0].version, .all, MigrationSet(tenant: edited, shared: []))
      // A comment written by the plan would hide the second migration.
      try await fleet.migrate(files)
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.ledger("a", of: files) == "1,2")
      #expect(try await repair(fleet, edited) == ["a"])
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
    }
  }

  /// Another tool, such as dbmate, writes the row and not the comment.
  @Test func aCommentThatIsBehind() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b"])
      let files = try (1...2).map(tableMigration)
      try await fleet.migrate(files)
      let old = LedgerHistory(of: files.prefix(1)).head.comment
      for name in ["a", "b"] {
        try await fleet.psql("COMMENT ON TABLE \(name).schema_migrations IS '\(old)'")
      }
      #expect(try await repair(fleet, files, FleetSelection(names: ["a"])) == ["a"])
      #expect(try await fleet.ledger("a", of: files) == "1,2")
      // A run that finds out mends it, too.
      #expect(try await fleet.migrate(files).outline == "a: up to date; b: up to date")
      #expect(try await fleet.ledger("b", of: files) == "1,2")
    }
  }
}
