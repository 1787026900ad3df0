import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// Drops of tenants whose own tables refer to the registry.
@Suite(.timeLimit(.minutes(30))) struct RegistryKeyTests {
  private static let tables = """
    CREATE TABLE a (id serial PRIMARY KEY, tenant int REFERENCES public.tenants ON DELETE CASCADE); CREATE TABLE b ();
    CREATE TABLE c (host int REFERENCES public.domains ON DELETE CASCADE);
    CREATE TABLE parts (tenant int REFERENCES public.tenants ON DELETE CASCADE) PARTITION BY LIST (tenant);
    CREATE TABLE part PARTITION OF parts DEFAULT
    """

  /// Each one's row takes along rows of all tenants' tables.
  @Test(arguments: [4, 1]) func severalAtOnce(jobs: Int) async throws {
    try await Fleet.with(connections: 8) { fleet in
      let names = (1...12).map { "t\($0)" }
      for name in names {
        try await fleet.create(name, domains: ["\(name).com"], [migration("1", Self.tables)])
      }
      var run = FleetRun<DroppedTenant>()
      run.jobs = jobs
      run.retries = 0
      let plan = try await fleet.tenancy.planDrop(names.prefix(10).map(TenantName.init(stored:)))
      let report = await fleet.tenancy.run(plan, run)
      #expect(report.failures.map(\.label) == [])
      #expect(try await fleet.schemas() == "t11 t12")
      #expect(try await fleet.list() == "t11(t11.com) t12(t12.com)")
    }
  }

  /// A drop that waits for one of its own tables keeps other drops from locking theirs, and nobody from reading the registry.
  @Test(arguments: [true, false]) func twoPrograms(otherHasKeys: Bool) async throws {
    try await Fleet.with { fleet in
      let tables = try migration("1", Self.tables)
      try await fleet.create("acme", domains: ["acme.com"], [tables])
      try await fleet.create("reef", domains: ["reef.com"], otherHasKeys ? [tables] : [])
      let patient = try fleet.database.tenancy(lockTimeout: .seconds(600))
      let plans = [try await patient.planDrop("acme"), try await patient.planDrop("reef")]
      let owner = try await fleet.database.holder(of: "LOCK TABLE acme.b IN ACCESS SHARE MODE")
      let first = Task { try await plans[0].apply() }
      let waiting = try await owner.blocked()
      let second = Task { try await plans[1].apply() }
      _ = try await owner.awaited(
        "SELECT max(pid) FROM pg_stat_activity WHERE \(unsafeRaw: "\(waiting)") = ANY(pg_blocking_pids(pid))")
      let free = ["tenants", "domains"] + (otherHasKeys ? ["reef.a", "reef.b", "reef.c"] : [])
      for table in free {
        try await fleet.psql("BEGIN; LOCK TABLE \(table) IN ACCESS SHARE MODE NOWAIT; COMMIT")
      }
      _ = try await owner.query("COMMIT")
      _ = try await (first.value, second.value)
      #expect(try await fleet.schemas() == "")
      #expect(try await fleet.list() == "")
      for connection in [owner] { await connection.close() }
      await patient.close()
      let judge = try await fleet.database.connect()
      let deadlocks = try await judge.query(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
      #expect(try deadlocks[0].decode(Int.self) == 0)
      await judge.close()
    }
  }

  /// Who only reads the registry is in the way of such a drop, and of no other.
  @Test func aReaderOfTheRegistryIsNamed() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.com"], [migration("1", Self.tables)])
      try await fleet.create("plain", domains: ["plain.com"])
      let reader = try await fleet.database.holder(of: "SELECT FROM tenants")
      do {
        try await fleet.drop("acme")
        Issue.record("it was dropped")
      } catch TenancyProblem.locked(_, by: let holders) {
        #expect(try await holders.map(\.holder) == [.session(pid: reader.backend)])
      }
      try await fleet.drop("plain")
      #expect(try await fleet.list() == "acme(acme.com)")
      await reader.close()
    }
  }

  /// More of them than one transaction may lock: the keys go before the rows, in parts, and the tables after them.
  @Test func manyTables() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        DO $$ BEGIN FOR i IN 1..300 LOOP
          EXECUTE format('CREATE TABLE acme.%I (id serial PRIMARY KEY, t text, r int REFERENCES tenants)', 't' || i);
        END LOOP; END $$;
        CREATE TABLE acme.parts (r int REFERENCES tenants) PARTITION BY LIST (r);
        CREATE TABLE acme.part PARTITION OF acme.parts DEFAULT;
        INSERT INTO acme.t7 (r) SELECT id FROM tenants; INSERT INTO acme.parts SELECT id FROM tenants
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      let budget = try #require(
        Int(
          try await fleet.psql(
            "SELECT current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int / 4"
          )))
      let dropped = plan.steps.map { $0.script.count { $0.contains("DROP CONSTRAINT") } }
      #expect(dropped.reduce(0, +) == 301)
      #expect(dropped.allSatisfy { 6 * $0 <= budget })
      #expect(!plan.script.contains { $0.contains("DROP TABLE") && $0.contains("DELETE") })
      // The last of the keys' tables is locked: those before it have lost theirs, and the row is left.
      try await fleet.database.whileHolding("LOCK TABLE acme.part IN ACCESS SHARE MODE") { _ in
        do {
          try await plan.apply()
          Issue.record("it was dropped")
        } catch TenancyProblem.keysDropped("acme", because: .locked(_, by: let holders)) {
          #expect(holders.count == 1)
        }
      }
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.psql("SELECT count(*) FROM acme.t7") == "1")
      try await fleet.drop("acme")
      #expect(try await fleet.schemas() == "")
      #expect(try await fleet.list() == "")
    }
  }

  /// Ours is the last to wait, and so the one that finds the deadlock and is its victim.
  @Test func aDeadlockIsTriedAgain() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      for table in ["a", "gate", "z"] { try await fleet.psql("CREATE TABLE acme.\(table) ()") }
      let patient = try fleet.database.tenancy(lockTimeout: .seconds(600))
      let plan = try await patient.planDrop("acme")
      let gate = try await fleet.database.holder(of: "LOCK TABLE acme.gate IN ACCESS SHARE MODE")
      let rival = try await fleet.database.holder(of: "LOCK TABLE acme.z IN ACCESS SHARE MODE")
      try await rival.query("SET deadlock_timeout TO '1h'")
      let drop = Task { try await plan.apply() }
      let ours = try await gate.blocked()
      let read = Task { _ = try await rival.query("LOCK TABLE acme.a IN ACCESS SHARE MODE") }
      _ = try await gate.awaited(
        "SELECT max(pid) FROM pg_stat_activity WHERE \(unsafeRaw: "\(ours)") = ANY(pg_blocking_pids(pid))")
      _ = try await gate.query("COMMIT")
      try await read.value
      _ = try await rival.query("COMMIT")
      _ = try await drop.value
      #expect(try await fleet.schemas() == "")
      for connection in [gate, rival] { await connection.close() }
      await patient.close()
    }
  }
}
