internal import TenancyPostgres

/// What stands before the tenants' names, or keys, in the names of schemas that exist.
private struct SchemaPrefix {
  /// The column with the names.
  let column: String
  let prefix: String
  /// How many tenants have such a schema, of how many.
  let found: Int
  let tenants: Int

  /// Most tenants have such a schema. If only one has, that may be chance (`a` and `data`), unless the prefix ends where a word
  /// does.
  var isLikely: Bool {
    guard found * 2 > tenants else { return false }
    return found > 1 || prefix.isEmpty || prefix == stanclPrefix
      || prefix.last.map { $0.isLetter || $0.isNumber } == false
  }
}

/// stancl/tenancy's own (`tenancy.database.prefix`).
private let stanclPrefix = "tenant"

extension TenantDatabase {
  /// The candidate with the column and the prefix by which most of its tenants have schemas: of those for which no column
  /// says the schema. One whose schemas have the tenants' names stays as it is.
  ///
  /// Throws ``TenancyProblem/unclearRegistry(_:)`` if there are only keys, and the schemas are not named after them.
  func withSchemas(
    _ candidate: RegistryCandidate, _ catalog: RegistryCatalog, over connection: Connection
  ) async throws -> RegistryCandidate {
    let mapping = candidate.mapping
    guard [.other, .stanclTenancy].contains(candidate.kind), let table = catalog.table(mapping.tenants)
    else { return candidate }
    let key = mapping.columns.id ?? "id"
    let schema = mapping.columns.schema.map { Identifier($0) }
    let names = [mapping.columns.name ?? "name"] + (schema == nil ? [key] : [])
    let columns = names.uniqued().filter {
      table.column($0).flatMap(NameType.init) != nil
    }
    var tenants = 0
    for column in columns {
      let query = Self.prefixQuery(table.name, Identifier(column), schema)
      let rows: Rows
      do {
        rows = try await connection.query(query)
      } catch let error as ServerError where error.state == .insufficientPrivilege {
        return candidate
      }
      guard let row = rows.first else { continue }
      let (prefix, found, total) = try row.decode(String?.self, Int.self, Int.self)
      tenants = max(tenants, total)
      let match = SchemaPrefix(column: column, prefix: prefix ?? "", found: found, tenants: total)
      if match.isLikely { return candidate.taking(column, prefix: match.prefix) }
    }
    guard mapping.columns.name == key else { return candidate }
    guard candidate.kind == .stanclTenancy else {
      if schema == nil { _ = try WellKnown.name.find(in: table) }
      return candidate
    }
    if tenants == 0 || schema != nil { return candidate.taking(key, prefix: stanclPrefix) }
    throw TenancyProblem.unclearRegistry(
      .schemas(table: table.name.description, key: key, available: table.columns.map(\.name)))
  }

  /// The commonest prefix, how many tenants have a schema with it, and how many there are: of 500, as each is compared with
  /// each schema.
  private static func prefixQuery(_ table: QualifiedName, _ column: Identifier, _ schema: Identifier?) -> SQL
  {
    let isByName: SQL = schema.map { "coalesce(t.\($0)::text, '') = ''" } ?? "true"
    return """
      WITH names AS MATERIALIZED (
        SELECT t.\(column)::text AS name FROM \(table) t WHERE t.\(column)::text NOT IN ('', 'public') AND \(isByName) LIMIT 500)
      SELECT s.prefix, coalesce(s.found, 0), (SELECT count(*) FROM names)
      FROM (SELECT) one LEFT JOIN (
        SELECT left(n.nspname::text, length(n.nspname::text) - length(names.name)) AS prefix, count(*) AS found
        FROM names JOIN pg_catalog.pg_namespace n ON right(n.nspname::text, length(names.name)) = names.name
        WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
        GROUP BY 1 ORDER BY 2 DESC, length(left(n.nspname::text, length(n.nspname::text) - length(names.name))) LIMIT 1
      ) s ON true
      """
  }
}

extension RegistryCandidate {
  fileprivate func taking(_ column: String, prefix: String) -> RegistryCandidate {
    var copy = self
    copy.mapping.columns.name = column == "name" ? nil : column
    copy.mapping.schemaPrefix = prefix
    return copy
  }
}
