import TestSupport
import Testing

@testable import Tenancy

/// Another tool's migrations and histories, on a real server. The histories are made by the tools' own statements.
@Suite struct ImportTests {
  @Test(arguments: Tool.all) func convertedFilesRun(tool: Tool) async throws {
    try await scene(tool, ["a", "b"]) { fleet, placed in
      let files = try placed.reloaded
      #expect(try await fleet.migrate(files).outline == "a: \(tool.versions); b: \(tool.versions)")
      let made = "SELECT a.f(), to_regclass('a.i'), count(litres) FROM a.tanks"
      #expect(try await fleet.psql(made) == "1|a.i|0")
      #expect(try await fleet.rollback(files, .steps(3)).tenants.filter({ $0.failure != nil }).isEmpty)
      #expect(try await fleet.psql("SELECT to_regclass('a.i'), to_regclass('b.tanks')") == "NULL|NULL")
    }
  }

  @Test(arguments: Tool.all) func historiesAreTakenOver(tool: Tool) async throws {
    try await scene(tool, ["a", "b"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      try await fleet.record(
        tool, in: "b", placed, rows: [.golangMigrate, .tern].contains(tool.format) ? 0 : 1)
      let files = try placed.reloaded
      let plan = try await fleet.tenancy.planImport(of: placed, history: nil, .all)
      #expect(
        try await fleet.psql("SELECT to_regclass('a.schema_migrations')")
          == (tool.isInPlace ? "a.schema_migrations" : "NULL"))
      let result = await fleet.tenancy.run(plan).tenants.compactMap(\.value)
      #expect(result[0].recorded == Array(files.prefix(2).map(\.version)))
      #expect(
        try await fleet.psql(
          """
          SET TimeZone TO UTC;
          SELECT version, applied_at::date, applied_by, duration_ms FROM a.schema_migrations ORDER BY version::bigint
          """) == tool.history)
      // The rest is pending, and runs.
      try await fleet.psql("CREATE TABLE a.tanks (id int, litres int)")
      // Its first row is not a migration with every tool.
      if tool.hasMigrationInFirstRow { try await fleet.psql("CREATE TABLE b.tanks (id int)") }
      let report = try await fleet.migrate(files)
      #expect(report.tenants[0].versions == [files[2].version])
      #expect(try await fleet.ledger("a", of: files).split(separator: ",").count == 3)
      // A second time there is nothing new.
      let again = try await fleet.tenancy.planImport(of: placed, history: nil, .all)
      #expect(
        again.forecast.tenants.compactMap(\.value).allSatisfy {
          $0.recorded.isEmpty && $0.renamedTable == nil
        })
      #expect(again.script == [])
    }
  }

  /// The abbreviation of a time zone in the other styles means another one, or none.
  @Test(arguments: Tool.all) func timesWhateverTheDateStyle(tool: Tool) async throws {
    let styles = ["ISO, MDY", "SQL, DMY", "Postgres, MDY", "German"]
    let tenants = ["a", "b", "c", "d"]
    try await scene(tool, tenants) { fleet, placed in
      try await fleet.psql("ALTER DATABASE \"\(fleet.database.name)\" SET timezone TO 'Asia/Kolkata'")
      var recorded: Set<String> = []
      for (tenant, style) in zip(tenants, styles) {
        try await fleet.record(tool, in: tenant, placed)
        try await fleet.psql("ALTER DATABASE \"\(fleet.database.name)\" SET datestyle TO \(style)")
        let tenancy = try fleet.database.tenancy()
        let selection = FleetSelection(names: [TenantName(stored: tenant)])
        _ = try await tenancy.run(tenancy.planImport(of: placed, history: nil, selection))
        await tenancy.close()
        try await fleet.psql("ALTER DATABASE \"\(fleet.database.name)\" RESET datestyle")
        recorded.insert(
          try await fleet.psql(
            "SELECT string_agg(version || ' ' || extract(epoch FROM applied_at), ',' ORDER BY version) FROM \(tenant).schema_migrations"
          ))
      }
      #expect(recorded.count == 1)
    }
  }

  /// A tenant's mark is on the table that has the ledger's name, and does not go away with it.
  @Test func aProtectedTenantWhoseTableGivesWay() async throws {
    let tool = Tool.golangMigrate
    try await scene(tool, ["a"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      try await fleet.tenancy.planSet(["a"], [:], isProtected: true).apply()
      _ = try await fleet.tenancy.run(fleet.tenancy.planImport(of: placed, history: nil, .all))
      #expect(try await fleet.ledger("a", of: placed.files) == "000001,2")
      await #expect(throws: TenancyProblem.tenantProtected("a")) { try await fleet.drop("a") }
    }
  }

  @Test func golangMigratesTableGivesWay() async throws {
    let tool = Tool.golangMigrate
    try await scene(tool, ["a"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      let result = try await fleet.tenancy.run(fleet.tenancy.planImport(of: placed, history: nil, .all))
        .tenants.compactMap(\.value)
      #expect(result[0].renamedTable == "schema_migrations_golang_migrate")
      #expect(try await fleet.psql("SELECT * FROM a.schema_migrations_golang_migrate") == "2|f")
      #expect(try await fleet.ledger("a", of: placed.files) == "000001,2")
    }
  }

  /// One tenant's history cannot be taken over: nothing is written for any.
  @Test(arguments: [
    (
      Tool.golangMigrate, "UPDATE b.schema_migrations SET dirty = true", HistoryProblem.Reason.unfinished("2")
    ),
    (Tool.golangMigrate, "UPDATE b.schema_migrations SET version = 7", .unknownVersion("7")),
    (Tool.goose, "DROP TABLE b.goose_db_version", .missing(table: "b.goose_db_version")),
    (
      Tool.goose, "INSERT INTO b.goose_db_version (version_id, is_applied) VALUES (9, true)",
      .unknownVersion("9")
    ),
    (Tool.goose, "DROP SCHEMA b CASCADE", .schema(.schemaMissing("b", SchemaName(stored: "b")))),
    (
      Tool.goose, "CREATE TABLE b.schema_migrations (version int, dirty bool)",
      .schema(.foreignLedger(SchemaName(stored: "b"), .golangMigrate, columns: ["dirty", "version"]))
    ),
    (
      Tool.flyway, "UPDATE b.flyway_schema_history SET success = false WHERE version = '1.1'",
      .unfinished("1.1")
    ),
    (
      Tool.flyway, "UPDATE b.flyway_schema_history SET checksum = 5 WHERE version = '1.1'",
      .edited("V1_1__litres.sql")
    ),
    (
      Tool.flyway, "UPDATE b.flyway_schema_history SET type = 'JDBC' WHERE version = '1.1'",
      .unknownKind("JDBC", version: "1.1")
    ),
    (Tool.sqlx, "UPDATE b._sqlx_migrations SET success = false WHERE version = 2", .unfinished("2")),
    (
      Tool.prisma, "UPDATE b._prisma_migrations SET finished_at = NULL WHERE id = 'c'",
      .unfinished("20240102")
    ),
    (
      Tool.prisma, "UPDATE b._prisma_migrations SET checksum = 'x' WHERE id = 'b'",
      .edited("20240101_tanks/migration.sql")
    ),
    (
      Tool.prisma, "UPDATE b._prisma_migrations SET migration_name = 'x' WHERE id = 'b'", .unknownVersion("x")
    ),
    (Tool.diesel, "INSERT INTO b.__diesel_schema_migrations VALUES ('9')", .unknownVersion("9")),
    (Tool.sqlMigrate, "DROP TABLE b.gorp_migrations", .missing(table: "b.gorp_migrations")),
    (Tool.tern, "ALTER TABLE b.schema_version RENAME version TO v", .missing(table: "b.schema_version")),
    (Tool.tern, "UPDATE b.schema_version SET version = 7", .unknownVersion("7")),
    (
      Tool.nodePgMigrate, "INSERT INTO b.pgmigrations (name, run_on) VALUES ('7_x', now())",
      .unknownVersion("7")
    ),
    (
      Tool.sqlx, "UPDATE b._sqlx_migrations SET checksum = '\\x00' WHERE version = 1",
      .edited("01_tanks.up.sql")
    ),
  ])
  func refusesByName(tool: Tool, sql: String, reason: HistoryProblem.Reason) async throws {
    try await scene(tool, ["a", "b"]) { fleet, placed in
      for tenant in ["a", "b"] { try await fleet.record(tool, in: tenant, placed) }
      try await fleet.psql(sql)
      do {
        _ = try await fleet.tenancy.planImport(of: placed, history: nil, .all)
        Issue.record("nothing was refused")
      } catch TenancyProblem.historyRefused(let problems) {
        #expect(problems.map(\.tenant) == ["b"])
        switch (problems[0].reason, reason) {
        case (.edited(let path), .edited(let name)): #expect(path.hasSuffix("/\(name)"))
        case (let found, let expected): #expect(found == expected)
        }
      }
    }
  }

  @Test func whatFlywayUndidOrTookForGranted() async throws {
    let tool = Tool.flyway
    try await scene(tool, ["a", "b"]) { fleet, placed in
      for tenant in ["a", "b"] { try await fleet.record(tool, in: tenant, placed) }
      try await fleet.psql(
        """
        INSERT INTO a.flyway_schema_history
        VALUES (9, '1.1', 'x', 'UNDO_SQL', 'U1.1__x.sql', NULL, 'joe', now(), 1, true);
        TRUNCATE b.flyway_schema_history;
        INSERT INTO b.flyway_schema_history
        VALUES (1, '1.5', 'x', 'BASELINE', 'x', NULL, 'joe', now(), 0, true)
        """)
      let result = try await fleet.tenancy.planImport(of: placed, history: nil, .all).forecast.tenants
        .compactMap(\.value)
      #expect(result.map { $0.recorded.map(\.rawValue) } == [["1000"], ["1000", "1001"]])
    }
  }

  @Test func whatGooseUndid() async throws {
    let tool = Tool.goose
    try await scene(tool, ["a"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      try await fleet.psql(
        "INSERT INTO a.goose_db_version (version_id, is_applied) VALUES (1, true), (2, false)")
      let result = try await fleet.tenancy.planImport(of: placed, history: nil, .all).forecast.tenants
        .compactMap(\.value)
      #expect(result[0].recorded.map(\.rawValue) == ["00001"])
    }
  }

  @Test func theSharedSchemasHistoryInATableOfAnotherName() async throws {
    let tool = Tool.goose
    try await scene(tool, ["a"], shared: true) { fleet, placed in
      try await fleet.record(tool, in: "public", placed)
      try await fleet.psql("ALTER TABLE goose_db_version RENAME TO versions")
      let report = try await fleet.tenancy.run(fleet.tenancy.planImport(of: placed, history: "versions", nil))
      #expect(report.shared?.isDone == true && report.tenants.isEmpty)
      #expect(try await fleet.ledger("public", of: placed.files) == "00001,00002")
      #expect(try await fleet.psql("SELECT to_regclass('a.schema_migrations')") == "NULL")
    }
  }

  @Test func aHistoryThatGoesOnMeanwhile() async throws {
    let tool = Tool.goose
    try await scene(tool, ["a"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      let plan = try await fleet.tenancy.planImport(of: placed, history: nil, .all)
      try await fleet.psql("INSERT INTO a.goose_db_version (version_id, is_applied) VALUES (3, true)")
      #expect(await fleet.tenancy.run(plan).tenants[0].failure as? TenancyProblem == .changedMeanwhile)
      #expect(try await fleet.psql("SELECT to_regclass('a.schema_migrations')") == "NULL")
    }
  }

  /// Somebody who once owned the table has made a cast of its rows.
  @Test func aCastOfTheRows() async throws {
    let tool = Tool.goose
    try await scene(tool, ["a"]) { fleet, placed in
      try await fleet.record(tool, in: "a", placed)
      try await fleet.psql(
        """
        CREATE TABLE calls ();
        CREATE FUNCTION a.evil(a.goose_db_version) RETURNS text LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO public.calls DEFAULT VALUES; RETURN now()::text; END';
        CREATE CAST (a.goose_db_version AS text) WITH FUNCTION a.evil(a.goose_db_version)
        """)
      let plan = try await fleet.tenancy.planImport(of: placed, history: nil, .all)
      #expect(await fleet.tenancy.run(plan).tenants[0].isDone)
      #expect(try await fleet.psql("SELECT count(*) FROM calls") == "0")
    }
  }

  /// A fleet, and the tool's files as they are written for us.
  private func scene(
    _ tool: Tool, _ tenants: [String], shared: Bool = false,
    _ body: (Fleet, PlacedImport) async throws -> Void
  ) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(tenants)
      let files = Dictionary(uniqueKeysWithValues: tool.files.map { ("from/\($0)", $1) })
      try await TemporaryFolder.with(files: files) { folder in
        let placed = try MigrationImport(from: tool.format, at: folder.path("from")).placed(
          in: folder.path("to"), shared: shared)
        try placed.write()
        try await body(fleet, placed)
      }
    }
  }
}

extension PlacedImport {
  /// The files as they are read from the disk.
  fileprivate var reloaded: [MigrationFile] {
    get throws {
      let root = String(folder.dropLast("/tenant".count))
      return try MigrationSet.load(at: root).tenant
    }
  }
}

extension Fleet {
  /// Makes the tool's table in a schema, with the first so many of its rows.
  fileprivate func record(
    _ tool: Tool, in schema: String, _ placed: PlacedImport, rows: Int = .max
  ) async throws {
    let table = "\(schema).\(tool.table)"
    try await psql("CREATE TABLE \(table) \(tool.create)")
    for row in tool.rows.prefix(rows) { try await psql("INSERT INTO \(table) \(tool.insert) \(row)") }
    // The checksums are those of the files; that they are computed rightly is another test's.
    for migration in placed.source.migrations {
      guard let checksum = migration.checksums.first else { continue }
      let number = migration.version.parts.joined(separator: ".")
      let update =
        switch tool.format {
        case .flyway: "checksum = \(checksum) WHERE version = '\(number)'"
        case .prisma: "checksum = '\(checksum)' WHERE migration_name LIKE '\(number)%'"
        default: "checksum = '\\x\(checksum)' WHERE version = \(number)"
        }
      try await psql("UPDATE \(table) SET \(update)")
    }
  }
}
