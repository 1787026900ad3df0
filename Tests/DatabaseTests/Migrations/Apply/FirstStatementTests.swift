import TestSupport
import Testing

@testable import Tenancy

/// A file outside of a transaction whose first statement fails has changed nothing: it is as if it had not begun.
@Suite struct FirstStatementTests {
  private static let state = """
    SELECT string_agg(concat_ws('|', version, statements_done), ' ' ORDER BY version),
      obj_description('a.schema_migrations'::regclass, 'pg_class') FROM a.schema_migrations
    """

  private static let statements = [
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t1 (id);\nCREATE TABLE more ();",
    "ALTER TABLE t1 ADD y int CHECK (1/0 = y);",
    "CREATE TABLE public.t ();\nVACUUM t1;", "VACUUM nothing;", "DROP INDEX CONCURRENTLY nothing;",
  ]

  @Test(arguments: statements) func theLedgerIsAsBefore(statements: String) async throws {
    try await Fleet.withTable(andFile: statements) { fleet, files in
      try await fleet.psql("INSERT INTO a.t1 VALUES (1), (1); CREATE TABLE public.t ()")
      let before = try await fleet.psql(Self.state)
      #expect(try await fleet.migrate(files).outline == "a: failed")
      #expect(try await fleet.psql(Self.state) == before)
      #expect(try await fleet.psql("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0")
      // So the file may be edited, and given up.
      let edited = try migration(
        "2", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY other ON t1 (id);")
      #expect(try await fleet.migrate([files[0], tableMigration(3)]).outline == "a: 3")
      #expect(try await fleet.migrate([files[0], edited, tableMigration(3)]).outline == "a: 2")
    }
  }

  /// Of a procedure that commits, a part may have happened; and what comes after the first statement is counted.
  @Test(arguments: ["CALL step();", "CREATE TABLE done ();\nSELECT 1/0;"])
  func whatHasChangedSomethingIsBegun(statements: String) async throws {
    try await Fleet.withTable(andFile: statements) { fleet, files in
      try await fleet.psql(
        """
        CREATE PROCEDURE a.step() LANGUAGE plpgsql AS $$BEGIN
          INSERT INTO t1 VALUES (1); COMMIT; RAISE division_by_zero; END$$
        """)
      #expect(try await fleet.migrate(files).outline == "a: failed")
      let rows = "SELECT statements_done FROM a.schema_migrations WHERE version = '2'"
      #expect(try await fleet.psql(rows) == (statements.hasPrefix("CALL") ? "0" : "1"))
    }
  }

  /// A rollback that could not undo anything does not stand in the way of `migrate`.
  @Test(arguments: [true, false]) func aRollbackIsTakenBack(isWhole: Bool) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let up = "CREATE TABLE one ();\nCREATE TABLE two ();"
      let files = try [
        tableMigration(1),
        migration(
          "2",
          "-- migrate:up transaction:false\n\(up)\n-- migrate:down transaction:false\nDROP TABLE two;\nDROP TABLE one;"
        ),
      ]
      try await fleet.migrate([files[0]])
      if !isWhole { try await fleet.psql("CREATE TABLE a.two ()") }
      #expect(try await fleet.migrate(files).outline == (isWhole ? "a: 2" : "a: failed"))
      try await fleet.psql("DROP TABLE a.two")
      let before = try await fleet.psql(Self.state)
      #expect(try await fleet.rollback(files, .steps(1)).outline == "a: failed")
      #expect(try await fleet.psql(Self.state) == before)
      #expect(try await fleet.migrate(files).outline == (isWhole ? "a: up to date" : "a: 2"))
      #expect(try await fleet.psql("SELECT to_regclass('a.two')") == (isWhole ? "NULL" : "a.two"))
    }
  }

  /// What status tells is what list and show tell.
  @Test func whatIsBegunIsNotTheHead() async throws {
    try await Fleet.withTable(andFile: "CREATE TABLE done ();\nSELECT 1/0;") { fleet, files in
      try await fleet.migrate(files)
      let survey = try #require(
        try await fleet.tenancy.survey(.all, MigrationSet(tenant: files, shared: [])).tenants.first)
      #expect((survey.finishedHead, survey.finishedCount) == (files[0].version, 1))
    }
  }
}
