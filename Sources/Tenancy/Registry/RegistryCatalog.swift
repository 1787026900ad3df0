internal import TenancyPostgres

/// The tables that may be a registry, and how they refer to each other.
struct RegistryCatalog: Sendable {
  /// A foreign key of one column.
  struct Reference: Sendable, Hashable {
    let table: QualifiedName
    let column: String
    let target: QualifiedName
    let targetColumn: String
  }

  let tables: [CatalogTable]
  let references: [Reference]
  /// The views and foreign tables: they take no column and no constraint.
  let views: Set<QualifiedName>
  /// By what tables are partitioned: by a column, or by an expression, which is `nil`.
  let partitionKeys: [QualifiedName: [String?]]

  func table(_ name: QualifiedName) -> CatalogTable? { tables.first { $0.name == name } }

  /// - Parameter condition: on the relation `c` of the namespace `n`.
  static func read(where condition: SQL, over connection: Connection) async throws -> RegistryCatalog {
    let relations: SQL = """
      SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE \(condition)
      """
    let answers = try await connection.pipeline(
      CatalogTable.queries(of: relations) + [
        """
        SELECT n.nspname, c.relname, a.attname, fn.nspname, f.relname, fa.attname
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
        JOIN pg_catalog.pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = k.confkey[1]
        WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND (\(condition))
        ORDER BY n.nspname, c.relname, k.conkey[1], k.conname
        """,
        """
        SELECT n.nspname, c.relname, c.relkind = 'p', a.attname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = c.oid
        LEFT JOIN LATERAL unnest(p.partattrs::int2[]) AS k (attnum) ON true
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE c.relkind IN ('p', 'v', 'm', 'f') AND (\(condition))
        """,
      ])
    let special = try answers[answers.count - 1].map { row in
      let (schema, table, isPartitioned, column) = try row.decode(
        String.self, String.self, Bool.self, String?.self)
      return (
        name: QualifiedName(Identifier(schema), Identifier(table)), isPartitioned: isPartitioned,
        column: column
      )
    }
    let partitioned = special.filter(\.isPartitioned)
    return RegistryCatalog(
      tables: try CatalogTable.tables(in: answers.dropLast(2)),
      references: try answers[answers.count - 2].map(Reference.init),
      views: Set(special.filter { !$0.isPartitioned }.map(\.name)),
      partitionKeys: Dictionary(grouping: partitioned, by: \.name).mapValues { $0.map(\.column) })
  }
}

extension RegistryCatalog.Reference {
  fileprivate init(_ row: Row) throws {
    let (schema, table, column, targetSchema, target, targetColumn) = try row.decode(
      String.self, String.self, String.self, String.self, String.self, String.self)
    self.init(
      table: QualifiedName(Identifier(schema), Identifier(table)), column: column,
      target: QualifiedName(Identifier(targetSchema), Identifier(target)), targetColumn: targetColumn)
  }
}

// MARK: - Where to look

extension RegistryCatalog {
  private static let isTable: SQL = """
    c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    """

  /// Tables with the columns of a framework's domains, those that they refer to, and our own by name. It begins with the
  /// columns' names: of tables there may be a hundred thousand.
  static let ofFrameworks: SQL = """
    \(isTable) AND (
      n.nspname = 'public' AND c.relname IN ('tenants', 'domains')
      OR c.oid IN (
        WITH hosts AS (
          SELECT h.attrelid FROM pg_catalog.pg_attribute h
          WHERE h.attname IN ('is_primary', 'domain', 'domain_name') AND NOT h.attisdropped
          GROUP BY h.attrelid HAVING bool_or(h.attname = 'is_primary') AND count(*) > 1
        )
        SELECT attrelid FROM hosts
        UNION ALL SELECT r.confrelid FROM hosts JOIN pg_catalog.pg_constraint r ON r.conrelid = hosts.attrelid
          WHERE r.contype = 'f'
        UNION ALL SELECT s.oid FROM hosts JOIN pg_catalog.pg_class o ON o.oid = hosts.attrelid
          JOIN pg_catalog.pg_class s ON s.relnamespace = o.relnamespace AND s.relname = 'tenants'
      ))
    """

  /// These, and all that refer to the first one.
  static func around(_ tenants: QualifiedName, _ domains: QualifiedName?) -> SQL {
    let named = [tenants] + (domains.map { [$0] } ?? [])
    return """
      c.oid IN (\(CatalogTable.oids(of: named)))
      OR \(isTable) AND c.oid IN (
        SELECT r.conrelid FROM pg_catalog.pg_constraint r
        WHERE r.contype = 'f' AND r.confrelid = to_regclass(\(tenants.quoted)))
      """
  }

  /// The tables of the shared schema that have one of these columns.
  static func inPublic(having columns: [String]) -> SQL {
    """
    \(isTable) AND n.nspname = 'public' AND EXISTS (
      SELECT FROM pg_catalog.pg_attribute h
      WHERE h.attrelid = c.oid AND h.attname = ANY(\(columns)::name[]) AND NOT h.attisdropped)
    """
  }
}
