import TestSupport
import Testing

@testable import Tenancy

/// On Citus a SET LOCAL is the coordinator's alone, unless it is asked for the workers' sake, too: a statement waited for a
/// shard's lock as long as that took.
@Suite struct DistributedLimitsTests {
  private static let propagation = "SET LOCAL citus.propagate_set_commands TO "

  @Test func theLimitsAndNothingElseAreForTheWorkers() {
    let limits = TimeLimits(lock: .seconds(2), statement: .seconds(9), isDistributed: true)
    #expect(
      limits.opening.map(\.inlined) == [
        "SET LOCAL search_path TO pg_catalog, pg_temp", "\(Self.propagation)'local'",
        "SET LOCAL lock_timeout TO '2000ms'", "SET LOCAL statement_timeout TO '9000ms'",
        "\(Self.propagation)DEFAULT",
      ])
    #expect(limits.overridden(by: MigrationOptions()) == limits)
    #expect(TimeLimits(isDistributed: true).local.isEmpty)
  }

  /// Each transaction that has a limit for locks has it for the workers, too; and none where there is no Citus.
  @Test(arguments: [true, false])
  func everyTransactionSendsThem(isDistributed: Bool) async throws {
    let body: (Fleet) async throws -> Void = { fleet in
      let text = """
        -- migrate:up transaction:false
        CREATE TABLE x ();
        VACUUM x;
        -- migrate:down
        DROP TABLE x;
        """
      let files = try [tableMigration(1), migration("2", text)]
      let (a, b, c) = try (
        TenantName(parsing: "a"), TenantName(parsing: "b"), TenantName(parsing: "c")
      )
      var scripts = [try await fleet.tenancy.planCreate(NewTenant(b, domains: []), migrations: files).script]
      try await fleet.populate(["a"])
      scripts.append(
        try await fleet.tenancy.planMigration(.all, MigrationSet(tenant: files, shared: [])).script)
      try await fleet.migrate(files)
      scripts.append(try await fleet.planRollback(files, .steps(1)).script)
      scripts.append(try await fleet.tenancy.planRename(a, to: c).script)
      scripts.append(try await fleet.tenancy.planDrop(a).script)
      for script in scripts {
        let limits = script.indices.filter { script[$0].hasPrefix("SET LOCAL lock_timeout") }
        #expect(!limits.isEmpty, "\(script)")
        #expect(script.filter { $0.contains("citus") }.count == (isDistributed ? 2 * limits.count : 0))
        if !isDistributed { continue }
        for limit in limits {
          #expect(script[limit - 1] == "\(Self.propagation)'local';")
          #expect(script[limit + 1] == "\(Self.propagation)DEFAULT;")
        }
      }
    }
    if isDistributed {
      try await Fleet.withDistributed(body)
    } else {
      try await Fleet.with { try await body($0) }
    }
  }
}
