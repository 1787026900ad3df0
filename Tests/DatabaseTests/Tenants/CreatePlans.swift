import TestSupport
import Testing

@testable import Tenancy

/// The tenant acme with two domains and two migrations.
extension Fleet {
  static let tanks = "CREATE TABLE tanks (id int PRIMARY KEY);\nCREATE INDEX tanks_id ON tanks (id);"

  /// Files within transactions.
  func acmePlan() async throws -> Plan<CreatedTenant> {
    try await tenancy.planCreate(
      NewTenant("acme", domains: [host("acme.com"), host("www.acme.com")]),
      migrations: [migration("1", Self.tanks), migration("2", "ALTER TABLE tanks ADD COLUMN name text;")])
  }

  func acmePlanInSeveralTransactions() async throws -> Plan<CreatedTenant> {
    try await tenancy.planCreate(
      NewTenant("acme", domains: [host("acme.com"), host("www.acme.com")]),
      migrations: [
        migration("1", Self.tanks),
        migration(
          "2",
          """
          -- migrate:up transaction:false
          ALTER TABLE tanks ADD COLUMN name text;
          CREATE INDEX CONCURRENTLY tanks_name ON tanks (name);
          """),
      ])
  }

  /// No tenant, no domain and no schema.
  func expectNothing() async throws {
    #expect(try await schemas() == "")
    try await expectNoTenant()
  }

  /// No tenant and no domain; a schema may be left that the next create starts over.
  func expectNoTenant() async throws {
    #expect(
      try await psql("SELECT (SELECT count(*) FROM tenants), (SELECT count(*) FROM domains)") == "0|0")
  }

  /// What either plan makes, and nothing else.
  func expectAcmeComplete() async throws {
    #expect(try await list() == "acme(acme.com,www.acme.com)")
    #expect(try await schemas() == "acme")
    #expect(
      try await psql("SELECT string_agg(version, ',' ORDER BY version) FROM acme.schema_migrations")
        == "1,2")
    #expect(
      try await psql(
        "SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = 'acme.tanks'::regclass AND attnum > 0"
      ) == "id,name")
  }
}

extension Fleet {
  /// A plan for the tenant acme, with a file that waits for `gate`, is applied; meanwhile another session's is refused.
  func refusesASecondCreate(during plan: Plan<CreatedTenant>, _ files: [MigrationFile]) async throws {
    let task = try await database.whileHolding("LOCK TABLE gate") { holder in
      let task = Task { try await plan.apply() }
      _ = try await holder.blocked()
      let other = try database.tenancy(lockTimeout: .milliseconds(50))
      await #expect(throws: TenancyProblem.createInProgress("acme")) {
        try await other.planCreate(NewTenant("acme"), migrations: files)
      }
      await other.close()
      return task
    }
    _ = try await task.value
  }
}
