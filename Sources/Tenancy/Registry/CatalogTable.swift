internal import Postgres

/// A table as PostgreSQL's catalog has it, as far as a registry is concerned.
struct CatalogTable: Sendable, Hashable {
  struct Column: Sendable, Hashable {
    let name: String
    /// Without its length: a cast to `varchar(4)` would cut a value, where an insert refuses it.
    let type: String
    let kind: Kind
    /// Whether an insert must give a value.
    let isRequired: Bool
    /// Whether it alone is the primary key.
    let isKey: Bool
    /// The unique indexes, of all rows, on it alone or on its lower case.
    let uniqueIndexes: [String]

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

  func column(_ name: String) -> Column? { columns.first { $0.name == name } }
}

extension CatalogTable {
  /// The query whose rows ``tables(in:)`` reads.
  /// - Parameter condition: on the relation `c`.
  static func query(where condition: SQL) -> SQL {
    """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, -1), y.typcategory,
      a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', coalesce(u.is_key, false), u.names
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    CROSS JOIN LATERAL (
      SELECT bool_or(i.indisprimary) AS is_key, string_agg(x.relname, E'\\n' ORDER BY x.relname) AS names
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
        AND (i.indkey[0] = a.attnum OR i.indkey[0] = 0 AND pg_get_indexdef(i.indexrelid, 1, true)
          IN ('lower(' || quote_ident(a.attname) || ')', 'lower(' || quote_ident(a.attname) || '::text)'))
    ) u
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (\(condition))
    ORDER BY n.nspname, c.relname, a.attnum
    """
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
    for row in rows {
      let (schema, table, name, type, category, isRequired, isKey, indexes) = try row.decode(
        String.self, String.self, String.self, String.self, String.self, Bool.self, Bool.self, String?.self)
      let qualified = QualifiedName(Identifier(schema), Identifier(table))
      if columns[qualified] == nil { names.append(qualified) }
      columns[qualified, default: []].append(
        Column(
          name: name, type: type, kind: Kind(letter: category), isRequired: isRequired, isKey: isKey,
          uniqueIndexes: indexes?.split(separator: "\n").map(String.init) ?? []))
    }
    return names.map { CatalogTable(name: $0, columns: columns[$0] ?? []) }
  }
}
