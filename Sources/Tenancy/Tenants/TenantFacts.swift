internal import TenancyPostgres

/// A tenant of a list, with what is only read when somebody asks for it.
package struct TenantListing: Sendable, Encodable {
  /// The tenant, its domains and its schema's state.
  package let entry: TenantEntry
  /// What the ledger's comment says, or the ledger where the comment does not; `nil` without a ledger, if it cannot be read,
  /// or if it was not asked for.
  package let head: LedgerHead?
  /// The registry's other columns, as text; `nil` if they were not asked for.
  package let columns: [String: String?]?
  /// What the schema's tables and indexes take on disk, in bytes; `nil` if that was not asked for, or
  /// there is no such schema.
  package let bytes: Int?

  private enum CodingKeys: String, CodingKey {
    case columns, bytes, head, applied
  }

  /// Flat: the entry's keys and the others in one object.
  package func encode(to encoder: any Encoder) throws {
    try entry.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(columns, forKey: .columns)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(head?.version, forKey: .head)
    try container.encode(head?.count, forKey: .applied)
  }
}

/// What a list reads in addition to the tenants and their domains.
package struct TenantFacts: OptionSet, Sendable {
  /// The bits.
  package let rawValue: Int

  /// The facts of those bits.
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// The head of each ledger.
  package static let head = TenantFacts(rawValue: 1)
  /// The size of each schema.
  package static let size = TenantFacts(rawValue: 2)
  /// The registry's own columns.
  package static let columns = TenantFacts(rawValue: 4)
}

extension TenantDatabase {
  /// How many schemas are measured in one query.
  private static let batch = 500

  /// The tenants of a list with these facts, each read for all of them together: a few queries, not one per tenant.
  ///
  /// Throws ``TenancyProblem``, also ``TenancyProblem/unknownColumn(_:table:available:)``.
  /// - Parameter named: columns of the registry that must exist.
  package func listings(
    of entries: [TenantEntry], with facts: TenantFacts, named: [String] = []
  ) async throws -> [TenantListing] {
    let columns = facts.contains(.columns) ? try await customColumns(named) : nil
    let heads = facts.contains(.head) ? try await unwrittenHeads(of: entries) : [:]
    let sizes =
      facts.contains(.size) ? try await sizes(of: entries.map(\.tenant).readable.map(\.schema)) : nil
    return entries.map { entry in
      TenantListing(
        entry: entry,
        head: facts.contains(.head) ? entry.state?.head ?? heads[entry.tenant.schema] : nil,
        columns: columns.map { $0[entry.tenant] ?? [:] },
        bytes: sizes?[entry.tenant.schema])
    }
  }

  /// The heads of those ledgers whose comment does not say it, such as dbmate's. Those that are not trusted are not read.
  private func unwrittenHeads(of entries: [TenantEntry]) async throws -> [SchemaName: LedgerHead] {
    let members = entries.compactMap { entry -> FleetMember? in
      guard let state = entry.state, state.hasLedger, state.head == nil, entry.tenant.isReadable else {
        return nil
      }
      return FleetMember(tenant: entry.tenant, state: state)
    }
    if members.isEmpty { return [:] }
    let surveys = try await connected { connection in
      try await self.surveyor([]).survey(members, over: connection, verify: true)
    }
    let heads = surveys.filter { $0.problem == nil }.map { ($0.schema, $0.finished.head) }
    return Dictionary(heads) { $1 }
  }

  private func sizes(of schemas: [SchemaName]) async throws -> [SchemaName: Int] {
    let batches = try await inBatches(of: Self.batch, schemas) { schemas, connection in
      try await connection.query(
        """
        SELECT n.nspname, coalesce(sum(\(RelationSize.of("c"))), 0)::bigint
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'm')
        WHERE n.nspname = ANY(\(schemas.map(\.rawValue))::text[])
        GROUP BY n.nspname
        """
      ).map { row in
        let (name, bytes) = try row.decode(String.self, Int.self)
        return (SchemaName(stored: name), bytes)
      }
    }
    return Dictionary(batches.flatMap { $0 }) { $1 }
  }

  /// The registry's own columns of all tenants.
  private func customColumns(_ named: [String]) async throws -> [Tenant: [String: String?]] {
    try await connected { connection in
      let shape = try await self.shape(over: connection)
      let columns = shape.customColumns.map(\.name)
      if let unknown = named.first(where: { !columns.contains($0) }) {
        throw TenancyProblem.unknownColumn(
          unknown, table: shape.tenants.table.description, available: columns.sorted())
      }
      let rows = try await connection.query(
        "SELECT \(shape.tenantColumns)\(SQL.joined(shape.customValues.map { ", \($0)" }, by: "")) FROM \(shape.tenants.table) t"
      )
      let tenants = try rows.compactMap { row -> (Tenant, [String: String?])? in
        guard row[0] != nil else { return nil }
        let values = columns.indices.map { (columns[$0], row[$0 + 3]) }
        return (try RegistryShape.tenant(in: row), Dictionary(values, uniquingKeysWith: { $1 }))
      }
      return Dictionary(tenants) { $1 }
    }
  }
}

extension RegistryShape {
  /// The columns that ``Tenant`` does not have, whatever they are. For a shape that was read from the catalog.
  var customColumns: [CatalogTable.Column] {
    let known = Set(
      [tenants.name, tenants.schema].compactMap { $0?.name } + [tenants.activity?.column].compactMap { $0 })
    return tenants.columns.filter { !known.contains($0.name) }
  }

  /// Their values as text, times in ISO 8601 as jsonb has them. Not all json is valid as jsonb, and an array can be read back
  /// only from PostgreSQL's own text.
  var customValues: [SQL] {
    customColumns.map { column in
      let value: SQL = "t.\(Identifier(column.name))"
      return column.type == "json" || column.type.hasSuffix("[]")
        ? "\(value)::text" : "to_jsonb(\(value)) #>> '{}'"
    }
  }
}

/// The bytes that a relation takes, with its indexes and what is TOASTed, in SQL.
enum RelationSize {
  /// PostgreSQL opens the relation to look. Of one that somebody has locked exclusively, for which the whole fleet would have
  /// to wait, it is the size of the table alone that the catalog has from the last VACUUM or ANALYZE.
  /// - Parameter row: the alias of a row of pg_class.
  static func of(_ row: String) -> SQL {
    let row = SQL(unsafeRaw: row)
    return """
      CASE WHEN \(row).oid = ANY (ARRAY(
          SELECT l.relation FROM pg_catalog.pg_locks l
          WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())))
        THEN \(row).relpages * current_setting('block_size')::bigint ELSE pg_total_relation_size(\(row).oid) END
      """
  }
}
