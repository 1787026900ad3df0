internal import TenancyPostgres

/// A table outside of a tenant's schema with rows that go along with the tenant's rows in the registry.
package struct AffectedTable: Sendable, Hashable {
  /// Its name, with the schema.
  package let name: String
  /// Whether the rows are deleted; if not, they lose the reference.
  package let deletes: Bool
}

/// Foreign keys of other tables: by some of them a tenant's row, or one of its domains', cannot be deleted, and by others it
/// takes rows along.
extension TenantDatabase {
  /// The tables outside of the tenants' schemas whose rows would go along with the tenants'.
  ///
  /// Throws ``TenancyProblem/tenantReferenced(_:detail:)`` or ``TenancyProblem/domainReferenced(_:detail:)`` for the first row
  /// that a row of another table refers to, if it cannot be deleted then, or would take along what another tenant has. Not all
  /// are found, as code of another role's might run: the server has the last word.
  func refuseReferenced(_ names: [TenantName]) async throws -> [TenantName: [AffectedTable]] {
    try await withRegistry { connection, shape in
      let keys = try await connection.query(shape.foreignKeysQuery(trust: self.ledgerTrust))
      let references = try RowReference.all(in: keys)
      if references.isEmpty { return [:] }
      let others = try await self.schemasOfOthers(references, names, shape, over: connection)
      let opening = self.limits.opening
      var answers: [Rows] = []
      // In parts: each query locks a table until its transaction ends, and every tenant may have one.
      for start in stride(from: 0, to: references.count, by: Self.referencesAtOnce) {
        let part = references[start...].prefix(Self.referencesAtOnce).map { shape.referredQuery($0, names) }
        answers += try await connection.transaction(opening + part).dropFirst(opening.count)
      }
      var affected: [TenantName: [AffectedTable]] = [:]
      for (reference, rows) in zip(references, answers) {
        let isOthers =
          others.contains(reference.table.schema.name) || reference.deletesFrom(shape.tenants.table)
        for row in rows {
          guard let name = row[0].map(TenantName.init(stored:)) else { continue }
          guard reference.goesAlong, !isOthers else { throw reference.refusal(name, host: row[1]) }
          let table = AffectedTable(name: "\(reference.table)", deletes: reference.action == "c")
          if !affected[name, default: []].contains(table) { affected[name, default: []].append(table) }
        }
      }
      return affected
    }
  }

  private static let referencesAtOnce = 200

  /// The schemas of the tables that belong to tenants which are not dropped.
  private func schemasOfOthers(
    _ references: [RowReference], _ names: [TenantName], _ shape: RegistryShape, over connection: Connection
  ) async throws -> Set<String> {
    let schemas = Set(references.filter(\.goesAlong).map(\.table.schema.name)).sorted()
    if schemas.isEmpty { return [] }
    let rows = try await connection.query(
      """
      SELECT \(shape.schema) FROM \(shape.tenants.table) t
      WHERE \(shape.schema) = ANY(\(schemas)::text[]) AND NOT (\(shape.isNamed(oneOf: names)))
      """)
    return Set(rows.compactMap { $0[0] }.filter { !self.settings.isShared(SchemaName(stored: $0)) })
  }
}

/// A foreign key to the registry.
private struct RowReference {
  let table: QualifiedName
  /// Whether it refers to the tenants' table, or else to the domains'.
  let isToTenant: Bool
  /// What happens to its row when the other one is deleted, as in `pg_constraint.confdeltype`.
  let action: String
  var columns: [(own: Identifier, target: Identifier)]

  /// Whether its row does not keep the other one from being deleted, but is deleted or changed with it.
  var goesAlong: Bool { !["a", "r"].contains(action) }

  /// A tenant that belongs to another one, say.
  func deletesFrom(_ table: QualifiedName) -> Bool { action == "c" && self.table == table }

  /// - Parameter host: that of the domain that it refers to.
  func refusal(_ name: TenantName, host: String?) -> TenancyProblem {
    let detail = "table \(table)"
    return host.map { .domainReferenced(DomainName(stored: $0), detail: detail) }
      ?? .tenantReferenced(name, detail: detail)
  }

  /// - Parameter rows: a row for each column, those of a key together.
  static func all(in rows: Rows) throws -> [RowReference] {
    var references: [RowReference] = []
    var last = 0
    for row in rows {
      let (key, schema, table, isToTenant, own, target, action) = try row.decode(
        Int.self, String.self, String.self, Bool.self, String.self, String.self, String.self)
      let pair = (own: Identifier(own), target: Identifier(target))
      if key == last {
        references[references.count - 1].columns.append(pair)
      } else {
        let name = QualifiedName(Identifier(schema), Identifier(table))
        references.append(
          RowReference(table: name, isToTenant: isToTenant, action: action, columns: [pair]))
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
      SELECT k.oid, n.nspname, c.relname, k.confrelid = to_regclass(\(tenants.table.quoted)), a.attname, f.attname,
        k.confdeltype
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, unnest(k.conkey, k.confkey) AS p (own, target)
      JOIN pg_catalog.pg_attribute a ON true JOIN pg_catalog.pg_attribute f ON true
      WHERE k.contype = 'f' AND k.confrelid IN (\(registry)) AND \(ours)
        AND k.conparentid = 0 AND c.relkind IN ('r', 'p') AND NOT row_security_active(c.oid) AND c.relowner IN (\(trust.owners))
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

  /// The first of the tenants that the key refers to, or that has such a domain: then with its host name. All of them, once
  /// each, if the key takes rows along. A tenant's own tables go with its schema.
  fileprivate func referredQuery(_ reference: RowReference, _ names: [TenantName]) -> SQL {
    let row: SQL = reference.isToTenant ? "t" : "d"
    let match = SQL.joined(reference.columns.map { "r.\($0.own) = \(row).\($0.target)" }, by: " AND ")
    let host: SQL = reference.isToTenant ? "NULL" : domains.map { "d.\($0.host)::text" } ?? "NULL"
    let domain: SQL =
      reference.isToTenant ? "" : domains.map { "JOIN \($0.table) d ON \(link($0))" } ?? ""
    let source: SQL = """
      FROM \(tenants.table) t \(domain) JOIN \(reference.table) r ON \(match)
      WHERE \(isNamed(oneOf: names)) AND \(schema) <> \(reference.table.schema.name)
      """
    return reference.goesAlong
      ? "SELECT \(name), min(\(host)::text) \(source) GROUP BY 1"
      : "SELECT \(name), \(host) \(source) LIMIT 1"
  }

  /// The tables of a schema that refer to the registry.
  func ownReferrersQuery(_ schema: SchemaName) -> SQL {
    """
    SELECT DISTINCT k.conrelid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_constraint k ON k.oid = d.objid
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjid IN (\(CatalogTable.oids(of: tables))) AND k.contype = 'f' AND k.conparentid = 0
      AND c.relnamespace = to_regnamespace(\(literal: schema.identifier.quoted))
    """
  }
}
