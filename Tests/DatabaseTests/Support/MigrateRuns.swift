import TestSupport
import Testing

@testable import Tenancy

/// Three migrations.
let tanks = [
  ("1", "CREATE TABLE tanks (id int PRIMARY KEY);"), ("2", "ALTER TABLE tanks ADD COLUMN name text;"),
  ("3", "CREATE INDEX tanks_name ON tanks (name);\nINSERT INTO tanks VALUES (1, 'x');"),
]

extension MigrationSet {
  init(texts: [(version: String, sql: String)]) throws {
    self.init(tenant: try texts.map { try migration($0.version, $0.sql) }, shared: [])
  }
}

extension Fleet {
  /// With tenants named `t00`, `t01` and so on.
  static func with(tenants count: Int, _ body: (Fleet) async throws -> Void) async throws {
    try await Fleet.with { fleet in
      for number in 0..<count { try await fleet.create("t\(number / 10)\(number % 10)") }
      try await body(fleet)
    }
  }

  @discardableResult
  func migrate(
    _ texts: [(version: String, sql: String)], jobs: Int = 1, retries: Int = 8
  ) async throws -> MigrationReport {
    var run = MigrationRun()
    run.jobs = jobs
    run.retries = retries
    return try await tenancy.migrate(tenancy.planMigration(.all, MigrationSet(texts: texts)), run)
  }

  /// The versions in a tenant's ledger.
  func versions(_ tenant: String) async throws -> String {
    try await psql(
      "SELECT string_agg(version::text, ',' ORDER BY version) FROM \(tenant).schema_migrations")
  }

  func expectVersions(_ versions: String, _ count: Int) async throws {
    for number in 0..<count {
      #expect(try await self.versions("t\(number / 10)\(number % 10)") == versions)
    }
  }
}
