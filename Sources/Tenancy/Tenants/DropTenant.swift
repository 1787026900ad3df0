internal import Postgres

/// A tenant that was removed, and what went with it.
public struct DroppedTenant: Sendable, Hashable, Encodable {
  /// The tenant's name.
  public let name: TenantName
  /// Its schema.
  public let schema: SchemaName
  /// Whether the registry had it; if not, only a schema that an interrupted drop left behind is removed.
  public let hadRow: Bool
  /// Whether the schema was there.
  public let hadSchema: Bool
  /// How many tables the schema had.
  public let tables: Int
  /// Its domains.
  public let domains: [DomainName]
}

extension TenantDatabase {
  /// Plans the removal of a tenant: domains, row and schema.
  ///
  /// The rows go first, so the app never serves a tenant that is half gone; the same transaction marks the schema, by
  /// which the same command, run again after a crash, finishes the work. A large schema is dropped a few hundred
  /// relations at a time: PostgreSQL locks each one, and its lock table is shared by all sessions
  /// (PostgreSQL manual, 20.12 `max_locks_per_transaction`).
  ///
  /// Throws ``TenancyError`` if there is no such tenant, or something outside of its schema would be dropped with it.
  public func planDrop(_ name: TenantName) async throws -> Change<DroppedTenant> {
    try await withRegistry { connection, shape in
      let found = try await connection.query(shape.tenantQuery(name)).first.map {
        try RegistryShape.tenant(in: $0)
      }
      if let found {
        if found.schema.isNobodys { throw TenancyError.sharedSchema(name, found.schema) }
        if let other = try await shape.sharer(of: found, over: connection) {
          throw TenancyError.schemaNotAlone(found.schema, of: name, and: other)
        }
      }
      let mark = Self.dropMark(of: name)
      let marked = found == nil ? try await self.schema(marked: mark, over: connection) : nil
      let schema = found?.schema ?? marked ?? SchemaName(of: name)
      let domains = try await self.domains(of: [name], shape, over: connection)
      let contents = try await SchemaContents.read(schema, ledger: self.settings.ledger, over: connection)
      guard found != nil || contents.mark == mark else {
        let missing = Tenant(name: name, schema: schema, isActive: true)
        let isOrphan = try await shape.sharer(of: missing, over: connection) == nil
        throw contents.exists && !schema.isNobodys && isOrphan
          ? TenancyError.schemaWithoutTenant(schema) : TenancyError.tenantNotFound(name)
      }
      let outsiders = try await Self.dependents(on: schema, over: connection)
      if !outsiders.isEmpty { throw TenancyError.schemaReferenced(schema, of: name, by: outsiders) }
      let rows = self.limits.opening.map { PlannedStatement($0) } + shape.delete(found)
      return Change(
        result: DroppedTenant(
          name: name, schema: schema, hadRow: found != nil, hadSchema: contents.exists,
          tables: contents.tables, domains: domains.map(\.name)),
        steps: contents.dropping(schema, after: rows, mark: mark, guards: self.limits.opening),
        database: self,
        explain: { error in
          error.state == .foreignKeyViolation
            ? .tenantReferenced(name, detail: error.detail ?? error.message) : nil
        })
    }
  }

  /// The comment on the schema of a tenant whose row is gone already.
  static func dropMark(of name: TenantName) -> String { dropMarkPrefix + name.rawValue }

  /// The tenant whose ``dropMark(of:)`` a schema's comment is; `nil` if it is none.
  static func tenantDropped(comment: String?) -> TenantName? {
    guard let comment, comment.hasPrefix(dropMarkPrefix) else { return nil }
    return TenantName(stored: String(comment.dropFirst(dropMarkPrefix.count)))
  }

  /// What `DROP SCHEMA ... CASCADE` would take along from other schemas, the first ten, as the server describes it.
  private static func dependents(on schema: SchemaName, over connection: Connection) async throws -> [String]
  {
    try await connection.query(
      """
      WITH schema AS (SELECT to_regnamespace(\(schema.identifier.quoted))::oid), own (class, oid) AS (
        SELECT 'pg_class'::regclass, oid FROM pg_catalog.pg_class WHERE relnamespace = (TABLE schema)
        UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_catalog.pg_type WHERE typnamespace = (TABLE schema)
        UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE pronamespace = (TABLE schema)
      )
      SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
      FROM own JOIN pg_catalog.pg_depend d ON d.refclassid = own.class AND d.refobjid = own.oid
      LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
      LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
      LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_trigger'::regclass AND g.oid = d.objid
      LEFT JOIN pg_catalog.pg_class c ON c.oid = CASE d.classid WHEN 'pg_class'::regclass THEN d.objid
        ELSE coalesce(k.conrelid, w.ev_class, f.adrelid, g.tgrelid) END
      LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
      LEFT JOIN pg_catalog.pg_type y ON d.classid = 'pg_type'::regclass AND y.oid = d.objid
      JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(c.relnamespace, p.pronamespace, y.typnamespace)
      WHERE n.oid <> (TABLE schema) AND n.nspname !~ '^pg_'  -- its own TOAST tables, sessions' temporary views
      ORDER BY 1 LIMIT 10
      """
    ).compactMap { $0[0] }
  }

  private static let dropMarkPrefix = "tenantctl: being dropped, tenant "

  private func schema(marked mark: String, over connection: Connection) async throws -> SchemaName? {
    let found = try await connection.query(
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE obj_description(oid, 'pg_namespace') = \(mark)")
    return found.first?[0].map(SchemaName.init(stored:))
  }
}

extension RegistryShape {
  /// The row must go, or the schema stays: it may have been renamed meanwhile, or a trigger or a policy keeps it.
  fileprivate func delete(_ tenant: Tenant?) -> [PlannedStatement] {
    guard let tenant else { return [] }
    let isIt: SQL = "t.\(tenants.name) = \(tenant.name.rawValue) AND \(schema) = \(tenant.schema.rawValue)"
    let row = PlannedStatement(mustAffectRows: "DELETE FROM \(tenants.table) t WHERE \(isIt)")
    guard let domains else { return [row] }
    return [
      PlannedStatement(
        "DELETE FROM \(domains.table) d USING \(tenants.table) t WHERE \(isIt) AND \(link(domains))"), row,
    ]
  }
}

/// A statement that drops something, and how many locks it takes.
private struct Drop {
  let sql: SQL
  let locks: Int
}

/// What is in a schema, as far as dropping it is concerned.
private struct SchemaContents {
  let exists: Bool
  let mark: String?
  let tables: Int
  /// A `DROP` for each relation and routine.
  let drops: [Drop]
  /// How many locks one transaction of ours may take.
  let lockBudget: Int

  static func read(_ schema: SchemaName, ledger: String, over connection: Connection) async throws
    -> SchemaContents
  {
    let rows = try await connection.pipeline([
      "SELECT obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname = \(schema.rawValue)",
      """
      SELECT relname, relkind, (
          SELECT count(DISTINCT (d.classid, d.objid)) FROM pg_catalog.pg_depend d
          WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = pg_class.oid)
      FROM pg_catalog.pg_class
      WHERE relnamespace = to_regnamespace(\(schema.identifier.quoted)) AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        AND NOT EXISTS (  -- a serial column's sequence goes with its table
          SELECT FROM pg_catalog.pg_depend
          WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i') AND relkind = 'S')
      ORDER BY relkind IN ('v', 'm') DESC, relispartition DESC, oid DESC
      """,
      """
      SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p
      WHERE pronamespace = to_regnamespace(\(schema.identifier.quoted))
      """,
      """
      SELECT current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int
      """,
    ])
    let relations = try rows[1].map { try $0.decode(String.self, String.self, Int.self) }
    let drops = relations.compactMap { name, kind, dependents in
      drop(schema.relation(name), kind: kind).map { Drop(sql: $0, locks: locks(dependents)) }
    }
    let routines = rows[2].compactMap { $0[0] }.map {
      Drop(sql: "DROP ROUTINE IF EXISTS \(unsafeRaw: $0) CASCADE", locks: 1)
    }
    return SchemaContents(
      exists: !rows[0].isEmpty, mark: rows[0].first?[0],
      tables: relations.count { "rpf".contains($0.1) && $0.0 != ledger },
      drops: drops + routines, lockBudget: try rows[3][0].decode(Int.self))
  }

  /// What depends on a table is locked with it: types, constraints, defaults, indexes, its TOAST table. Most of them bring
  /// one more: the array's type, the constraint's index, the TOAST table's.
  private static func locks(_ dependents: Int) -> Int { 1 + 2 * dependents }

  private static func drop(_ name: QualifiedName, kind: String) -> SQL? {
    let words = [
      "r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW",
      "S": "SEQUENCE",
    ]
    return words[kind].map { "DROP \(unsafeRaw: $0) IF EXISTS \(name) CASCADE" }
  }

  func dropping(_ schema: SchemaName, after rows: [PlannedStatement], mark: String, guards: [SQL]) -> [Step] {
    guard exists else { return [.transaction(rows)] }
    let drop: SQL = "DROP SCHEMA \(schema.identifier) CASCADE"
    // A quarter of the server's lock table leaves the other sessions what they need.
    let batches = batches(of: lockBudget / 4)
    if batches.count <= 1 { return [.transaction(rows + [PlannedStatement(drop)])] }
    let setMark: SQL = "COMMENT ON SCHEMA \(schema.identifier) IS \(literal: mark)"
    return [.transaction(rows + [PlannedStatement(setMark)])] + batches.map { .transaction(guards + $0) }
      + [.transaction(guards + [drop])]
  }

  private func batches(of locks: Int) -> [[SQL]] {
    var batches: [[SQL]] = []
    var left = 0
    for drop in drops {
      if drop.locks > left {
        batches.append([])
        left = locks
      }
      batches[batches.count - 1].append(drop.sql)
      left -= drop.locks
    }
    return batches
  }
}
