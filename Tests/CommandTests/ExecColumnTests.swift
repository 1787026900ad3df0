import TestSupport
import Testing

/// Results of one script whose columns are called alike and are not.
@Suite struct ExecColumnTests {
  /// What differs is told: the same names twice say nothing.
  @Test(arguments: [
    ("ALTER litres TYPE text", "litres integer: acme, rock", "litres text: reef"),
    ("ALTER litres TYPE boolean USING true", "litres integer: acme, rock", "litres boolean: reef"),
    ("ALTER litres TYPE bigint, ALTER name TYPE json USING NULL", "name text: acme, rock", "name json: reef"),
    ("ALTER litres TYPE reef.size USING NULL", "litres integer: acme, rock", "litres reef.size: reef"),
  ])
  func columnsThatDifferByType(change: String, first: String, second: String) async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.database.psql(
        "CREATE TYPE reef.size AS ENUM ('s', 'm'); ALTER TABLE reef.tanks \(change)")
      let outcome = try await scene.run(["exec", "--all", "-c", "TABLE tanks"])
      #expect(
        outcome.stderr.hasSuffix(
          """
          error: the tenants' results have columns of different types
            \(first)
            \(second)
          hint: cast these columns to one type in the SELECT, as in CAST(COLUMN AS text), or run it for each of these groups of tenants

          """), "\(outcome)")
      #expect(outcome.status == 1)
      let column = first.prefix { $0 != " " }
      let cast = try await scene.run(["exec", "--all", "-c", "SELECT CAST(\(column) AS text) FROM tanks"])
      #expect(cast.status == 0, "\(cast)")
    }
  }
}
