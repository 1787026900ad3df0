import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// What other sessions do between the plan of a drop and its end.
@Suite(.timeLimit(.minutes(30))) struct DropMeanwhileTests {
  /// A view is made while the drop waits for a lock on another table: it would go along, and nobody would have named it.
  @Test(arguments: ["read committed", "repeatable read", "serializable"])
  func aDependentThatComesWhileItWaits(isolation: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.psql(
        """
        CREATE TABLE acme.a (); CREATE TABLE acme.b (id int); CREATE SCHEMA other;
        ALTER DATABASE "\(fleet.database.name)" SET default_transaction_isolation = '\(isolation)'
        """)
      let plan = try await fleet.tenancy.planDrop("acme")
      let holder = try await fleet.database.holder(of: "LOCK TABLE acme.a IN ACCESS SHARE MODE")
      let drop = Task { try await plan.apply() }
      _ = try await holder.blocked()
      try await fleet.psql("CREATE VIEW other.v AS SELECT id FROM acme.b")
      await holder.close()
      await #expect(throws: TenancyProblem.self) { try await drop.value }
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.psql("SELECT to_regclass('other.v')") == "other.v")
    }
  }

  /// By the time of the answer to the question the name belongs to another schema.
  @Test func theNameIsAnotherTenantsByThen() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      try await fleet.create("newer")
      let plan = try await fleet.tenancy.planDrop("acme")
      try await fleet.rename("acme", "older")
      try await fleet.rename("newer", "acme")
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await plan.apply() }
      #expect(try await fleet.list() == "acme older")
    }
  }
}
