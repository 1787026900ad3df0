import TestSupport
import Testing

@testable import Tenancy

/// A publication gets the tenant's tables, or none.
@Suite struct PublishedTargetTests {
  /// Publications stand in no schema: there is one of a name.
  @Test func publications() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE old (id int); CREATE PUBLICATION feed;
        CREATE PUBLICATION full_feed FOR TABLE users, old
        """)
      try await fleet.populate(["a"])
      let published = """
        SELECT string_agg(concat(p.pubname, ' ', r.prrelid::regclass), ';' ORDER BY p.pubname, r.prrelid::regclass::text)
        FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
        """
      let before = try await fleet.psql(published)
      let statements = [
        "ALTER PUBLICATION feed ADD TABLE users", "ALTER PUBLICATION feed ADD TABLE own, ONLY users (id)",
        "ALTER PUBLICATION feed SET TABLE own WHERE (id > 1), TABLE users",
        "ALTER PUBLICATION feed ADD TABLES IN SCHEMA a, TABLE users",
        "ALTER PUBLICATION full_feed DROP TABLE users",
        "CREATE PUBLICATION more FOR TABLE own, users WITH (publish = 'insert')",
      ]
      for (number, sql) in statements.enumerated() {
        let files = [
          try migration("1", "CREATE TABLE own (id int PRIMARY KEY);"), try migration("2", "\(sql);"),
        ]
        let failure = try await fleet.migrate(files).tenants[0].failure as? TenancyProblem
        guard case .migrationFailed(let failed) = failure, case .meetsShared(let object) = failed.reason
        else {
          Issue.record("\(sql): \(String(describing: failure))")
          continue
        }
        #expect(object.name == "users", "\(sql)")
        #expect(try await fleet.psql(published) == before, "\(sql)")
        if number == 0 { try await fleet.migrate(Array(files.prefix(1))) }
      }
      try await fleet.psql("CREATE TABLE a.users (id int PRIMARY KEY)")
      let own = try migration("1", "CREATE TABLE own (id int PRIMARY KEY);")
      #expect(try await fleet.migrate([own, migration("2", "\(statements[1]);")]).failures.isEmpty)
      #expect(try await fleet.psql(published) != before)
    }
  }
}
