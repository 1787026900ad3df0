import Testing

@testable import Tenancy

@Suite struct SchemaDifferenceTests {
  private func item(
    _ kind: SchemaItem.Kind, _ path: String, _ definition: String = ""
  ) -> SchemaItem {
    let parts = path.split(separator: ".").map(String.init)
    return SchemaItem(
      kind: kind, table: parts.count > 1 ? parts[0] : nil, name: parts[parts.count - 1],
      definition: definition)
  }

  @Test func equalSchemas() {
    let items = [item(.table, "tanks"), item(.column, "tanks.id", "integer")]
    #expect(SchemaDifference(of: items, from: items.reversed()).isEmpty)
    #expect(SchemaDifference(of: [], from: []).isEmpty)
  }

  @Test func aTableStandsForItsParts() {
    let tanks = [
      item(.table, "tanks"), item(.column, "tanks.id", "integer"), item(.index, "tanks.tanks_id", "x"),
    ]
    let pumps = [item(.table, "pumps"), item(.column, "pumps.id", "integer")]
    let found = SchemaDifference(of: tanks, from: pumps)
    #expect(found.missing == [item(.table, "pumps")])
    #expect(found.extra == [item(.table, "tanks")])
    #expect(found.changed.isEmpty && !found.isEmpty)
  }

  @Test func bothDefinitions() {
    let found = SchemaDifference(
      of: [item(.table, "tanks"), item(.column, "tanks.id", "bigint"), item(.column, "tanks.new", "text")],
      from: [item(.table, "tanks"), item(.column, "tanks.id", "integer"), item(.column, "tanks.old", "text")])
    #expect(found.changed == [.init(item: item(.column, "tanks.id", "bigint"), expected: "integer")])
    #expect(found.missing == [item(.column, "tanks.old", "text")])
    #expect(found.extra == [item(.column, "tanks.new", "text")])
  }

  /// A table and a view of one name are two things.
  @Test func kindsAreTold() {
    let found = SchemaDifference(of: [item(.view, "tanks", "x")], from: [item(.table, "tanks")])
    #expect(found.missing == [item(.table, "tanks")])
    #expect(found.extra == [item(.view, "tanks", "x")])
  }
}
