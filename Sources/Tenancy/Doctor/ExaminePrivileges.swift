internal import TenancyPostgres

extension TenantDatabase {
  /// Checks which roles can create objects that a migration's unqualified names find, the owners of the tenants' relations,
  /// and the objects that unqualified names do not find.
  func examinePrivileges(_ shape: RegistryShape) async throws -> [Finding] {
    try await connected { connection in
      let path = try await self.frame(over: connection).path
      let answers = try await connection.pipeline([
        shape.unreachableExtensionsQuery(path), shape.strayRelationsQuery(ledger: self.settings.ledger),
        shape.creatorsQuery(path), Self.powerQuery, shape.writersQuery(ledger: self.settings.ledger),
        shape.triggerGranteesQuery, shape.strangersTriggersQuery,
      ])
      return try self.unreachableExtensions(in: answers[0], path) + strayRelations(in: answers[1])
        + Self.creators(in: answers[2], power: answers[3][0])
        + self.writers(in: answers[4])
        + answers[5].map { row in
          .canHookRegistry(row[0].map { .role($0) } ?? .everybody, table: row[1] ?? "")
        }
        + (try answers[6].map { row in
          let (trigger, table, function, owner) = try row.decode(
            String.self, String.self, String.self, String.self)
          return .hookedRegistry(
            RegistryHook(trigger: trigger, table: table, function: function, owner: owner))
        })
    }
  }

  private func writers(in rows: Rows) throws -> [Finding] {
    try rows.map { row in
      let (role, count, first) = try row.decode(String?.self, Int.self, String.self)
      return .canWriteLedgers(
        role.map { .role($0) } ?? .everybody, count: count,
        first: QualifiedLedger(schema: SchemaName(stored: first), table: settings.ledger))
    }
  }

  private func unreachableExtensions(in rows: Rows, _ path: TenantPath) throws -> [Finding] {
    try rows.map { row in
      let (name, schema, database, isUsed) = try row.decode(String.self, String.self, String.self, Bool.self)
      return .extensionOutOfReach(
        UnreachableExtension(
          name: name, schema: SchemaName(stored: schema), path: path.shared,
          database: settings.sharedSchemas == nil ? database : nil, isUsed: isUsed))
    }
  }

  private func strayRelations(in rows: Rows) throws -> [Finding] {
    try rows.compactMap { row in
      let tenant = try RegistryShape.tenant(in: row)
      if settings.isShared(tenant.schema) { return nil }
      let strays = StrayRelations(
        owner: row[3] ?? "", usualOwner: row[4] ?? "", canBeReassigned: row[5] == "t",
        count: row[6].flatMap { Int($0) } ?? 0, first: row[7] ?? "")
      return .ownersDiffer(tenant, strays)
    }
  }

  private static func creators(in rows: Rows, power: Row) throws -> [Finding] {
    var (findings, all): ([Finding], [Creator]) = ([], [])
    for row in rows {
      let (role, shared, isOwner, count, first) = try row.decode(
        String?.self, Bool.self, Bool.self, Int.self, String.self)
      let creator = role.map { isOwner ? Creator.owner($0) : .role($0) } ?? .everybody
      if !all.contains(where: { $0.name == creator.name }) { all.append(creator) }
      let schema = SchemaName(stored: first)
      if shared {
        findings.append(.canCreateInShared(schema, creator))
      } else if !isOwner {
        findings.append(.canCreateInTenants(creator, count: count, first: schema))
      }
    }
    let owners = Set(rows.filter { $0[1] == "f" && $0[2] == "t" }.map { $0[0] })
    let (role, code) = try power.decode(String.self, String?.self)
    guard !all.isEmpty, let power = ConnectionPower(code: code, owners: owners.count) else { return findings }
    return findings + [.powerfulConnection(role: role, power, creators: all)]
  }

  /// The current role, and what it may do beyond owning schemas.
  private static let powerQuery: SQL = """
    SELECT r.rolname, CASE WHEN r.rolsuper THEN 'superuser' WHEN r.rolcreaterole THEN 'createrole'
      WHEN r.rolbypassrls THEN 'bypassrls' WHEN EXISTS (
        SELECT FROM pg_catalog.pg_roles f
        WHERE f.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
          AND pg_has_role(f.oid, 'MEMBER')) THEN 'files' END
    FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER
    """
}

extension Creator {
  /// The role's name; `nil` for all of them.
  package var name: String? {
    switch self {
    case .everybody: nil
    case .role(let name), .owner(let name): name
    }
  }
}

extension ConnectionPower {
  fileprivate init?(code: String?, owners: Int) {
    switch code {
    case "superuser": self = .superuser
    case "createrole": self = .createRole
    case "bypassrls": self = .bypassRLS
    case "files": self = .serverFiles
    default:
      if owners < 2 { return nil }
      self = .severalOwners(owners)
    }
  }
}

extension RegistryShape {
  /// The tenants' schemas.
  private var schemas: SQL { "SELECT \(schema) FROM \(tenants.table) t" }

  /// For each role that may create in a shared schema, or in tenants' schemas: in how many, and the first of them.
  ///
  /// Excludes roles that are trusted with a ledger, roles that can become the current role anyway, and groups of only such
  /// members.
  fileprivate func creatorsQuery(_ path: TenantPath) -> SQL {
    let shared = path.shared.map(\.rawValue)
    return """
      WITH trusted (oid) AS (\(LedgerTrust(registry: tenants.table).owners)),
      schemas AS (  -- Citus loses a list of the columns here
        SELECT s AS name, true AS shared FROM unnest(\(shared)::text[]) AS s
        UNION SELECT s, false FROM (\(schemas)) AS s (s) WHERE s <> ALL (\(shared)::text[])),
      creators AS (
        SELECT n.nspname::text AS schema, s.shared, g.grantee, g.grantee = n.nspowner AS owns
        FROM schemas s JOIN pg_catalog.pg_namespace n ON n.nspname = s.name CROSS JOIN LATERAL (
          SELECT x.grantee FROM aclexplode(n.nspacl) x WHERE x.privilege_type = 'CREATE' UNION SELECT n.nspowner) g
        WHERE g.grantee NOT IN (SELECT oid FROM trusted))
      SELECT r.rolname, c.shared, c.owns, count(*), min(c.schema)
      FROM creators c LEFT JOIN pg_catalog.pg_roles r ON r.oid = c.grantee
      WHERE c.grantee = 0 OR \(Self.isSomebody)
      GROUP BY r.rolname, c.shared, c.owns, CASE WHEN c.shared THEN c.schema END
      ORDER BY c.shared DESC, r.rolname NULLS FIRST, c.owns, 5
      """
  }

  /// The same for those that may write to tenants' ledgers.
  fileprivate func writersQuery(ledger: String) -> SQL {
    """
    WITH trusted (oid) AS (\(LedgerTrust(registry: tenants.table).owners)),
    writers AS (
      SELECT DISTINCT n.nspname::text AS schema, x.grantee
      FROM (\(schemas)) AS s (s) JOIN pg_catalog.pg_namespace n ON n.nspname = s
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger)
      CROSS JOIN LATERAL aclexplode(c.relacl) x
      WHERE x.privilege_type = ANY ('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}')
        AND x.grantee <> c.relowner AND x.grantee NOT IN (SELECT oid FROM trusted))
    SELECT r.rolname, count(*), min(w.schema)
    FROM writers w LEFT JOIN pg_catalog.pg_roles r ON r.oid = w.grantee
    WHERE w.grantee = 0 OR \(Self.isSomebody)
    GROUP BY r.rolname ORDER BY r.rolname NULLS FIRST
    """
  }

  /// The roles that may put triggers on the registry's tables, each with a table.
  fileprivate var triggerGranteesQuery: SQL {
    let oids = CatalogTable.oids(of: tables)
    return """
      WITH trusted (oid) AS (\(LedgerTrust(registry: tenants.table).owners)),
      grants AS (
        SELECT c.oid, x.grantee, x.privilege_type FROM pg_catalog.pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
        WHERE c.oid IN (\(oids)) AND x.grantee <> c.relowner
        UNION SELECT a.attrelid, x.grantee, x.privilege_type
        FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x WHERE a.attrelid IN (\(oids)))
      SELECT DISTINCT r.rolname, g.oid::regclass::text
      FROM grants g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
      WHERE g.privilege_type IN ('TRIGGER', 'REFERENCES') AND g.grantee NOT IN (SELECT oid FROM trusted)
        AND (g.grantee = 0 OR \(Self.isSomebody))
      ORDER BY 1 NULLS FIRST, 2
      """
  }

  /// The registry's triggers whose functions belong to roles that are not trusted: a grant that allowed one may be gone.
  fileprivate var strangersTriggersQuery: SQL {
    """
    SELECT g.tgname, g.tgrelid::regclass::text, p.oid::regprocedure::text, pg_get_userbyid(p.proowner)
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
    WHERE g.tgrelid IN (\(CatalogTable.oids(of: tables))) AND NOT g.tgisinternal
      AND p.proowner NOT IN (\(LedgerTrust(registry: tenants.table).owners))
    ORDER BY 2, 1
    """
  }

  /// That the role `r` is more than a group of those that are trusted.
  private static let isSomebody: SQL = """
    NOT pg_has_role(r.oid, CURRENT_USER, 'MEMBER') AND (r.rolcanlogin OR EXISTS (
        SELECT FROM pg_catalog.pg_auth_members m
        WHERE m.roleid = r.oid AND m.member NOT IN (SELECT oid FROM trusted)))
    """

  /// What a schema holds that has an owner of its own. The ledger's may be another than the tables', if an app made those;
  /// and what belongs to an extension belongs to its owner. The usual owner is one that is trusted, or the schema's, if there
  /// is one: a role that may create could make more tables than are there.
  fileprivate func strayRelationsQuery(ledger: String) -> SQL {
    """
    WITH trusted (oid) AS (\(LedgerTrust(registry: tenants.table).owners)),
    mixed AS (
      SELECT c.relnamespace FROM pg_catalog.pg_class c
      WHERE c.relkind = ANY ('{r,p,v,m,S,f}') AND c.relname <> \(ledger)
      GROUP BY c.relnamespace HAVING min(c.relowner) <> max(c.relowner)),
    counted AS (
      SELECT c.relnamespace, c.relowner, count(*) AS relations, min(c.relname::text) AS first
      FROM mixed m JOIN pg_catalog.pg_class c ON c.relnamespace = m.relnamespace
      WHERE c.relkind = ANY ('{r,p,v,m,S,f}') AND c.relname <> \(ledger) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      GROUP BY c.relnamespace, c.relowner),
    usual AS (
      SELECT DISTINCT ON (c.relnamespace) c.relnamespace, c.relowner, c.relowner IN (SELECT oid FROM trusted) AS trusted
      FROM counted c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      ORDER BY c.relnamespace, (c.relowner = n.nspowner OR c.relowner IN (SELECT oid FROM trusted)) DESC, c.relations DESC, c.relowner = n.nspowner DESC, c.relowner)
    SELECT \(tenantColumns), pg_get_userbyid(c.relowner), pg_get_userbyid(u.relowner),
      c.relowner >= 16384 AND u.trusted, c.relations, c.first
    FROM counted c JOIN usual u ON u.relnamespace = c.relnamespace AND u.relowner <> c.relowner
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN \(tenants.table) t ON n.nspname::text = \(schema)
    ORDER BY 1, 4
    """
  }

  /// Extensions in schemas that are neither in the path nor a tenant's, if they have types or operators: of those alone it
  /// matters how they are named. Row types and arrays do not count, as every table has them.
  fileprivate func unreachableExtensionsQuery(_ path: TenantPath) -> SQL {
    """
    WITH members AS (
      SELECT e.oid AS extension, d.classid, d.objid
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      JOIN pg_catalog.pg_depend d
        ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
      WHERE n.nspname <> ALL (\(path.shared.map(\.rawValue) + ["pg_catalog"])::text[])
        AND n.nspname::text NOT IN (SELECT s FROM (\(schemas)) AS s (s) WHERE s IS NOT NULL)),
    uses AS (
      SELECT classid, objid, extension FROM members UNION ALL
      SELECT m.classid, y.typarray, m.extension FROM members m JOIN pg_catalog.pg_type y ON y.oid = m.objid
      WHERE m.classid = 'pg_type'::regclass AND y.typarray <> 0)
    SELECT e.extname, n.nspname, current_database(), EXISTS (
        SELECT FROM uses u
        JOIN pg_catalog.pg_depend d ON d.refclassid = u.classid AND d.refobjid = u.objid AND d.deptype IN ('n', 'a')
        LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        JOIN pg_catalog.pg_namespace o ON o.oid = coalesce(c.relnamespace, p.pronamespace)
        WHERE u.extension = e.oid AND o.nspname::text IN (\(schemas)))
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.oid IN (
      SELECT m.extension FROM members m LEFT JOIN pg_catalog.pg_type y
        ON m.classid = 'pg_type'::regclass AND y.oid = m.objid
      WHERE m.classid = 'pg_operator'::regclass OR y.typtype IN ('b', 'd', 'e', 'r') AND y.typcategory <> 'A')
    ORDER BY 1
    """
  }
}
