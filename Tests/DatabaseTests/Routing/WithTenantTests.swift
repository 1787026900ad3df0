import Synchronization
import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct WithTenantTests {
  private struct Refused: Error {}

  /// The example of ``TenantDatabase``.
  @Test func theDocumentedExample() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme", domains: ["acme.example.com"])
      try await fleet.psql(
        "CREATE TABLE acme.tanks (name text, capacity int); INSERT INTO acme.tanks VALUES ('a', 50), ('b', 500)"
      )
      let database = try TenantDatabase(fleet.database.url)
      let tenant = try await database.tenant(forHost: "acme.example.com")
      let tanks = try await database.withTenant(tenant.name) { session in
        try await session.query("SELECT name FROM tanks WHERE capacity > \(100)")
      }
      #expect(tanks.map { $0[0] } == ["b"])
      await database.close()
    }
  }

  @Test(arguments: Registry.all) func seesItsSchemaThenPublic(registry: Registry) async throws {
    try await Fleet.with(registry) { fleet in
      for name in ["acme", "beta"] { try await fleet.create(name, values: registry.values) }
      let (acme, beta) = (registry.schema("acme"), registry.schema("beta"))
      try await fleet.psql(
        """
        CREATE TABLE \(acme).t AS SELECT 'acme' AS whose; CREATE TABLE public.t AS SELECT 'public' AS whose;
        CREATE TABLE public.shared AS SELECT 1 AS a; CREATE TABLE \(beta).only_beta ();
        """)
      let seen = try await fleet.tenancy.withTenant("acme") { session in
        try await session.pipeline([
          "SELECT whose FROM t", "SELECT a FROM shared", "SELECT to_regclass('only_beta')",
          "SHOW search_path",
        ]).map { $0[0][0] }
      }
      #expect(seen == ["acme", "1", nil, "\(acme), public"])
      let other = try await fleet.tenancy.withTenant("beta") {
        try await $0.query("SELECT whose FROM t")[0][0]
      }
      #expect(other == "public")
    }
  }

  @Test func commitsOrRollsBack() async throws {
    try await Fleet.with(connections: 1) { fleet in
      try await fleet.create("acme")
      try await fleet.tenancy.withTenant("acme") { _ = try await $0.query("CREATE TABLE kept ()") }
      await #expect(throws: Refused.self) {
        try await fleet.tenancy.withTenant("acme") { session in
          try await session.query("CREATE TABLE lost ()")
          throw Refused()
        }
      }
      #expect(
        try await fleet.psql("SELECT to_regclass('acme.kept') IS NOT NULL, to_regclass('acme.lost')")
          == "t|NULL")
    }
  }

  /// Also when one of them has what the statement waits for.
  @Test(.timeLimit(.minutes(20))) func tasksOfTheBlockGoOnWhileAStatementWaits() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql("CREATE TABLE gate ()")
      try await fleet.create("acme")
      let holder = try await fleet.database.connect()
      _ = try await holder.pipeline(["BEGIN", "LOCK TABLE gate"])
      try await fleet.tenancy.withTenant("acme") { session in
        async let freed: Void = { _ = try await (holder.blocked(), holder.query("ROLLBACK")) }()
        try await session.query("SELECT FROM gate")
        try await freed
      }
    }
  }

  @Test func aSwallowedErrorIsNoCommit() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.withTenant("acme") { session in
          try await session.query("CREATE TABLE lost ()")
          _ = try? await session.query("SELECT 1/0")
        }
      }
      #expect(try await fleet.psql("SELECT to_regclass('acme.lost')") == "NULL")
    }
  }

  /// An unknown table in the block looks like a registry of another shape, for which a read is tried again.
  @Test func theBlockRunsOnce() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      let runs = Atomic(0)
      let error = await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.withTenant("acme") { session in
          runs.add(1, ordering: .relaxed)
          _ = try await session.query("SELECT * FROM nonesuch")
        }
      }
      #expect(error?.code == .statementFailed)
      #expect(error?.sqlState == "42P01")
      #expect(error?.tenant == "acme")
      #expect(runs.load(ordering: .relaxed) == 1)
    }
  }

  @Test func refusedBeforeAnySQLOfTheBlock() async throws {
    try await Fleet.with { fleet in
      for name in ["off", "gone"] { try await fleet.create(name) }
      _ = try await fleet.setActive("off", false)
      try await fleet.psql("DROP SCHEMA gone CASCADE; CREATE TABLE public.t ()")
      let cases: [(TenantName, TenancyProblem)] = [
        ("none", .tenantNotFound("none")), ("off", .tenantDeactivated("off")),
        ("gone", .schemaMissing("gone", SchemaName(stored: "gone"))),
      ]
      for (name, expected) in cases {
        await #expect(throws: TenancyError(expected, in: name)) {
          try await fleet.tenancy.withTenant(name) { _ in Issue.record("the block of \(name) ran") }
        }
      }
    }
  }

  @Test func cancelledItIsRolledBack() async throws {
    try await Fleet.with(connections: 1) { fleet in
      try await fleet.create("acme")
      try await fleet.psql("CREATE TABLE gate ()")
      try await fleet.database.whileHolding("LOCK TABLE gate") { holder in
        let task = Task {
          try await fleet.tenancy.withTenant("acme") { session in
            try await session.query("CREATE TABLE lost ()")
            _ = try await session.query("SELECT * FROM gate")
          }
        }
        _ = try await holder.blocked()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      // The only connection of the pool is in order again.
      let found = try await fleet.tenancy.withTenant("acme") {
        try await $0.query("SELECT to_regclass('lost')")[0][0]
      }
      #expect(found == nil)
    }
  }

  /// Fifty tasks over two server connections in transaction mode: each sees nothing but its own tenant.
  @Test(.timeLimit(.minutes(20))) func isolatedBehindPgBouncer() async throws {
    try await Fleet.with { fleet in
      let names = (0..<5).map { "tenant_\($0)" }
      for name in names {
        try await fleet.create(name)
        try await fleet.psql("CREATE TABLE \(name).t (who text); INSERT INTO \(name).t VALUES ('\(name)')")
      }
      try await TestPgBouncer.with(fleet.database) { url in
        let tenancy = try fleet.database.tenancy(url: url, connections: 20)
        let wrong = try await withThrowingTaskGroup(of: [String?].self) { group in
          for number in 0..<50 {
            group.addTask {
              let name = names[number % names.count]
              return try await tenancy.withTenant(TenantName(parsing: name)) { session in
                var seen: [String?] = []
                for _ in 0..<4 {
                  seen.append(try await session.query("SELECT who FROM t")[0][0])
                  try await session.query("INSERT INTO t SELECT \(name)")
                }
                return seen.filter { $0 != name }
              }
            }
          }
          return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(wrong.isEmpty)
        // Nothing of a tenant is left in the server's sessions.
        let path = try await tenancy.connected {
          try await $0.segments([["SHOW search_path"]])[0].get()[0][0][0]
        }
        #expect(path == #""$user", public"#)
        await tenancy.close()
      }
      for name in names {
        let count = try await fleet.psql("SELECT count(*), count(DISTINCT who) FROM \(name).t")
        #expect(count == "41|1")
      }
    }
  }

  @Test func theKeywordsAreTheServers() async throws {
    try await TestDatabase.with { database in
      let words = try await database.psql("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
      let missing = Set(words.split(separator: "\n").map(String.init)).subtracting(NamePolicy.keywords)
      #expect(missing.isEmpty)
    }
  }
}
