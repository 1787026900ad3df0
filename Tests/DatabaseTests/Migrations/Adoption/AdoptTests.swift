import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct AdoptTests {
  private let files: [MigrationFile]

  init() throws { files = try (1...3).map(tableMigration) }

  /// Tenants as an app makes them: the tables of the first two files, and no ledger.
  private func appMade(_ names: [String], _ fleet: Fleet) async throws {
    try await fleet.populate(names)
    for name in names {
      try await fleet.psql("CREATE TABLE \(name).t1 (id integer); CREATE TABLE \(name).t2 (id integer)")
    }
  }

  private func plan(
    _ basis: AdoptionBasis, _ fleet: Fleet, _ selection: FleetSelection = .all
  ) async throws -> BaselinePlan {
    try await fleet.tenancy.planAdoption(basis, selection, MigrationSet(tenant: files, shared: []))
  }

  /// What a run comes to; its plan must have foretold it.
  private func adopt(_ basis: AdoptionBasis, _ fleet: Fleet) async throws -> String {
    let plan = try await plan(basis, fleet)
    let outline = await fleet.tenancy.run(plan).outline
    #expect(plan.forecast.outline == outline)
    return outline
  }

  private func version(_ text: String) throws -> AdoptionBasis {
    .version(try MigrationVersion(parsing: text))
  }

  @Test(arguments: [Registry.ours, .djangoTenants, .quoted]) func byAVersion(registry: Registry) async throws
  {
    try await Fleet.with(registry) { fleet in
      for name in ["a", "b"] { try await fleet.create(name, values: registry.values) }
      try await fleet.psql(
        "DROP TABLE a.schema_migrations, b.schema_migrations; CREATE TABLE a.t1 (); CREATE TABLE b.t1 ()")
      #expect(try await adopt(version("2"), fleet) == "a: 1,2; b: 1,2")
      for name in ["a", "b"] { #expect(try await fleet.ledger(name, of: files) == "1,2") }
      #expect(try await fleet.psql("SELECT to_regclass('a.t2') IS NULL") == "t")
      #expect(try await fleet.migrate(files).outline == "a: 3; b: 3")
    }
  }

  /// `create` leaves one where the app makes the tables.
  @Test(arguments: ["", "COMMENT ON TABLE a.schema_migrations IS NULL"])
  func anEmptyLedgerIsFilled(sql: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("model", Array(files.prefix(2)))
      for name in ["a", "b", "bare"] { try await fleet.create(name) }
      try await fleet.psql(
        "CREATE TABLE a.t1 (id integer); CREATE TABLE a.t2 (id integer); CREATE TABLE b.t1 ()")
      try await fleet.psql(sql)
      let outline = try await adopt(.like("model"), fleet)
      #expect(outline.hasPrefix("a: 1,2; b: schemaDiffers"), "\(outline)")
      #expect(try await fleet.ledger("a", of: files) == "1,2")
      #expect(try await fleet.ledger("bare", of: files) == "none")
      #expect(try await adopt(version("1"), fleet).hasPrefix("a: ; b: 1"))
    }
  }

  @Test func whatIsThereDecides() async throws {
    try await Fleet.with { fleet in
      try await appMade(
        ["app", "dbmate", "ecto", "empty", "gone", "golang", "ours", "rails", "views"], fleet)
      try await fleet.psql(
        """
        DROP TABLE ours.t1, ours.t2; DROP TABLE empty.t1, empty.t2; DROP SCHEMA gone CASCADE;
        CREATE TABLE empty.alembic_version (version_num text); CREATE TABLE empty.kysely_migration (name text);
        CREATE TABLE dbmate.schema_migrations (version varchar(255) PRIMARY KEY);
        INSERT INTO dbmate.schema_migrations VALUES ('1'), ('2');
        CREATE TABLE rails.schema_migrations (version varchar NOT NULL PRIMARY KEY);
        CREATE TABLE rails.ar_internal_metadata (key varchar PRIMARY KEY);
        CREATE TABLE ecto.schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0));
        CREATE TABLE golang.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
        """)
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: ["ours"]), MigrationSet(tenant: files, shared: [])))
      let before = try await fleet.database.contents()
      let columns = Ledger.allColumns.subtracting(["version"]).sorted().joined(separator: ",")
      let outline = try await adopt(version("2"), fleet)
      let added = outline.matches(of: #/\+(\w+)/#).map { String($0.1) }.sorted().joined(separator: ",")
      #expect(added == columns)
      #expect(
        outline.replacing(#/\+\w+,?/#, with: "") == """
          app: 1,2; dbmate: ; ecto: foreignLedger Ecto; empty: schemaEmpty; golang: foreignLedger golang-migrate; \
          gone: schemaMissing; ours: ; rails: ledgerInUse Rails; views: 1,2
          """)
      // Of those that were refused, and of ours, nothing has changed.
      try await fleet.psql(
        """
        DROP TABLE app.schema_migrations, views.schema_migrations; COMMENT ON TABLE dbmate.schema_migrations IS NULL;
        \(columns.split(separator: ",").map { "ALTER TABLE dbmate.schema_migrations DROP \($0);" }.joined())
        """)
      #expect(try await fleet.database.contents() == before)
    }
  }

  @Test func aLedgerOfDbmatesGoesOn() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a"], fleet)
      try await fleet.psql(
        "CREATE TABLE a.schema_migrations (version varchar(255) PRIMARY KEY); INSERT INTO a.schema_migrations VALUES ('1'), ('2')"
      )
      let planned = try await plan(version("3"), fleet)
      #expect(planned.forecast.tenants.filter { $0.value?.completion != nil }.map(\.label) == ["a"])
      #expect(
        planned.forecast.tenants[0].value?.completion?.hasPrefix(
          #"ALTER TABLE "a"."schema_migrations" ADD COLUMN IF NOT EXISTS name varchar(249), "#) == true)
      _ = await fleet.tenancy.run(planned)
      #expect(try await fleet.migrate(files).outline == "a: 3")
      #expect(
        try await fleet.psql("SELECT version, name FROM a.schema_migrations ORDER BY 1")
          == "1|NULL\n2|NULL\n3|x")
      #expect(try await adopt(version("3"), fleet) == "a: ")
    }
  }

  @Test func likeAnother() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b", "c", "d", "e"], fleet)
      try await fleet.psql(
        """
        ALTER TABLE c.t2 ADD name text; CREATE VIEW c.v AS SELECT 1; DROP TABLE d.t1;
        CREATE TABLE b.alembic_version (version_num text)
        """)
      _ = await fleet.tenancy.run(try await plan(version("2"), fleet, FleetSelection(names: ["a"])))
      // What no file has, and what nobody knows the checksum of, goes along.
      try await fleet.psql(
        "INSERT INTO a.schema_migrations VALUES ('1.5', 'by hand'); UPDATE a.schema_migrations SET checksum = NULL WHERE version = '1'"
      )
      let planned = try await plan(.like("a"), fleet)
      let report = await fleet.tenancy.run(planned)
      #expect(report.outline == "a: ; b: 1,1.5,2; c: schemaDiffers; d: schemaDiffers; e: 1,1.5,2")
      #expect(
        report.tenants[1].value?.histories == [MigrationHistory(tool: .alembic, table: "alembic_version")])
      let ledger = "SELECT version, name, checksum, statements_total FROM %.schema_migrations ORDER BY 1"
      let model = try await fleet.psql(ledger.replacing("%", with: "a"))
      #expect(try await fleet.psql(ledger.replacing("%", with: "e")) == model)
      guard case .schemaDiffers("a", let difference) = report.tenants[2].failure as? TenancyProblem else {
        Issue.record("\(report.tenants[2])")
        return
      }
      #expect(difference.extra.map(\.path) == ["t2.name", "v"])
      #expect(difference.missing.isEmpty && difference.changed.isEmpty)
      // Alike by now.
      try await fleet.psql("ALTER TABLE c.t2 DROP name; DROP VIEW c.v; CREATE TABLE d.t1 (id integer)")
      #expect(try await adopt(.like("a"), fleet) == "a: ; b: ; c: 1,1.5,2; d: 1,1.5,2; e: ")
      #expect(try await fleet.migrate(files).outline == "a: 3; b: 3; c: 3; d: 3; e: 3")
    }
  }

  @Test func aModelThatIsNone() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b", "c"], fleet)
      let half = try [migration("1", "-- migrate:up transaction:false\nSELECT 1; SELECT 1/0;")]
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(FleetSelection(names: ["b"]), MigrationSet(tenant: half, shared: [])))
      try await fleet.psql("CREATE TABLE c.schema_migrations (filename text)")
      let before = try await fleet.database.contents()
      await #expect(throws: TenancyProblem.tenantNotFound("z")) { try await plan(.like("z"), fleet) }
      await #expect(throws: TenancyProblem.nothingRecorded("a", hasLedger: false)) {
        try await plan(.like("a"), fleet)
      }
      await #expect(throws: TenancyProblem.migrationUnfinished("b", half.map(\.version))) {
        try await plan(.like("b"), fleet)
      }
      await #expect(throws: TenancyProblem.foreignLedger(SchemaName(stored: "c"), nil, columns: ["filename"]))
      {
        try await plan(.like("c"), fleet)
      }
      await #expect(throws: TenancyProblem.versionNotFound("9")) { try await plan(version("9"), fleet) }
      #expect(try await fleet.database.contents() == before)
    }
  }

  /// Another table is the ledger: what Rails has in `schema_migrations` is none of ours.
  @Test func besideRails() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b"], fleet)
      for name in ["a", "b"] {
        try await fleet.psql(
          """
          CREATE TABLE \(name).schema_migrations (version varchar NOT NULL PRIMARY KEY);
          CREATE TABLE \(name).ar_internal_metadata (key varchar PRIMARY KEY); INSERT INTO a.schema_migrations VALUES ('7\(name)')
          """)
      }
      #expect(try await fleet.migrate(files).outline == "a: failed; b: failed")
      let tenancy = try TenantDatabase(fleet.database.url, settings: .init(ledger: "ours"))
      let apart = Fleet(database: fleet.database, tenancy: tenancy)
      _ = await tenancy.run(try await plan(version("2"), apart, FleetSelection(names: ["a"])))
      #expect(try await adopt(.like("a"), apart) == "a: ; b: 1,2")
      #expect(try await fleet.psql("SELECT count(*) FROM a.schema_migrations") == "2")
      await tenancy.close()
    }
  }

  @Test func aLockIsWaitedFor() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b", "c"], fleet)
      try await fleet.psql("CREATE TABLE b.schema_migrations (version varchar(255) PRIMARY KEY)")
      let tenancy = try fleet.database.tenancy(lockTimeout: .milliseconds(50))
      let impatient = Fleet(database: fleet.database, tenancy: tenancy)
      let planned = try await plan(version("2"), impatient)
      let (done, continuation) = AsyncStream.makeStream(of: TenantName.self)
      var run = FleetRun<BaselinedTenant>()
      run.retries = .max
      run.onOutcome = { if let tenant = $0.tenant { continuation.yield(tenant.name) } }
      let report = try await withThrowingTaskGroup { [run] group in
        try await fleet.database.whileHolding("LOCK TABLE b.schema_migrations") { holder in
          group.addTask { await tenancy.run(planned, run) }
          _ = try await holder.blocked()
          var others: [TenantName] = []
          for await name in done.prefix(2) { others.append(name) }
          #expect(others.sorted() == ["a", "c"])
          _ = try await holder.blocked()
        }
        return try await group.next()
      }
      #expect(report?.failures.isEmpty == true)
      #expect(report?.tenants.map { $0.value?.recorded.count } == [2, 0, 2])
      // Without another turn it is a failure, and the only one.
      try await fleet.psql(
        "ALTER TABLE b.schema_migrations DROP name; COMMENT ON TABLE b.schema_migrations IS NULL")
      let again = try await plan(version("2"), impatient)
      try await fleet.database.whileHolding("LOCK TABLE b.schema_migrations") { _ in
        let outline = await tenancy.run(again).outline
        #expect(outline == "a: ; b: locked; c: ")
      }
      await tenancy.close()
    }
  }

  @Test func anotherSessionWasFaster() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b"], fleet)
      let late = try await plan(version("2"), fleet)
      #expect(try await adopt(version("1"), fleet) == "a: 1; b: 1")
      #expect(await fleet.tenancy.run(late).outline == "a: changedMeanwhile; b: changedMeanwhile")
      for name in ["a", "b"] { #expect(try await fleet.ledger(name, of: files) == "1") }
    }
  }

  @Test func throughPgBouncer() async throws {
    try await Fleet.with { fleet in
      try await appMade(["a", "b", "c", "d"], fleet)
      try await fleet.psql("DROP TABLE d.t1")
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url)
        let pooled = Fleet(database: fleet.database, tenancy: tenancy)
        _ = await tenancy.run(try await plan(version("2"), pooled, FleetSelection(names: ["a"])))
        var run = FleetRun<BaselinedTenant>()
        run.jobs = 4
        let report = await tenancy.run(try await plan(.like("a"), pooled), run)
        #expect(report.outline == "a: ; b: 1,2; c: 1,2; d: schemaDiffers")
        await tenancy.close()
      }
    }
  }
}
