import TestSupport
import Testing

@testable import Tenancy

@Suite struct CanaryTests {
  struct Policy: Sendable, CustomTestStringConvertible {
    /// The tenants that cannot be migrated.
    let broken: [String]
    var canaries = 0
    var maxFailures: Int?
    let outline: String

    var testDescription: String { "\(broken), \(canaries) canaries, at most \(maxFailures ?? .max) failures" }
  }

  /// One at a time, so that it is known who is next.
  @Test(arguments: [
    Policy(broken: ["b"], outline: "a: 1; b: failed; c: 1; d: 1"),
    Policy(broken: ["b"], maxFailures: 1, outline: "a: 1; b: failed; c: not run; d: not run"),
    Policy(broken: ["a", "c"], maxFailures: 2, outline: "a: failed; b: 1; c: failed; d: not run"),
    Policy(broken: ["a"], maxFailures: 2, outline: "a: failed; b: 1; c: 1; d: 1"),
    Policy(broken: [], canaries: 2, outline: "a: 1; b: 1; c: 1; d: 1"),
    Policy(broken: ["b"], canaries: 2, outline: "a: 1; b: failed; c: not run; d: not run"),
    Policy(broken: ["a"], canaries: 2, outline: "a: failed; b: 1; c: not run; d: not run"),
    Policy(broken: ["c"], canaries: 2, outline: "a: 1; b: 1; c: failed; d: 1"),
    Policy(broken: [], canaries: 9, outline: "a: 1; b: 1; c: 1; d: 1"),
  ])
  func failuresEndARun(policy: Policy) async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c", "d"])
      for name in policy.broken { try await fleet.psql("CREATE TABLE \(name).t1 ()") }
      let files = try [tableMigration(1)]
      let report = try await fleet.migrate(files) {
        $0.canaries = policy.canaries
        $0.maxFailures = policy.maxFailures
      }
      #expect(report.outline == policy.outline)
      #expect(!report.wasInterrupted)
      // A rerun does what is left.
      for name in policy.broken { try await fleet.psql("DROP TABLE \(name).t1") }
      #expect(try await fleet.migrate(files).tenants.allSatisfy { $0.failure == nil })
      for name in ["a", "b", "c", "d"] { #expect(try await fleet.ledger(name, of: files) == "1") }
    }
  }

  /// One that has it already would prove nothing.
  @Test func canariesAreOfThoseThatAreBehind() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a", "b", "c", "d"])
      let files = try [tableMigration(1)]
      _ = try await fleet.tenancy.migrate(
        fleet.tenancy.planMigration(
          FleetSelection(names: ["a", "b"]), MigrationSet(tenant: files, shared: [])))
      try await fleet.psql("CREATE TABLE c.t1 ()")
      let report = try await fleet.migrate(files) { $0.canaries = 1 }
      #expect(report.outline == "a: up to date; b: up to date; c: failed; d: not run")
    }
  }

  @Test func aFailureInTheSharedSchemaIsBeforeAllOthers() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(["a"])
      let before = try await fleet.database.contents()
      let report = try await fleet.migrate([tableMigration(1)], shared: [migration("1", "SELECT 1/0")])
      #expect(report.shared?.outline == "failed")
      #expect(report.outline == "a: not run")
      #expect(try await fleet.database.contents() == before)
    }
  }
}
