internal import TenancyPostgres

/// A table outside of a tenant's schema with rows that go along with the tenant's rows in the registry.
package struct AffectedTable: Sendable, Hashable {
  /// Its name, with the schema.
  package let name: String
  /// Whether the rows are deleted; if not, they lose the reference.
  package let deletes: Bool
}

/// What refers to the registry's rows of tenants that are to be dropped, besides what goes with their own schemas.
struct RowReferrers {
  /// The tables outside of the tenants' schemas whose rows go along with the tenants'.
  var affected: [TenantName: [AffectedTable]] = [:]
  /// Other tenants of the same drop whose rows refer to the tenant's, or whose tables do by a key that forbids to delete it.
  fileprivate var required: [TenantName: Set<TenantName>] = [:]
  /// Those that only lose rows of their tables with it.
  fileprivate var preferred: [TenantName: Set<TenantName>] = [:]

  /// A tenant, and those that must be gone before it.
  typealias Turn = (name: TenantName, after: [TenantName])

  /// The tenants in an order in which each comes after those that refer to it, as far as there is one.
  ///
  /// Throws ``TenancyProblem/tenantReferenced(_:detail:)`` if rows of the registry refer to each other.
  func ordered(_ names: [TenantName]) throws -> [Turn] {
    var (turns, left, gone) = ([Turn](), names, Set<TenantName>())
    func referrers(to name: TenantName) -> Set<TenantName> {
      required[name, default: []].union(preferred[name, default: []])
    }
    while !left.isEmpty {
      let waiting = Set(left)
      var next = left.filter { referrers(to: $0).isDisjoint(with: waiting) }
      if next.isEmpty {
        next = left.filter { required[$0, default: []].isDisjoint(with: waiting) }.prefix(1) + []
      }
      guard !next.isEmpty else {
        let by = required[left[0], default: []].intersection(waiting).map(\.rawValue).sorted()
        throw TenancyProblem.tenantReferenced(left[0], detail: "tenant \(by.joined(separator: ", "))")
      }
      turns += next.map { ($0, referrers(to: $0).intersection(gone).sorted { $0.rawValue < $1.rawValue }) }
      gone.formUnion(next)
      left.removeAll(where: gone.contains)
    }
    return turns
  }
}

/// Foreign keys of other tables: by some of them a tenant's row, or one of its domains', cannot be deleted, and by others it
/// takes rows along.
extension TenantDatabase {
  /// What refers to the rows of the tenants.
  ///
  /// Throws ``TenancyProblem/tenantReferenced(_:detail:)`` or ``TenancyProblem/domainReferenced(_:detail:)`` for the first row
  /// that a row of another table refers to, if it cannot be deleted then, or would take along what a tenant has that is not
  /// among them. Not all are found, as code of another role's might run: the server has the last word.
  func referrers(to names: [TenantName]) async throws -> RowReferrers {
    try await withRegistry { connection, shape in
      let keys = try await connection.query(shape.foreignKeysQuery(trust: self.ledgerTrust))
      let references = try RowReference.all(in: keys, shape)
      if references.isEmpty { return RowReferrers() }
      let owners = try await self.owners(of: references, names, shape, over: connection)
      let opening = self.limits.opening
      var answers: [Rows] = []
      // In parts: each query locks a table until its transaction ends, and every tenant may have one.
      for start in stride(from: 0, to: references.count, by: Self.referencesAtOnce) {
        let part = references[start...].prefix(Self.referencesAtOnce).map {
          shape.referredQuery($0, names, of: owners[$0.table.schema.name])
        }
        answers += try await connection.transaction(opening + part).dropFirst(opening.count)
      }
      var referrers = RowReferrers()
      for (reference, rows) in zip(references, answers) {
        for row in rows {
          guard let name = row[0].map(TenantName.init(stored:)) else { continue }
          try referrers.add(reference, to: name, row, owners[reference.table.schema.name])
        }
      }
      return referrers
    }
  }

  private static let referencesAtOnce = 200

  /// The tenants that have the tables' schemas.
  private func owners(
    of references: [RowReference], _ names: [TenantName], _ shape: RegistryShape, over connection: Connection
  ) async throws -> [String: RowReferrer] {
    let schemas = Set(references.map(\.table.schema.name)).sorted()
    let rows = try await connection.query(
      """
      SELECT \(shape.schema), \(shape.name), \(shape.isNamed(oneOf: names))
      FROM \(shape.tenants.table) t WHERE \(shape.schema) = ANY(\(schemas)::text[])
      """)
    let owners = try rows.map { row in
      let (schema, name, isDropped) = try row.decode(String.self, String.self, Bool.self)
      return (schema, RowReferrer(name: TenantName(stored: name), isDropped: isDropped))
    }
    return Dictionary(owners) { $0.isDropped ? $1 : $0 }
      .filter { !self.settings.isShared(SchemaName(stored: $0.key)) }
  }
}

/// The tenant whose row, or whose table's row, refers to another one's.
private struct RowReferrer {
  let name: TenantName
  /// Whether it is among those to drop.
  let isDropped: Bool
}

extension RowReferrers {
  /// - Parameters:
  ///   - row: of ``RegistryShape/referredQuery(_:_:of:)``.
  ///   - owner: the tenant that has the table.
  fileprivate mutating func add(
    _ reference: RowReference, to name: TenantName, _ row: Row, _ owner: RowReferrer?
  ) throws {
    var referrer = owner
    if reference.isOfTenants, let other = row[2] {
      referrer = RowReferrer(name: TenantName(stored: other), isDropped: row[3] == "t")
    }
    if let referrer, referrer.isDropped {
      if reference.goesAlong, !reference.isOfTenants {
        preferred[name, default: []].insert(referrer.name)
      } else {
        required[name, default: []].insert(referrer.name)
      }
      return
    }
    let takesOthers = owner != nil || reference.isOfTenants && reference.action == "c"
    guard reference.goesAlong, !takesOthers else { throw reference.refusal(name, host: row[1]) }
    let table = AffectedTable(name: "\(reference.table)", deletes: reference.action == "c")
    if !affected[name, default: []].contains(table) { affected[name, default: []].append(table) }
  }
}

/// A foreign key to the registry.
private struct RowReference {
  let table: QualifiedName
  /// Whether it refers to the tenants' table, or else to the domains'.
  let isToTenant: Bool
  /// Whether its rows are tenants, too: one that belongs to another, say.
  let isOfTenants: Bool
  /// What happens to its row when the other one is deleted, as in `pg_constraint.confdeltype`.
  let action: String
  var columns: [(own: Identifier, target: Identifier)]

  /// Whether its row does not keep the other one from being deleted, but is deleted or changed with it.
  var goesAlong: Bool { !["a", "r"].contains(action) }

  /// - Parameter host: that of the domain that it refers to.
  func refusal(_ name: TenantName, host: String?) -> TenancyProblem {
    let detail = "table \(table)"
    return host.map { .domainReferenced(DomainName(stored: $0), detail: detail) }
      ?? .tenantReferenced(name, detail: detail)
  }

  /// - Parameter rows: a row for each column, those of a key together.
  static func all(in rows: Rows, _ shape: RegistryShape) throws -> [RowReference] {
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
          RowReference(
            table: name, isToTenant: isToTenant, isOfTenants: name == shape.tenants.table, action: action,
            columns: [pair]))
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

  /// The tenants that the key refers to, or that have such a domain: then with its host name; and for a key of the tenants'
  /// table the tenant that refers to it, and whether it is one of them. The first is enough to refuse the drop. A tenant's own
  /// tables go with its schema.
  fileprivate func referredQuery(
    _ reference: RowReference, _ names: [TenantName], of owner: RowReferrer?
  ) -> SQL {
    let other: SQL =
      reference.isOfTenants
      ? """
      , (SELECT \(name) FROM \(tenants.table) t WHERE \(Self.isReferring)),
        (SELECT \(isNamed(oneOf: names)) FROM \(tenants.table) t WHERE \(Self.isReferring))
      """ : ", NULL::text, NULL::text"
    let host: SQL = reference.isToTenant ? "NULL" : domains.map { "d.\($0.host)::text" } ?? "NULL"
    let isRefused = !reference.goesAlong && !reference.isOfTenants && owner?.isDropped != true
    if isRefused {
      return "SELECT \(name), \(host) \(source(of: reference)) AND \(isNamed(oneOf: names)) LIMIT 1"
    }
    return """
      SELECT \(name), min(\(host)::text)\(other)
      \(source(of: reference)) AND \(isNamed(oneOf: names)) GROUP BY 1, 3, 4
      """
  }

  /// That `t` is the row `r` of the same table.
  private static let isReferring: SQL = "t.ctid = r.ctid AND t.tableoid = r.tableoid"

  /// Fails if one of the tenants that refer to it is not gone, which would lose its row, or rows of its tables.
  func checkGone(_ names: [TenantName], before name: TenantName) -> [PlannedStatement] {
    if names.isEmpty { return [] }
    let left: SQL = "EXISTS (SELECT FROM \(tenants.table) t WHERE \(isNamed(oneOf: names)))"
    let detail = "tenant \(names.map(\.rawValue).joined(separator: ", "))"
    return [
      PlannedStatement(
        "SELECT \(Guard.number(if: "NOT \(left)"))",
        check: .referenced(.tenantReferenced(name, detail: detail)))
    ]
  }

  /// `FROM ... WHERE ...`: the tenants `t` and the rows `r` that refer to them and are not their own.
  private func source(of reference: RowReference) -> SQL {
    let row: SQL = reference.isToTenant ? "t" : "d"
    let match = SQL.joined(reference.columns.map { "r.\($0.own) = \(row).\($0.target)" }, by: " AND ")
    let domain: SQL =
      reference.isToTenant ? "" : domains.map { "JOIN \($0.table) d ON \(link($0))" } ?? ""
    let isOthers: SQL =
      reference.isOfTenants
      ? "NOT (\(Self.isReferring))" : "\(schema) <> \(literal: reference.table.schema.name)"
    return """
      FROM \(tenants.table) t \(domain) JOIN \(reference.table) r ON \(match) WHERE \(isOthers)
      """
  }
}
