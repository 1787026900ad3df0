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
  /// says the schema. One whose schemas have the tenants' names stays as it is, and so does one without schemas.
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
    let columns = candidate.columnsOfNames(in: table)
    let answers: [Rows]
    do {
      answers = try await connection.pipeline(
        columns.map { Self.prefixQuery(table.name, Identifier($0), schema) })
    } catch let failure as StatementError where failure.error.state == .insufficientPrivilege {
      return candidate
    }
    let matches = try zip(columns, answers).map { column, rows in
      let (prefix, found, total) = try rows[0].decode(String?.self, Int.self, Int.self)
      return SchemaPrefix(column: column, prefix: prefix ?? "", found: found, tenants: total)
    }
    // Of equal ones the first.
    if let best = matches.filter(\.isLikely).max(by: { $0.found < $1.found }) {
      return try candidate.taking(best.column, prefix: best.prefix, catalog)
    }
    guard mapping.columns.name == key else { return candidate }
    guard candidate.kind == .stanclTenancy else {
      if schema == nil { _ = try WellKnown.name.find(in: table) }
      return candidate
    }
    if matches.allSatisfy({ $0.tenants == 0 }) || schema != nil {
      return try candidate.taking(key, prefix: stanclPrefix, catalog)
    }
    throw TenancyProblem.unclearRegistry(
      .schemas(table: table.name.description, key: key, available: table.columns.map(\.name)))
  }

  /// The commonest prefix, how many values of the column have a schema with it, and how many tenants there are: of 500.
  /// A value counts once: a column with the same one in most rows has no names.
  ///
  /// Of each schema's name the ends are compared that are as long as some value. Where each tenant has several schemas, such as
  /// `audit_acme` and `tenant_acme`, the usual prefix decides.
  private static func prefixQuery(_ table: QualifiedName, _ column: Identifier, _ schema: Identifier?) -> SQL
  {
    let isByName: SQL = schema.map { "coalesce(t.\($0)::text, '') = ''" } ?? "true"
    return """
      WITH rows AS MATERIALIZED (
        SELECT left(coalesce(t.\(column)::text, ''), 64) COLLATE pg_catalog."C" AS name FROM \(table) t
        WHERE coalesce(t.\(column)::text, '') <> 'public' AND \(isByName) LIMIT 500),
      names AS MATERIALIZED (
        SELECT DISTINCT r.name, length(r.name) AS length FROM rows r WHERE length(r.name) BETWEEN 1 AND 63)
      SELECT s.prefix, coalesce(s.found, 0), (SELECT count(*) FROM rows)
      FROM (SELECT) one LEFT JOIN (
        SELECT p.prefix, count(*) AS found FROM (
          SELECT left(n.nspname::text, length(n.nspname::text) - l.length) AS prefix
          FROM (SELECT DISTINCT length FROM names) l
          JOIN pg_catalog.pg_namespace n ON length(n.nspname::text) >= l.length
          JOIN names ON names.name = right(n.nspname::text, l.length)
          WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')) p
        GROUP BY p.prefix ORDER BY 2 DESC, p.prefix <> '', p.prefix NOT LIKE 'tenant%', length(p.prefix), 1 LIMIT 1
      ) s ON true
      """
  }
}

extension RegistryCandidate {
  /// The columns that the schemas may be named after: the one that was found, others by their usual names, the key, and all
  /// other text. stancl/tenancy has keys only, and where a column has the schemas, the names are not in question.
  fileprivate func columnsOfNames(in table: CatalogTable) -> [String] {
    let key = mapping.columns.id ?? "id"
    let others = kind == .stanclTenancy ? [] : WellKnown.name.all(in: table).map(\.name)
    let text = kind == .stanclTenancy ? [] : table.columns.filter { $0.kind == .text }.map(\.name)
    let names = mapping.columns.schema == nil ? others + [key] + text : []
    return ([mapping.columns.name ?? "name"] + names).uniqued().filter {
      table.column($0).flatMap(NameType.init) != nil
    }
  }

  /// The same with these names. What refers to the tenants refers to the column that it did.
  fileprivate func taking(
    _ column: String, prefix: String, _ catalog: RegistryCatalog
  ) throws -> RegistryCandidate {
    var copy = self
    if kind == .other, column != mapping.columns.name ?? "name" {
      copy = try catalog.own(mapping.tenants, domains: mapping.domains, naming: column)
      copy.mapping.columns.schema = nil
    }
    copy.mapping.columns.name = column == "name" ? nil : column
    copy.mapping.schemaPrefix = prefix
    return copy
  }
}
