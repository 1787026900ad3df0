internal import TenancyPostgres

/// A table as PostgreSQL's catalog has it, as far as a registry is concerned.
struct CatalogTable: Sendable, Hashable {
  struct Column: Sendable, Hashable {
    let name: String
    /// Without its length: a cast to `varchar(4)` would cut a value, where an insert refuses it.
    let type: String
    let kind: Kind
    /// Whether an insert must give a value.
    let isRequired: Bool
    /// Whether PostgreSQL computes it, and takes no value for it.
    let isGenerated: Bool
    /// Whether it computes it when the row is read (PostgreSQL 18).
    var isVirtual = false
    /// Whether it compares text in another way than the catalog's names are compared: its collation is neither the
    /// database's nor "C".
    var hasOwnCollation = false
    /// The type with its length, which a value that is stored was made to fit.
    var sizedType: String?
    /// Whether it alone is the primary key.
    let isKey: Bool
    /// The unique indexes, of all rows, on it alone or on its lower case.
    let uniqueIndexes: [String]
    /// Whether there is one of some rows, as an app has it that keeps the rows of what was deleted.
    var isUniqueInPart = false

    var isJSON: Bool { type == "json" || type == "jsonb" }
    var isUnique: Bool { !uniqueIndexes.isEmpty }
  }

  /// A category of types, by its letter in `pg_type.typcategory` (PostgreSQL manual, table 53.65): a domain over `text`
  /// and `citext` are strings too.
  struct Kind: Sendable, Hashable {
    let letter: String
    static let text = Kind(letter: "S")
    static let boolean = Kind(letter: "B")
    static let time = Kind(letter: "D")
  }

  let name: QualifiedName
  let columns: [Column]
  /// The events for which it has rules of its own.
  var rules: Set<RowChange.Event> = []
  /// Whether triggers may change its rows again: its own ones, or those of a table below it.
  var hasTriggers = false

  func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}

extension CatalogTable {
  /// The queries whose rows ``tables(in:)`` reads: columns, unique indexes of one column, rules and triggers.
  ///
  /// Every command that writes begins with them, in a fresh session, where the planner's look at a catalog is what takes
  /// long: joins, and subqueries for each column, would take it longer than all of this.
  /// - Parameter relations: their OIDs, as `IN` takes them.
  static func queries(of relations: SQL) -> [SQL] {
    [
      """
      SELECT a.attrelid, o.object_names[1], o.object_names[2], a.attnum, a.attname, format_type(a.atttypid, -1),
        (SELECT y.typcategory FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid),
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated,
        a.attcollation NOT IN (0, 'pg_catalog."default"'::regcollation, 'pg_catalog."C"'::regcollation),
        format_type(a.atttypid, a.atttypmod)
      FROM pg_catalog.pg_attribute a, pg_identify_object_as_address('pg_class'::regclass, a.attrelid, 0) o
      WHERE a.attrelid IN (\(relations)) AND a.attnum > 0 AND NOT a.attisdropped
        AND o.type IN ('table', 'view', 'materialized view', 'foreign table')
      """,
      """
      SELECT i.indrelid, (pg_identify_object_as_address('pg_class'::regclass, i.indexrelid, 0)).object_names[2],
        i.indisprimary, i.indkey[0], CASE WHEN i.indkey[0] = 0 THEN pg_get_indexdef(i.indexrelid, 1, true) END,
        i.indpred IS NOT NULL
      FROM pg_catalog.pg_index i
      WHERE i.indrelid IN (\(relations)) AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
      """,
      """
      SELECT r.ev_class, r.ev_type::text FROM pg_catalog.pg_rewrite r
      WHERE r.ev_class IN (\(relations)) AND r.ev_type <> '1' AND r.ev_enabled <> 'D'
      UNION ALL SELECT g.tgrelid, '\(unsafeRaw: trigger)' FROM pg_catalog.pg_trigger g
      WHERE g.tgrelid IN (\(relations)) AND NOT g.tgisinternal AND g.tgenabled <> 'D'
      UNION ALL SELECT c.oid, '\(unsafeRaw: trigger)' FROM pg_catalog.pg_class c
      WHERE c.oid IN (\(relations)) AND (c.relkind <> 'r' OR c.relhassubclass)
      """,
    ]
  }

  /// In the place of an event of `pg_rewrite`.
  private static let trigger = "trigger"

  /// The OIDs of relations for ``queries(of:)``; NULL for those that do not exist.
  static func oids(of names: [QualifiedName]) -> SQL {
    SQL.joined(names.map { "to_regclass(\($0.quoted))" })
  }

  /// Names of tables and views that may be meant where one of these was named: the same name in another schema, or a
  /// name with a word in common.
  /// - Parameter others: whether the others of the schema come after them.
  static func similarQuery(_ names: [QualifiedName], others: Bool) -> SQL {
    let conditions = names.map { name -> SQL in
      """
      c.relname = \(name.name.name)
        OR n.nspname = \(name.schema.name) AND string_to_array(c.relname, '_') && string_to_array(\(name.name.name), '_')
      """
    }
    let places: SQL = others ? "n.nspname = ANY(\(names.map(\.schema.name))::text[])" : "false"
    return """
      SELECT concat(n.nspname, '.', c.relname)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
        LATERAL (SELECT \(SQL.joined(conditions, by: " OR ")) AS is_similar) s
      WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
        AND (s.is_similar OR \(places))
      ORDER BY s.is_similar DESC, n.nspname, c.relname LIMIT 5
      """
  }

  /// - Parameter answers: to ``queries(of:)``.
  static func tables(in answers: [Rows]) throws -> [CatalogTable] {
    // Of a fleet's foreign keys there may be thousands of tables.
    let indexes = Dictionary(grouping: try answers[1].compactMap(UniqueIndex.init), by: \.relation)
    let rules = Dictionary(
      grouping: try answers[2].map { try $0.decode(Int.self, String.self) }, by: { $0.0 })
    let columns = Dictionary(grouping: try answers[0].map(ColumnRow.init), by: \.relation)
    return columns.values.sorted { $0[0].order < $1[0].order }.map { columns in
      let relation = columns[0].relation
      let events = rules[relation]?.map { $0.1 } ?? []
      return CatalogTable(
        name: columns[0].table,
        columns: columns.sorted { $0.place < $1.place }.map { $0.column(indexes[relation] ?? []) },
        rules: Set(RowChange.Event.allCases.filter { events.contains($0.ruleType) }),
        hasTriggers: events.contains(trigger))
    }
  }
}

/// A row of the first of ``CatalogTable/queries(of:)``.
private struct ColumnRow {
  let relation: Int
  let table: QualifiedName
  let place: Int
  private let name: String
  private let type: String
  private let category: String
  private let isRequired: Bool
  private let generated: String
  private let collates: Bool
  private let sizedType: String

  init(_ row: Row) throws {
    let schema: String
    let relationName: String
    (
      relation, schema, relationName, place, name, type, category, isRequired, generated, collates, sizedType
    ) =
      try row.decode(
        Int.self, String.self, String.self, Int.self, String.self, String.self, String.self, Bool.self,
        String.self, Bool.self, String.self)
    table = QualifiedName(Identifier(schema), Identifier(relationName))
  }

  /// Of the table among others. Two names may differ in their bytes alone, which Swift's strings do not.
  var order: (String, String, Int) { (table.schema.name, table.name.name, relation) }

  func column(_ indexes: [UniqueIndex]) -> CatalogTable.Column {
    let found = indexes.filter { $0.isOn(name, place) }
    let own = found.filter { !$0.isPartial }
    return CatalogTable.Column(
      name: name, type: type, kind: CatalogTable.Kind(letter: category), isRequired: isRequired,
      isGenerated: !generated.isEmpty, isVirtual: generated == "v", hasOwnCollation: collates,
      sizedType: sizedType, isKey: own.contains(where: \.isPrimary), uniqueIndexes: own.map(\.name).sorted(),
      isUniqueInPart: own.count < found.count)
  }
}

/// A row of the second of ``CatalogTable/queries(of:)``: an index of one column or expression.
private struct UniqueIndex {
  let relation: Int
  let name: String
  let isPrimary: Bool
  /// Whether it is of some rows only.
  let isPartial: Bool
  /// The column's number; 0 of an expression.
  private let place: Int
  private let expression: String?

  /// `nil` if it was dropped while the catalog was read.
  init?(_ row: Row) throws {
    let name: String?
    (relation, name, isPrimary, place, expression, isPartial) =
      try row.decode(Int.self, String?.self, Bool.self, Int.self, String?.self, Bool.self)
    guard let name else { return nil }
    self.name = name
  }

  /// Whether it is on that column or on its lower case.
  func isOn(_ column: String, _ place: Int) -> Bool {
    if self.place != 0 { return self.place == place }
    // PostgreSQL quotes what is no plain name, and keywords.
    let isPlain = column.wholeMatch(of: /[a-z0-9_]+/) != nil
    let spellings = [Identifier(column).quoted] + (isPlain ? [column] : [])
    return spellings.contains { expression == "lower(\($0))" || expression == "lower(\($0)::text)" }
  }
}
