import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct DoctorIndexTests {
  /// The tenants a and b with a table of two equal rows, so that no unique index can be built.
  private func twins<T>(_ body: (Fleet) async throws -> T) async throws -> T {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b"])
      try await fleet.psql("CREATE TABLE a.t AS SELECT 1 AS id FROM generate_series(1, 2)")
      _ = try? await fleet.psql("CREATE UNIQUE INDEX CONCURRENTLY t_id ON a.t (id)")
      return try await body(fleet)
    }
  }

  private static let a = Tenant(name: "a", schema: SchemaName(stored: "a"), isActive: true)
  private func findings(_ fleet: Fleet) async throws -> [Finding] {
    try await fleet.tenancy.diagnose().entries.map(\.finding)
  }
  private func fix(_ fleet: Fleet) async throws -> [String] {
    try await fleet.tenancy.fix(fleet.tenancy.diagnose()).map(\.outline)
  }

  @Test func isBuiltAnew() async throws {
    try await twins { fleet in
      let before = try await findings(fleet)
      #expect(before == [.invalidIndex(Self.a, index: "t_id", .unbuilt)])
      // While the cause is there it stays as it was, and nothing is left beside it.
      let first = try await fix(fleet)
      #expect(first == ["failed: server"])
      let between = try await findings(fleet)
      #expect(between == before)
      try await fleet.psql("DELETE FROM a.t")
      let second = try await fix(fleet)
      #expect(second == ["fixed"])
      let after = try await findings(fleet)
      #expect(after == [])
      #expect(
        try await fleet.psql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a.t_id'::regclass") == "t")
    }
  }

  @Test func whatReindexLeavesIsDropped() async throws {
    try await twins { fleet in
      try await fleet.psql("DROP INDEX a.t_id; DELETE FROM a.t; CREATE UNIQUE INDEX t_id ON a.t (id)")
      // The duplicates come after the build has begun: the old index stays valid, the new one is left over.
      try await fleet.psql("ALTER INDEX a.t_id RENAME TO t_id_ccnew; CREATE UNIQUE INDEX t_id ON a.t (id)")
      try await fleet.psql(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a.t_id_ccnew'::regclass")
      let before = try await findings(fleet)
      #expect(before == [.invalidIndex(Self.a, index: "t_id_ccnew", .leftover)])
      let outcome = try await fix(fleet)
      #expect(outcome == ["fixed"])
      #expect(
        try await fleet.psql("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'a.t'::regclass")
          == "a.t_id")
    }
  }

  @Test func thatOfAMigrationIsTheMigrations() async throws {
    try await twins { fleet in
      let files = try [migration("1", "-- migrate:up transaction:false\nSELECT 1; SELECT 1/0;")]
      try await fleet.migrate(files)
      let found = try await findings(fleet)
      #expect(found.contains(.invalidIndex(Self.a, index: "t_id", .unfinishedMigration)))
      let outcomes = try await fix(fleet)
      #expect(Set(outcomes) == ["left"])
    }
  }

  /// An index that another session is building is not valid yet.
  @Test func oneThatIsBeingBuilt() async throws {
    try await twins { fleet in
      try await fleet.psql("DROP INDEX a.t_id")
      let builder = try await fleet.database.connect()
      let seen = try await withThrowingTaskGroup(of: Void.self) { group in
        try await fleet.database.whileHolding("SELECT txid_current()", "INSERT INTO a.t VALUES (7)") {
          holder in
          group.addTask { try await builder.query("CREATE INDEX CONCURRENTLY t_slow ON a.t (id)") }
          _ = try await holder.awaited(
            "SELECT indexrelid FROM pg_index WHERE NOT indisvalid AND indrelid = 'a.t'::regclass")
          return try await findings(fleet)
        }
      }
      #expect(seen == [])
      await builder.close()
    }
  }
}
