import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

@Suite struct CatalogTableTests {
  private func tables(_ relations: SQL, _ fleet: Fleet) async throws -> [CatalogTable] {
    try await fleet.tenancy.connected { connection in
      try CatalogTable.tables(in: await connection.pipeline(CatalogTable.queries(of: relations)))
    }
  }

  /// An index on a column or on its lower case, and nothing that only reads like it.
  @Test func uniqueIndexes() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        """
        CREATE SCHEMA other;
        CREATE TABLE other.t (
          name text UNIQUE, "order" text, "Name" varchar, "a || b" text, a text, b text, c int, d int, e int PRIMARY KEY, f text);
        CREATE UNIQUE INDEX "lower order" ON other.t (lower("order")); CREATE UNIQUE INDEX "lower Name" ON other.t (lower("Name"));
        CREATE UNIQUE INDEX ON other.t (lower(a || b)); CREATE UNIQUE INDEX ON other.t (c, d);
        CREATE UNIQUE INDEX ON other.t (c) WHERE d > 0; CREATE INDEX ON other.t (d); CREATE UNIQUE INDEX ON other.t (upper(f))
        """)
      let tables = try await tables("'other.t'::regclass", fleet)
      let found = tables.flatMap(\.columns).filter(\.isUnique).map { "\($0.name): \($0.uniqueIndexes)" }
      #expect(
        found == [
          #"name: ["t_name_key"]"#, #"order: ["lower order"]"#, #"Name: ["lower Name"]"#, #"e: ["t_pkey"]"#,
        ])
    }
  }

  /// Two names that Swift's strings take for one: U+00E9, and an e with U+0301.
  @Test func namesThatDifferInTheirBytes() async throws {
    try await Fleet.with { fleet in
      try await fleet.psql(
        #"CREATE SCHEMA other; CREATE TABLE other.U&"\00E9" (a int, b int); CREATE TABLE other.U&"e\0301" (c int, d int)"#
      )
      let relations: SQL = "SELECT oid FROM pg_class WHERE relnamespace = 'other'::regnamespace"
      let tables = try await tables(relations, fleet)
      #expect(tables.map { $0.columns.map(\.name) } == [["a", "b"], ["c", "d"]])
    }
  }
}
