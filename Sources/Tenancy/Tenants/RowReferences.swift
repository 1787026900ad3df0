internal import TenancyPostgres

/// Foreign keys of other tables, by which a tenant's row or one of its domains' cannot be deleted.
extension TenantDatabase {
  /// Throws ``TenancyProblem/tenantReferenced(_:detail:)`` or ``TenancyProblem/domainReferenced(_:detail:)`` for the first row
  /// that a row of another table refers to. Not all are found, as code of another role's might run: the server has the last
  /// word.
  func refuseReferenced(_ names: [TenantName]) async throws {
    try await withRegistry { connection, shape in
      let keys = try await connection.query(shape.foreignKeysQuery(trust: self.ledgerTrust))
      let references = try RowReference.all(in: keys)
      if references.isEmpty { return }
      let opening = self.limits.opening
      let queries = references.map { shape.referredQuery($0, names) }
      let answers = try await connection.transaction(opening + queries).dropFirst(opening.count)
      for (reference, rows) in zip(references, answers) {
        guard let row = rows.first, let name = row[0] else { continue }
        let detail = "table \(reference.table)"
        throw row[1].map { .domainReferenced(DomainName(stored: $0), detail: detail) }
          ?? TenancyProblem.tenantReferenced(TenantName(stored: name), detail: detail)
      }
    }
  }
}

/// A foreign key to the registry that keeps a row from being deleted.
private struct RowReference {
  let table: QualifiedName
  /// Whether it refers to the tenants' table, or else to the domains'.
  let isToTenant: Bool
  var columns: [(own: Identifier, target: Identifier)]

  /// - Parameter rows: a row for each column, those of a key together.
  static func all(in rows: Rows) throws -> [RowReference] {
    var references: [RowReference] = []
    var last = 0
    for row in rows {
      let (key, schema, table, isToTenant, own, target) = try row.decode(
        Int.self, String.self, String.self, Bool.self, String.self, String.self)
      let pair = (own: Identifier(own), target: Identifier(target))
      if key == last {
        references[references.count - 1].columns.append(pair)
      } else {
        let name = QualifiedName(Identifier(schema), Identifier(table))
        references.append(RowReference(table: name, isToTenant: isToTenant, columns: [pair]))
      }
      last = key
    }
    return references
  }
}

extension RegistryShape {
  /// Of tables that can be read without running another role's code: a row security policy calls functions. Types are those
  /// that PostgreSQL itself compares.
  fileprivate func foreignKeysQuery(trust: LedgerTrust) -> SQL {
    let registry = CatalogTable.oids(of: tables)
    let ours: SQL = domains.map { "k.conrelid <> to_regclass(\($0.table.quoted))" } ?? "true"
    return """
      SELECT k.oid, n.nspname, c.relname, k.confrelid = to_regclass(\(tenants.table.quoted)), a.attname, f.attname
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, unnest(k.conkey, k.confkey) AS p (own, target)
      JOIN pg_catalog.pg_attribute a ON true JOIN pg_catalog.pg_attribute f ON true
      WHERE k.contype = 'f' AND k.confrelid IN (\(registry)) AND \(ours) AND k.confdeltype IN ('a', 'r')
        AND k.conparentid = 0 AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND c.relowner IN (\(trust.owners))
        AND has_table_privilege(c.oid, 'SELECT')
        AND a.attrelid = k.conrelid AND a.attnum = p.own AND f.attrelid = k.confrelid AND f.attnum = p.target
        AND NOT EXISTS (
          SELECT FROM unnest(k.conkey, k.confkey) AS q (own, target)
          JOIN pg_catalog.pg_attribute x ON x.attrelid = k.conrelid AND x.attnum = q.own
          JOIN pg_catalog.pg_attribute y ON y.attrelid = k.confrelid AND y.attnum = q.target
          WHERE x.atttypid <> y.atttypid OR x.atttypid NOT IN (
            'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'text'::regtype, 'varchar'::regtype, 'uuid'::regtype))
      ORDER BY 1
      """
  }

  /// The first of the tenants that the key refers to, or that has such a domain: then with its host name.
  fileprivate func referredQuery(_ reference: RowReference, _ names: [TenantName]) -> SQL {
    let row: SQL = reference.isToTenant ? "t" : "d"
    let match = SQL.joined(reference.columns.map { "r.\($0.own) = \(row).\($0.target)" }, by: " AND ")
    let host: SQL = reference.isToTenant ? "NULL" : domains.map { "d.\($0.host)::text" } ?? "NULL"
    let domain: SQL =
      reference.isToTenant ? "" : domains.map { "JOIN \($0.table) d ON \(link($0))" } ?? ""
    return """
      SELECT \(name), \(host) FROM \(tenants.table) t \(domain) JOIN \(reference.table) r ON \(match)
      WHERE \(isNamed(oneOf: names)) LIMIT 1
      """
  }
}
