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
    /// Whether it alone is the primary key.
    let isKey: Bool
    /// The unique indexes, of all rows, on it alone or on its lower case.
    let uniqueIndexes: [String]

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

  func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}

extension CatalogTable {
  /// The query whose rows ``tables(in:)`` reads.
  ///
  /// Every command that writes begins with it, in a fresh session: a join with `pg_class` or `pg_type` would take the
  /// planner longer than all of this.
  /// - Parameter relations: their OIDs, as `IN` takes them.
  static func query(of relations: SQL) -> SQL {
    """
    SELECT o.object_names[1], o.object_names[2], a.attname, format_type(a.atttypid, -1),
      (SELECT y.typcategory FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid),
      a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated,
      a.attcollation NOT IN (0, 'pg_catalog."default"'::regcollation, 'pg_catalog."C"'::regcollation),
      (SELECT string_agg(r.ev_type::text, '') FROM pg_catalog.pg_rewrite r
       WHERE r.ev_class = a.attrelid AND r.ev_type <> '1' AND r.ev_enabled <> 'D'),
      (SELECT string_agg(concat(i.indisprimary, x.object_names[2]), E'\\n')
       FROM pg_catalog.pg_index i, pg_identify_object_as_address('pg_class'::regclass, i.indexrelid, 0) x
       WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
         AND (i.indkey[0] = a.attnum OR i.indkey[0] = 0 AND pg_get_indexdef(i.indexrelid, 1, true)
           IN ('lower(' || quote_ident(a.attname) || ')', 'lower(' || quote_ident(a.attname) || '::text)')))
    FROM pg_catalog.pg_attribute a, pg_identify_object_as_address('pg_class'::regclass, a.attrelid, 0) o
    WHERE a.attrelid IN (\(relations)) AND a.attnum > 0 AND NOT a.attisdropped
      AND o.type IN ('table', 'view', 'materialized view', 'foreign table')
    ORDER BY 1, 2, a.attnum
    """
  }

  /// The OIDs of relations for ``query(of:)``; NULL for those that do not exist.
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

  static func tables(in rows: Rows) throws -> [CatalogTable] {
    var columns: [QualifiedName: [Column]] = [:]
    var names: [QualifiedName] = []
    var rules: [QualifiedName: String] = [:]
    for row in rows {
      let (schema, table, name, type, category, isRequired, generated, collates, rule, indexes) =
        try row.decode(
          String.self, String.self, String.self, String.self, String.self, Bool.self, String.self, Bool.self,
          String?.self, String?.self)
      let unique = indexes?.split(separator: "\n") ?? []
      let qualified = QualifiedName(Identifier(schema), Identifier(table))
      if columns[qualified] == nil { names.append(qualified) }
      rules[qualified] = rule
      columns[qualified, default: []].append(
        Column(
          name: name, type: type, kind: Kind(letter: category), isRequired: isRequired,
          isGenerated: !generated.isEmpty, isVirtual: generated == "v", hasOwnCollation: collates,
          isKey: unique.contains { $0.first == "t" },
          uniqueIndexes: unique.map { String($0.dropFirst()) }.sorted()))
    }
    return names.map { name in
      let rules = RowChange.Event.allCases.filter { rules[name]?.contains($0.ruleType) ?? false }
      return CatalogTable(name: name, columns: columns[name] ?? [], rules: Set(rules))
    }
  }
}
