import TestSupport
import Testing

@testable import Tenancy

/// Ledgers that have some of our columns.
@Suite struct LedgerColumnTests {
  /// A head comment would say that it has all of them.
  @Test(arguments: [
    "name text, checksum varchar(64)", "checksum varchar(64)", "checksum text, statements_done int",
    "applied_at timestamptz, name text", "statements_total int, tool_version text, checksum text",
  ])
  func oneRunAfterTheOther(columns: String) async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA a; INSERT INTO tenants (name) VALUES ('a');
        CREATE TABLE a.schema_migrations (version varchar(128) PRIMARY KEY, \(columns))
        """)
      for count in 1...3 {
        let report = try await fleet.migrate((1...count).map(tableMigration))
        #expect(report.outline == "a: \(count)")
      }
      #expect(try await fleet.migrate((1...3).map(tableMigration)).outline == "a: up to date")
    }
  }

  /// Columns may be gone since the comment was written.
  @Test func aCommentThatPromisesMore() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("a", [tableMigration(1)])
      try await fleet.psql("ALTER TABLE a.schema_migrations DROP applied_by, DROP duration_ms")
      #expect(try await fleet.migrate((1...2).map(tableMigration)).outline == "a: 2")
    }
  }
}
