/// Something that a schema holds, described without the schema's own name: two schemas that were made by the same
/// statements hold equal items.
package struct SchemaItem: Sendable, Hashable, Comparable, Encodable {
  /// What it is.
  package enum Kind: String, Sendable, Hashable, Encodable {
    case table, column, constraint, index, trigger, rule, policy, view
    case materializedView = "materialized view"
    case sequence, type, routine, `extension`
  }

  /// What it is.
  package let kind: Kind
  /// The table, or the view, that it is a part of; `nil` if it stands by itself.
  package let table: String?
  /// Its name; of a routine with its parameters' types.
  package let name: String
  /// The rest, in PostgreSQL's words; what belongs to the same schema stands without the schema's name.
  package let definition: String

  /// Its name and its table's: `tanks.capacity`.
  package var path: String { table.map { "\($0).\(name)" } ?? name }

  /// By bytes, as PostgreSQL tells names apart: those that only look alike are two.
  package static func == (left: SchemaItem, right: SchemaItem) -> Bool { left.bytes == right.bytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  private var bytes: [UInt8] {
    Array([kind.rawValue, table.map { "in \($0)" } ?? "", name, definition].joined(separator: "\0").utf8)
  }

  /// By kind, table and name.
  package static func < (left: SchemaItem, right: SchemaItem) -> Bool {
    (left.kind.rawValue, left.table ?? "", left.name, left.definition)
      < (right.kind.rawValue, right.table ?? "", right.name, right.definition)
  }

  /// What it is called, without regard to what it is like.
  var identity: SchemaItem { SchemaItem(kind: kind, table: table, name: name, definition: "") }
}

/// How one schema differs from another.
package struct SchemaDifference: Sendable, Hashable, Encodable {
  /// Something that both have, but not alike.
  package struct Change: Sendable, Hashable, Encodable {
    /// As this one has it.
    package let item: SchemaItem
    /// The definition in the other one.
    package let expected: String
  }

  /// What only the other one has. Of a table that is missing, its parts are not listed.
  package let missing: [SchemaItem]
  /// What only this one has; of a table, its parts are not listed.
  package let extra: [SchemaItem]
  /// What both have, but not alike.
  package let changed: [Change]

  /// Whether there is no difference.
  package var isEmpty: Bool { missing.isEmpty && extra.isEmpty && changed.isEmpty }

  /// Holds what a schema has against what another one, the reference, has.
  init(of items: [SchemaItem], from reference: [SchemaItem]) {
    let (here, there) = (Self.byIdentity(items), Self.byIdentity(reference))
    missing = Self.wholes(reference.filter { here[$0.identity] == nil })
    extra = Self.wholes(items.filter { there[$0.identity] == nil })
    changed = items.sorted().compactMap { item in
      guard let other = there[item.identity], other != item else { return nil }
      return Change(item: item, expected: other.definition)
    }
  }

  private static func byIdentity(_ items: [SchemaItem]) -> [SchemaItem: SchemaItem] {
    Dictionary(items.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
  }

  /// Without the parts of tables, or of views, that are among them.
  private static func wholes(_ items: [SchemaItem]) -> [SchemaItem] {
    let tables = Set(items.filter { [.table, .view, .materializedView].contains($0.kind) }.map(\.name))
    return items.filter { item in !(item.table.map(tables.contains) ?? false) }.sorted()
  }
}
