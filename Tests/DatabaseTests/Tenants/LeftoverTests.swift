import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What a create leaves that failed or was killed, where one transaction cannot drop it, or others use it.
@Suite(.timeLimit(.minutes(30))) struct LeftoverTests {
  /// A lock table that has room for one of the files, and not for all of them.
  private static let small = ["max_locks_per_transaction=10", "max_connections=20"]

  /// Files that are each within the lock table. The first one's comment takes the place of the mark on the schema.
  private static func files(_ statement: String) throws -> [MigrationFile] {
    let comment = try migration(
      "0", "COMMENT ON SCHEMA acme IS 'Accounts'; CREATE TABLE parent (id int PRIMARY KEY)")
    return try [comment]
      + (1...6).map { file in
        let all = (1...60).map { statement.replacing("NAME", with: "o\(file)_\($0)") + ";" }
        return try migration("\(file)", all.joined(separator: "\n"))
      }
  }

  private static let kinds = [
    "CREATE TABLE NAME (id int PRIMARY KEY, x text)", "CREATE TABLE NAME (s serial) INHERITS (parent)",
    "CREATE TABLE NAME (id int REFERENCES parent)",
    "CREATE TABLE NAME (x text); CREATE VIEW v_NAME AS SELECT * FROM NAME",
  ]

  enum Removal: CaseIterable {
    case create
    case drop
  }

  private func withSmallServer(_ body: (Fleet) async throws -> Void) async throws {
    try await TestServer.withOwn(settings: Self.small) { try await Fleet.with { try await body($0) } }
  }

  @Test(arguments: kinds, Removal.allCases) func aLargeOneOfAKilledCreate(kind: String, by removal: Removal)
    async throws
  {
    try await withSmallServer { fleet in
      let files = try Self.files(kind)
      try await fleet.kill(files)
      let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(found == [.creationUnfinished(SchemaName(stored: "acme"))])
      switch removal {
      case .create:
        try await fleet.create("acme", files)
        #expect(try await fleet.ledger("acme", of: files) == "0,1,2,3,4,5,6")
        #expect(try await fleet.psql("SELECT obj_description('acme'::regnamespace)") == "Accounts")
      case .drop:
        let drop = try await fleet.tenancy.planDrop("acme")
        #expect(drop.steps.count > 2)
        try await drop.apply()
        try await fleet.expectNothing()
      }
    }
  }

  @Test(arguments: kinds) func aLargeOneOfAFailedCreate(kind: String) async throws {
    try await withSmallServer { fleet in
      let files = try Self.files(kind)
      await #expect(throws: TenancyProblem.self) {
        try await fleet.create("acme", files + [migration("7", "SELECT 1/0;")])
      }
      try await fleet.expectNothing()
      try await fleet.create("acme", files)
    }
  }

  /// Its removal is killed, too: the ledger goes last, so that what is left is known.
  @Test(arguments: [1, 2, 5], Removal.allCases) func aRemovalThatIsKilled(
    after count: Int, then removal: Removal
  )
    async throws
  {
    try await withSmallServer { fleet in
      let files = try Self.files(Self.kinds[0])
      try await fleet.kill(files)
      let first = try await fleet.tenancy.planDrop("acme")
      let connection = try await fleet.database.connect()
      for step in first.steps.prefix(count) { try await step.run(over: connection) }
      await connection.close()
      let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(found == [.creationUnfinished(SchemaName(stored: "acme"))])
      if removal == .create { try await fleet.create("acme", files) } else { try await fleet.drop("acme") }
      #expect(try await fleet.list() == (removal == .create ? "acme" : ""))
      #expect(try await fleet.schemas() == (removal == .create ? "acme" : ""))
    }
  }

  /// The create was not dead: its tenant stays whole, whatever was planned.
  @Test(arguments: [true, false]) func aCreateThatFinishesMeanwhile(isLockKept: Bool) async throws {
    try await withSmallServer { fleet in
      let files = try Self.files(Self.kinds[0])
      let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      try await connection.query("SELECT pg_advisory_unlock_all()")
      let drop = try await fleet.tenancy.planDrop("acme")
      if isLockKept { try await connection.query(CreationLock(SchemaName(stored: "acme")).takeForSession) }
      try await #require(plan.steps.last).run(over: connection)
      if isLockKept { try await connection.query(CreationLock(SchemaName(stored: "acme")).takeForSession) }
      let refusal = isLockKept ? TenancyProblem.createInProgress("acme") : .changedMeanwhile
      await #expect(throws: refusal) { try await drop.apply() }
      #expect(try await fleet.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'acme'") == "362")
      #expect(try await fleet.list() == "acme")
      await connection.close()
    }
  }

  static let dependents = [
    ("CREATE VIEW v AS SELECT * FROM acme.t", "view public.v"),
    ("CREATE MATERIALIZED VIEW m AS SELECT * FROM acme.t", "materialized view public.m"),
    ("CREATE TABLE o (id int REFERENCES acme.t)", "constraint o_id_fkey on table public.o"),
    ("CREATE TABLE o (m acme.mood)", "column m of table public.o"),
    ("CREATE TABLE o () INHERITS (acme.t)", "table public.o"),
    ("CREATE FUNCTION f(acme.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.f(acme.mood)"),
    ("CREATE TABLE o (id int DEFAULT nextval('acme.s'))", "default value for column id of table public.o"),
  ]

  /// Others have made something on top of the new schema before its create fails.
  @Test(arguments: dependents) func aFailedCreateThatOthersUse(sql: String, object: String) async throws {
    try await Fleet.with { fleet in
      let files = [
        try migration(
          "1", "CREATE TABLE t (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('ok'); CREATE SEQUENCE s;"),
        try migration("2", "SELECT * FROM public.gate; SELECT 1/0;"),
      ]
      try await fleet.psql("CREATE TABLE gate ()")
      let holder = try await fleet.database.holder(of: "LOCK TABLE gate")
      let create = Task { try await fleet.create("acme", files) }
      _ = try await holder.blocked()
      try await fleet.psql("SET search_path TO public; \(sql)")
      _ = try await holder.query("COMMIT")
      do {
        _ = try await create.value
        Issue.record("it was created")
      } catch TenancyProblem.createStopped(
        "acme", _, because: .migrationFailed?, left: .schemaReferenced(_, _, let objects, 1))
      {
        #expect(objects == [object])
      }
      try await fleet.expectNoTenant()
      #expect(try await fleet.psql("SELECT to_regclass('acme.t')") == "acme.t")
      let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
      #expect(found == [.creationUnfinished(SchemaName(stored: "acme"))])
      await #expect(throws: TenancyProblem.self) { try await fleet.create("acme", [files[0]]) }
      try await fleet.psql(
        """
        DROP VIEW IF EXISTS v; DROP MATERIALIZED VIEW IF EXISTS m; DROP TABLE IF EXISTS o; DROP ROUTINE IF EXISTS f
        """)
      try await fleet.create("acme", [files[0]])
      #expect(try await fleet.list() == "acme")
      await holder.close()
    }
  }

  /// What locks it cannot be waited for without end: it is said that the schema stays.
  @Test func aFailedCreateThatIsLocked() async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.tenancy.planCreate(
        NewTenant("acme"), migrations: [migration("1", "CREATE TABLE t ();")])
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      try await connection.query("SELECT pg_advisory_unlock_all()")
      let cleanUp = try #require(plan.cleanUp)
      let cause = TenancyProblem.poolClosed
      let left = try await fleet.database.whileHolding("LOCK TABLE acme.t IN ACCESS SHARE MODE") { _ in
        await cleanUp(1, cause)
      }
      guard case .createStopped("acme", _, because: cause?, left: .locked) = left else {
        Issue.record("\(String(describing: left))")
        return
      }
      #expect(await cleanUp(1, cause) == nil)
      try await fleet.expectNothing()
      // Nothing is left to clean up, or it is another one's.
      #expect(await cleanUp(1, cause) == nil)
      try await fleet.create("acme")
      #expect(await cleanUp(1, cause) == nil)
      #expect(try await fleet.list() == "acme")
      await connection.close()
    }
  }
}

extension CreationLock {
  fileprivate var takeForSession: SQL { "SELECT \(take)" }
}

extension Fleet {
  /// A create that is killed before its last transaction.
  fileprivate func kill(_ files: [MigrationFile]) async throws {
    let plan = try await tenancy.planCreate(NewTenant("acme"), migrations: files)
    let connection = try await database.connect()
    for step in plan.steps.dropLast() { try await step.run(over: connection) }
    await connection.close()
  }
}
