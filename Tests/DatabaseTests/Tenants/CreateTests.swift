import Glibc
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Create is all or nothing.
@Suite struct CreateTests {
  /// Each statement of a create in turn is refused.
  @Test(arguments: 0..<60) func refusedAtAnyStatement(index: Int) async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.acmePlan()
      guard let steps = plan.steps.refused(at: index) else { return }
      var broken = Plan(result: plan.result, steps: steps, database: fleet.tenancy)
      broken.cleanUp = plan.cleanUp
      await #expect(throws: TenancyProblem.self) { try await broken.apply() }
      try await fleet.expectNothing()
      try await plan.apply()
      try await fleet.expectAcmeComplete()
    }
  }

  /// The program is killed while it waits for a lock that stops it at a chosen statement.
  @Test(arguments: [
    ("the tenant's row", "LOCK TABLE tenants IN SHARE MODE"),
    ("the domain's row", "LOCK TABLE domains IN SHARE MODE"),
    ("a migration", "LOCK TABLE gate IN ACCESS EXCLUSIVE MODE"),
    ("the schema", "CREATE SCHEMA acme"),
  ])
  func killedInTheMiddle(place: String, lock: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      try await TemporaryFolder.with(files: [
        "migrations/1_tanks.sql": Fleet.tanks,
        "migrations/2_gate.sql": "SELECT * FROM gate;\nALTER TABLE tanks ADD COLUMN name text;",
      ]) { folder in
        let command = ["create", "acme", "--domain", "acme.com", "--domain", "www.acme.com"]
        let holder = try await fleet.database.connect()
        _ = try await holder.pipeline(["BEGIN", SQL(unsafeRaw: lock)])
        try await Tenantctl.start(command, database: fleet.database, workingDirectory: folder.path) {
          program in
          let pid = try await holder.blocked()
          program.signal(SIGKILL)
          _ = await program.outcome()
          // The server's process learns of it when it has the lock.
          try await holder.query("ROLLBACK")
          _ = try await holder.awaited(
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(pid))")
        }
        try await fleet.expectNoTenant()
        let outcome = try await Tenantctl.run(
          command, database: fleet.database, workingDirectory: folder.path)
        #expect(outcome.status == 0, "\(outcome.stderr)")
        try await fleet.expectAcmeComplete()
      }
    }
  }

  @Test func sessionKilledInTheMiddle() async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.acmePlan()
      let holder = try await fleet.database.connect()
      _ = try await holder.pipeline(["BEGIN", "LOCK TABLE domains IN SHARE MODE"])
      let task = Task { try await plan.apply() }
      try await fleet.database.connect().kill(try await holder.blocked())
      let error = try await #require(throws: TenancyProblem.self) { try await task.value }
      guard case .connectionLost = error else {
        Issue.record("\(error)")
        return
      }
      try await holder.query("ROLLBACK")
      try await fleet.expectNothing()
      try await fleet.acmePlan().apply()
      try await fleet.expectAcmeComplete()
    }
  }

  /// A create of several transactions, stopped at each of its steps as a killed program would stop.
  @Test(arguments: 0..<9) func severalTransactionsStoppedAtAnyStep(stop: Int) async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.acmePlanInSeveralTransactions()
      guard stop < plan.steps.count else { return }
      let connection = try await fleet.database.connect()
      for step in plan.steps.prefix(stop) { try await step.run(over: connection) }
      await connection.close()
      #expect(try await fleet.list() == "")
      #expect(try await fleet.psql("SELECT count(*) FROM domains") == "0")

      try await fleet.acmePlanInSeveralTransactions().apply()
      try await fleet.expectAcmeComplete()
      #expect(
        try await fleet.psql("SELECT col_description('acme.schema_migrations'::regclass, 1)") == "NULL")
      #expect(
        try await fleet.psql("SELECT statements_done = statements_total FROM acme.schema_migrations")
          == "t\nt")
    }
  }

  @Test func severalTransactionsRefusedLeaveNothing() async throws {
    try await Fleet.with { fleet in
      let bad = try migration(
        "2", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY x ON tanks (id);\nSELECT 1/0;")
      let error = await #expect(throws: TenancyProblem.self) {
        try await fleet.create("acme", domains: ["acme.com"], [migration("1", Fleet.tanks), bad])
      }
      guard case .migrationFailed(let failure) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect((failure.line, failure.column, failure.excerpt) == (3, 1, "SELECT 1/0;"))
      try await fleet.expectNothing()
    }
  }

  @Test(.timeLimit(.minutes(20))) func severalTransactionsCancelledLeaveNothing() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      let slow = try migration("2", "-- migrate:up transaction:false\nSELECT * FROM gate;")
      let plan = try await fleet.tenancy.planCreate(
        NewTenant("acme"), migrations: [migration("1", Fleet.tanks), slow])
      try await fleet.database.whileHolding("LOCK TABLE gate") { holder in
        let task = Task { try await plan.apply() }
        _ = try await holder.blocked()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      try await fleet.expectNothing()
    }
  }

  /// A second create must not take the first one's schema for what a killed one has left.
  @Test func severalTransactionsAreNotDisturbed() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      let slow = try migration("2", "-- migrate:up transaction:false\nSELECT * FROM gate;")
      let files = [try migration("1", Fleet.tanks), slow]
      let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
      try await fleet.refusesASecondCreate(during: plan, files)
      #expect(try await fleet.schemas() == "acme")
      // Nothing of it is left behind in the session. pg_locks shows the locks of all databases: other tests run beside.
      let locks = try await fleet.psql(
        """
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
      #expect(locks == "0")
    }
  }

  @Test func aMissingPrivilege() async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.psql("GRANT SELECT, INSERT ON tenants, domains TO \(role.name)")
        let tenancy = try fleet.database.tenancy(url: role.url())
        let error = await #expect(throws: TenancyProblem.self) {
          try await tenancy.planCreate(NewTenant("acme")).apply()
        }
        guard case .insufficientPrivilege(let failure) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(failure.sqlState == "42501")
        // The schema may be made, the row's number may not be drawn.
        try await fleet.psql("GRANT CREATE ON DATABASE \(fleet.database.name) TO \(role.name)")
        await #expect(throws: TenancyProblem.self) { try await tenancy.planCreate(NewTenant("acme")).apply() }
        try await fleet.expectNothing()
        await tenancy.close()
      }
    }
  }

  @Test(arguments: [
    ("acme", TenancyProblem.tenantExists("acme")),
    ("beta", .tenantNameCollides("beta", with: "Beta")),
    ("ghost", .schemaMissing("ghost", SchemaName(stored: "ghost"))),
    ("orphan", .schemaWithoutTenant(SchemaName(stored: "orphan"))),
    // Those in its way besides have its name in another case only.
    ("delta", .tenantExists("delta")),
    ("user", .invalidTenantName("user", .keyword)),
  ])
  func whatStandsInTheWay(name: String, expected: TenancyProblem) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"])
      try await fleet.psql(
        "INSERT INTO tenants (name) VALUES ('Beta'), ('ghost'), ('Delta'), ('delta'), ('DELTA'); CREATE SCHEMA orphan; CREATE SCHEMA delta"
      )
      await #expect(throws: expected) { try await fleet.create(name) }
      #expect(try await fleet.schemas() == "acme delta orphan")
    }
  }

  /// What is asked before the registry's shape is known waits for nobody: it is asked again while the registry is locked.
  @Test(.timeLimit(.minutes(20))) func aLockedRegistryIsWaitedForOnce() async throws {
    try await Fleet.with { fleet in
      let (questions, continuation) = AsyncStream.makeStream(of: Void.self)
      let tenancy = try TenantDatabase(
        fleet.database.url, settings: .init(lockTimeout: .seconds(7200)),
        observer: .init(statement: { text in if text.contains("lower(") { continuation.yield() } }))
      let holder = try await fleet.database.holder(of: "LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE")
      let plan = Task { try await tenancy.planCreate(NewTenant("acme")).script }
      var asked = questions.makeAsyncIterator()
      #expect(await asked.next() != nil)
      #expect(await asked.next() != nil)
      await holder.close()
      #expect(try await !plan.value.isEmpty)
      await tenancy.close()
    }
  }

  /// PostgreSQL goes on saying that the ledger has rules, until VACUUM.
  @Test func aRuleOnTheLedgerThatIsGoneAgain() async throws {
    try await Fleet.with { fleet in
      let file = try migration(
        "1",
        "CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO NOTHING; DROP RULE r ON schema_migrations; CREATE TABLE t ();"
      )
      try await fleet.create("acme", [file])
      #expect(try await fleet.ledger("acme", of: [file]) == "1")
    }
  }

  @Test func domainsThatCannotBe() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("beta", domains: ["beta.com"])
      await #expect(throws: TenancyProblem.domainTaken(host("beta.com"), by: "beta")) {
        try await fleet.create("acme", domains: ["acme.com", "BETA.com"])
      }
      await #expect(throws: TenancyProblem.domainGivenTwice(host("acme.com"))) {
        try await fleet.create("acme", domains: ["acme.com", "ACME.com"])
      }
      #expect(try await fleet.list() == "beta(beta.com)")
    }
  }

  /// Names that another program gave do not hinder anybody, and can be addressed.
  @Test func foreignRows() async throws {
    try await Fleet.with { fleet in
      let names = [
        "Big Corp", "x\"; DROP TABLE tenants; --", "é'", "y\"\u{301}z", String(repeating: "n", count: 63),
      ]
      for name in names {
        let statement: SQL = "INSERT INTO tenants (name) VALUES (\(name))"
        let connection = try await fleet.database.connect()
        _ = try await connection.pipeline([
          statement, "CREATE SCHEMA \(Identifier(name))",
          "CREATE TABLE \(QualifiedName(Identifier(name), "t")) ()",
        ])
      }
      try await fleet.create("acme")
      #expect(try await fleet.tenancy.list().count == names.count + 1)
      for name in names {
        let tenant = try TenantName(parsing: name)
        #expect(try await fleet.tenancy.show(tenant).tables == 1)
        let found = try await fleet.tenancy.withTenant(tenant) { session in
          try await session.query("SELECT to_regclass('t') IS NOT NULL, current_schema()")[0].decode(
            Bool.self, String.self)
        }
        #expect(found == (true, name))
        #expect(try await fleet.setActive(name, false))
        #expect(try await fleet.drop(name).tables == 1)
      }
      #expect(try await fleet.list() == "acme")
    }
  }
}

extension [Step] {
  /// The same with a statement that fails before the one of that number, counted through all steps; `nil` past the last.
  fileprivate func refused(at index: Int) -> [Step]? {
    var steps = self
    var left = index
    for position in indices {
      var statements = self[position].statements
      guard left <= statements.count else {
        left -= statements.count + 1
        continue
      }
      statements.insert(PlannedStatement("SELECT 1/0"), at: left)
      switch self[position] {
      case .transaction: steps[position] = .transaction(statements)
      case .enclosed(_, let frame, let extent): steps[position] = .enclosed(statements, frame, extent)
      case .alone: return nil
      }
      return steps
    }
    return nil
  }
}
