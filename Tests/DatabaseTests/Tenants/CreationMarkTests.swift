import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// The mark on a tenant that is being created, beside files that comment on its schema.
@Suite struct CreationMarkTests {
  @Test(arguments: SchemaComments.files, [false, true])
  func createWithAFileThatCommentsOnItsSchema(file: (String, String), isProtected: Bool) async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "CREATE TABLE t ();"), try migration("2", file.1)]
      let new = NewTenant("acme", isProtected: isProtected)
      try await fleet.tenancy.planCreate(new, migrations: files).apply()
      #expect(try await fleet.list() == "acme")
      #expect(try await fleet.ledger("acme", of: files) == "1,2")
      #expect(try await fleet.comments() == "Accounts|\(isProtected ? "tenantctl: protected" : "NULL")")
      #expect(try await fleet.tenancy.show("acme").isProtected == isProtected)
      #expect(try await fleet.tenancy.diagnose().entries.isEmpty)
    }
  }

  /// The file does not say that it comments on the schema.
  @Test func createWithAFileThatCallsAFunctionThatComments() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        "CREATE FUNCTION public.label() RETURNS void LANGUAGE plpgsql AS $$\(SchemaComments.body("Accounts"))$$"
      )
      try await fleet.tenancy.planCreate(
        NewTenant("acme"), migrations: [migration("1", "SELECT public.label();")]
      ).apply()
      #expect(try await fleet.comments() == "Accounts|NULL")
    }
  }

  @Test func createWithoutFiles() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("acme")
      #expect(try await fleet.comments() == "NULL|NULL")
    }
  }

  /// Killed after each of its transactions: what it leaves is known for its own, and the next create starts over.
  @Test(arguments: SchemaComments.files) func aKilledCreateWithSuchAFile(file: (String, String)) async throws
  {
    try await Fleet.with { fleet in
      let files = [
        try migration("1", "CREATE TABLE t ();"), try migration("2", file.1),
        try migration("3", "CREATE TABLE u ();"),
      ]
      let count = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files).steps.count
      for stop in 1..<count {
        let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
        let connection = try await fleet.database.connect()
        for step in plan.steps.drop(while: \.removes).prefix(stop) { try await step.run(over: connection) }
        await connection.close()
        let found = try await fleet.tenancy.diagnose().entries.map(\.finding)
        #expect(found == [.creationUnfinished(SchemaName(stored: "acme"))], "\(stop)")
        try await fleet.create("acme", files)
        #expect(try await fleet.list() == "acme")
        #expect(try await fleet.comments() == "Accounts|NULL")
        try await fleet.drop("acme")
      }
    }
  }

  /// It is given up rather than started over.
  @Test(arguments: [1, 2]) func aKilledCreateCanBeDropped(stop: Int) async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", "CREATE TABLE t ();"), try migration("2", "CREATE TABLE u ();")]
      let plan = try await fleet.tenancy.planCreate(NewTenant("acme"), migrations: files)
      let connection = try await fleet.database.connect()
      for step in plan.steps.prefix(stop) { try await step.run(over: connection) }
      await connection.close()
      let drop = try await fleet.tenancy.planDrop("acme")
      #expect(!drop.result.hadRow && drop.result.hadSchema && drop.result.tables == stop - 1)
      try await drop.apply()
      try await fleet.expectNothing()
    }
  }

  @Test func aRefusedCreateWithSuchAFileLeavesNothing() async throws {
    try await Fleet.with { fleet in
      let files = [try migration("1", SchemaComments.files[0].1), try migration("2", "SELECT 1/0;")]
      await #expect(throws: TenancyProblem.self) { try await fleet.create("acme", files) }
      try await fleet.expectNothing()
    }
  }

  /// A create that another one has started over, as one may whose lock is lost with a pooler's session, does not make the row.
  @Test func aCreateThatIsStartedOver() async throws {
    try await Fleet.with { fleet in
      let plan = try await fleet.acmePlan()
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      try await connection.query("SELECT pg_advisory_unlock_all()")
      let other = try await fleet.acmePlan()
      for step in other.steps.dropLast() { try await step.run(over: connection) }
      let last = try #require(plan.steps.last)
      await #expect(throws: TenancyProblem.changedMeanwhile) { try await last.run(over: connection) }
      await connection.close()
      try await fleet.expectNoTenant()
      try await fleet.acmePlan().apply()
      try await fleet.expectAcmeComplete()
    }
  }

  /// What cleans up after a create does not know whether its last transaction is committed, as after a lost connection: it
  /// waits for the end of that one.
  @Test func aCleanUpDuringTheLastTransaction() async throws {
    try await Fleet.with { fleet in
      let tenancy = try fleet.database.tenancy(lockTimeout: .seconds(60))
      let plan = try await tenancy.planCreate(
        NewTenant("acme"), migrations: [migration("1", "CREATE TABLE t ();")])
      let connection = try await fleet.database.connect()
      for step in plan.steps.dropLast() { try await step.run(over: connection) }
      let last = try #require(plan.steps.last).statements.map(\.sql)
      let cleaned = try await connection.transaction(opening: last) { _ in
        let cleanUp = try #require(plan.cleanUp)
        let cleaned = Task { await cleanUp(plan.steps.count - 1, TenancyProblem.poolClosed) }
        _ = try await connection.blocked()
        return cleaned
      }
      #expect(await cleaned.value == nil)
      #expect(try await fleet.psql("SELECT to_regclass('acme.t')") == "acme.t")
      await tenancy.close()
    }
  }
}

extension Step {
  /// Whether it removes what an interrupted create has left.
  fileprivate var removes: Bool { statements.contains { $0.sql.text.contains("DROP SCHEMA") } }
}
