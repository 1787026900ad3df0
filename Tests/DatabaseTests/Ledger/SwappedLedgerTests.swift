import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The owner of a schema puts a view in the place of a ledger after it was inspected: its functions would run as the role
/// that reads it next. Only who may drop the table can do that, so here the administrator's own session does.
@Suite struct SwappedLedgerTests {
  private static func with(_ body: (Fleet, [MigrationFile], Survey) async throws -> Void) async throws {
    try await Fleet.with { fleet in
      let files = try [tableMigration(1), tableMigration(2)]
      try await fleet.populate(["a"])
      try await fleet.migrate(files)
      try await fleet.psql("CREATE TABLE public.canary ()")
      let set = MigrationSet(tenant: files, shared: [])
      let survey = try #require(try await fleet.tenancy.survey(.all, set, verify: true).tenants.first)
      try await body(fleet, files, survey)
      #expect(try await fleet.psql("SELECT count(*) FROM public.canary") == "0")
    }
  }

  private static func swap(_ table: String, in fleet: Fleet) async throws {
    try await fleet.psql(
      """
      ALTER TABLE \(table) RENAME TO kept;
      CREATE FUNCTION a.sing() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.canary DEFAULT VALUES; RETURN 1; END';
      CREATE VIEW \(table) AS SELECT *, a.sing() AS song FROM a.kept
      """)
  }

  /// A table does as well as a view: what an immutable function in an index of it returns is worked out when a query is planned.
  @Test(arguments: ["", " transaction:false"]) func readForAFileThatNamesIt(options: String) async throws {
    try await Self.with { fleet, files, _ in
      let file = try migration("3", "-- migrate:up\(options)\nREVOKE ALL ON schema_migrations FROM PUBLIC;")
      let set = MigrationSet(tenant: files + [file], shared: [])
      let plan = try await fleet.tenancy.planMigration(.all, set)
      try await fleet.psql(
        """
        CREATE TABLE a.new (LIKE a.schema_migrations); DROP TABLE a.schema_migrations;
        ALTER TABLE a.new RENAME TO schema_migrations; CREATE SEQUENCE sung;
        CREATE FUNCTION a.sing(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
          $$ BEGIN PERFORM setval('public.sung', 42); RETURN 1; END $$;
        CREATE INDEX ON a.schema_migrations ((statements_done + a.sing(1)));
        SELECT setval('sung', 1)
        """)
      let report = await fleet.tenancy.migrate(plan)
      #expect(report.tenants[0].failure != nil, "\(report)")
      #expect(try await fleet.psql("SELECT last_value FROM sung") == "1")
    }
  }

  @Test func readForARecordOfAnotherSchema() async throws {
    try await Self.with { fleet, _, survey in
      try await Self.swap("a.schema_migrations", in: fleet)
      try await fleet.tenancy.connected { connection in
        _ = await #expect(throws: TenancyProblem.changedMeanwhile) {
          _ = try await survey.ledger.read(survey.ledger.readRecords, fleet.tenancy.limits, over: connection)
        }
      }
    }
  }

  @Test func readForTheStateOfAnIndex() async throws {
    try await Self.with { fleet, files, survey in
      try await fleet.psql("CREATE INDEX i ON a.t1 (id)")
      try await Self.swap("a.schema_migrations", in: fleet)
      try await fleet.tenancy.connected { connection in
        let steps = StatementSteps(
          files[1], .up, survey.ledger, Frame(limits: fleet.tenancy.limits), history: survey.history,
          state: survey.state)
        _ = await #expect(throws: TenancyProblem.changedMeanwhile) {
          _ = try await IndexState.find("i", for: steps, 0, over: connection)
        }
      }
    }
  }

  /// The table is made, or gets columns, after a wait in which the schema's name has come to lead elsewhere: nothing is
  /// written before it was looked at.
  @Test func writtenAfterItWasMade() async throws {
    try await Self.with { fleet, files, survey in
      let trust = survey.ledger.trust
      let made = LedgerUpdate(
        ledger: Ledger(schema: survey.schema, table: "other", trust: trust), hasLedger: false,
        records: [LedgerRecord(files[0])], history: LedgerHistory())
      let statements = made.steps(fleet.tenancy.limits)[0].statements.map(\.sql.inlined)
      let creation = try #require(statements.firstIndex { $0.hasPrefix("CREATE TABLE") })
      #expect(statements[creation + 1].contains("pg_catalog.ln("))
      var narrow = survey.ledger
      narrow.columns = ["version"]
      let begin = StatementSteps(
        files[0], .up, narrow, Frame(limits: TimeLimits()), history: survey.history, state: survey.state
      ).begin.statements.map(\.sql.inlined)
      let extended = try #require(begin.firstIndex { $0.hasPrefix("ALTER TABLE") })
      #expect(begin[extended + 1].contains("pg_catalog.ln("))
    }
  }

  /// Another tool's table, which is read once for the plan and once more when it is applied.
  @Test func anotherToolsTable() async throws {
    try await Self.with { fleet, _, survey in
      try await fleet.psql("CREATE TABLE a.other (version text); INSERT INTO a.other VALUES ('1')")
      let source = Ledger(schema: survey.schema, table: "other", trust: survey.ledger.trust)
      let limits = fleet.tenancy.limits
      try await fleet.tenancy.connected { connection in
        let rows = try await Array(
          connection.transaction(
            limits.opening + ForeignHistory.queries(.goose, source.name).prefix(1) + ["SELECT WHERE false"]))
        let history = try ForeignHistory(rows.suffix(2))
        try await connection.transaction(limits.opening + history.check(source))
        try await Self.swap("a.other", in: fleet)
        await #expect(throws: StatementError.self) {
          try await connection.transaction(limits.opening + history.check(source))
        }
      }
    }
  }
}
