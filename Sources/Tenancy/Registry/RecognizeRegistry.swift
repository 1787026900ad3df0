package import TenancyPostgres

/// Where to find the registry.
package enum RegistrySource: Sendable, Hashable {
  /// Wherever it is: the tables of a framework are known by their columns.
  case anywhere
  /// In a named table; `domains` is found by its reference, if it is not named too.
  case tables(QualifiedName, domains: QualifiedName?)
  /// Where the settings say.
  case mapping
  /// Nowhere: one is to be made, whatever the database has.
  case nowhere
}

/// An existing registry, and notes on it.
package struct RecognizedRegistry: Sendable, Hashable {
  /// Who made it.
  package let kind: RegistryKind
  /// Where its tables are and what their columns are called; only what is not so by default.
  package let mapping: RegistryMapping
  /// How many tenants it has, the shared schema's row not counted; `nil` if the role may not read it.
  package let tenants: Int?
  /// How many domains it has; `nil` if the role may not read it, or the registry has no table of them.
  package let domains: Int?
  /// What is worth knowing before the first command.
  package let remarks: [RegistryRemark]
  /// What it lacks, and `init --upgrade` adds.
  package let lacks: [RegistryAddition]
  /// Whether a tenant has tables but no ledger; false if the role may not read the registry.
  package internal(set) var lacksLedgers = false
}

/// Something about a registry that is worth knowing.
package enum RegistryRemark: Sendable, Hashable {
  /// There is no table of domains.
  case noDomains
  /// No column says which domain is a tenant's primary one.
  case noPrimary(table: String)
  /// A new tenant needs values for these columns.
  case tenantsNeed([String])
  /// A new domain needs values for these columns.
  case domainsNeed([String])
  /// The table is another role's, and these privileges on it are missing.
  case owner(table: String, role: String, lacking: [String])
  /// A row is for the shared schema, and no tenant.
  case sharedRow(TenantName)
  /// The app also keeps each schema's name in a column `data`.
  case schemasInData(table: String)
  /// There are tenants, and none has a schema that is named after this column.
  case noSchemas(table: String, column: String)
}

extension TenantDatabase {
  /// Finds the registry; `nil` if the database has none, and no table that could be one.
  ///
  /// Throws ``TenancyProblem/unclearRegistry(_:)``, or the errors of a registry that is not as it must be.
  package func recognizeRegistry(_ source: RegistrySource = .anywhere) async throws -> RecognizedRegistry? {
    try await connected { try await self.recognize(source, over: $0)?.registry }
  }

  func recognize(
    _ source: RegistrySource, over connection: Connection
  ) async throws -> (registry: RecognizedRegistry, shape: RegistryShape)? {
    guard let (given, catalog) = try await candidate(source, over: connection) else { return nil }
    let candidate = source == .mapping ? given : try await withSchemas(given, catalog, over: connection)
    let mapping = candidate.mapping
    let shape = try await RegistryShape(mapping, catalog.tables, over: connection)
    var (remarks, tenants, domains, lacksLedgers) = try await remarks(
      on: shape, ofApp: candidate.kind == .other, over: connection)
    if source == .anywhere, mapping.tenants.schema != "public" {
      try refuseStrangers(remarks, mapping.tenants)
    }
    if candidate.kind == .stanclTenancy, mapping.columns.schema == nil {
      remarks.append(.schemasInData(table: mapping.tenants.description))
    }
    return (
      RecognizedRegistry(
        kind: candidate.kind, mapping: mapping, tenants: tenants, domains: domains, remarks: remarks,
        lacks: shape.additions(catalog, mapping), lacksLedgers: lacksLedgers), shape
    )
  }

  /// Whoever owns a schema may make tables like a registry's there.
  private func refuseStrangers(_ remarks: [RegistryRemark], _ tenants: QualifiedName) throws {
    for case .owner(tenants.description, let role, _) in remarks {
      throw TenancyProblem.unclearRegistry(.ofAnother(table: tenants.description, owner: role))
    }
  }

  private func candidate(
    _ source: RegistrySource, over connection: Connection
  ) async throws -> (candidate: RegistryCandidate, catalog: RegistryCatalog)? {
    switch source {
    case .nowhere: return nil
    case .mapping:
      let mapping = settings.registry
      let place = RegistryCatalog.around(mapping.tenants, mapping.domains)
      let catalog = try await RegistryCatalog.read(where: place, over: connection)
      if mapping.isOurs, catalog.tables.isEmpty { return nil }
      let kind = catalog.frameworks().first { $0.mapping.tenants == mapping.tenants }?.kind
      return (RegistryCandidate(kind: kind ?? .other, mapping: mapping), catalog)
    case .tables(let tenants, let domains):
      let place = RegistryCatalog.around(tenants, domains)
      let catalog = try await RegistryCatalog.read(where: place, over: connection)
      let missing = [tenants, domains].compactMap { $0 }.filter { catalog.table($0) == nil }
      if !missing.isEmpty {
        throw try await RegistryShape.missing(missing, wereNamed: true, over: connection)
      }
      let known = catalog.frameworks().first {
        $0.mapping.tenants == tenants && (domains == nil || $0.mapping.domains == domains)
      }
      return (try known ?? catalog.own(tenants, domains: domains), catalog)
    case .anywhere:
      let catalog = try await RegistryCatalog.read(where: RegistryCatalog.ofFrameworks, over: connection)
      let found = try await withoutCopies(catalog.frameworks(), catalog, over: connection)
      guard found.count < 2 else {
        throw TenancyProblem.unclearRegistry(
          .several(found.map { .init(tenants: $0.mapping.tenants.description, kind: $0.kind) }))
      }
      if let only = found.first { return (only, catalog) }
      try await refuseUnknown(catalog, over: connection)
      return nil
    }
  }

  /// A tenant's schema may have tables like those of the registry, where an app makes all its tables in each.
  private func withoutCopies(
    _ candidates: [RegistryCandidate], _ catalog: RegistryCatalog, over connection: Connection
  ) async throws -> [RegistryCandidate] {
    func isPublic(_ candidate: RegistryCandidate) -> Bool { candidate.mapping.tenants.schema == "public" }
    guard candidates.count > 1, let first = candidates.first(where: isPublic) else { return candidates }
    let shape = try await RegistryShape(first.mapping, catalog.tables, over: connection)
    let schemas = candidates.map(\.mapping.tenants.schema.name)
    let rows = try await connection.query(
      "SELECT \(shape.schema) FROM \(shape.tenants.table) t WHERE \(shape.schema) = ANY(\(schemas)::text[])")
    let ofTenants = Set(rows.compactMap { $0[0] }).subtracting(["public"])
    return candidates.filter { !ofTenants.contains($0.mapping.tenants.schema.name) }
  }
}

// MARK: - Remarks

extension TenantDatabase {
  /// - Parameter ofApp: whether the registry is an app's own, whose columns may have been mistaken.
  private func remarks(
    on shape: RegistryShape, ofApp: Bool, over connection: Connection
  ) async throws -> (remarks: [RegistryRemark], tenants: Int?, domains: Int?, lacksLedgers: Bool) {
    var remarks = shape.remarks
    var mayRead = true
    for row in try await connection.query(Self.ownersQuery(shape.tables)) {
      let (name, owner, isOurs, lacking) = try row.decode(String.self, String.self, Bool.self, String.self)
      let privileges = lacking.split(separator: " ").map(String.init)
      if privileges.contains("SELECT") { mayRead = false }
      if !isOurs { remarks.append(.owner(table: name, role: owner, lacking: privileges)) }
    }
    guard mayRead else { return (remarks, nil, nil, false) }
    let counts = try await connection.query(shape.countsQuery(ledger: settings.ledger))[0]
    let (tenants, domains, shared, withSchema, withoutLedger) = try counts.decode(
      Int.self, Int?.self, String?.self, Int.self, Int.self)
    if let shared { remarks.append(.sharedRow(TenantName(stored: shared))) }
    if ofApp, tenants > 0, withSchema == 0 {
      let column = shape.tenants.schemaApart ?? shape.tenants.name
      remarks.append(.noSchemas(table: shape.tenants.table.description, column: column.name))
    }
    return (remarks, tenants, domains, withoutLedger > 0)
  }

  /// Name, owner, whether we are a member of the owner and not only a superuser over it, and the privileges that we lack.
  private static func ownersQuery(_ tables: [QualifiedName]) -> SQL {
    """
    SELECT concat(n.nspname, '.', c.relname), pg_get_userbyid(c.relowner),
      pg_has_role(c.relowner, 'USAGE') AND (
        NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
        OR c.relowner IN (\(LedgerTrust.owners))),
      (SELECT coalesce(string_agg(p, ' '), '') FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) p
        WHERE NOT has_table_privilege(c.oid, p))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid IN (\(SQL.joined(tables.map { "to_regclass(\($0.quoted))" })))
    ORDER BY c.oid
    """
  }
}

extension RegistryShape {
  fileprivate var remarks: [RegistryRemark] {
    var remarks: [RegistryRemark] = []
    if let domains {
      if domains.primary == nil { remarks.append(.noPrimary(table: domains.table.description)) }
    } else {
      remarks.append(.noDomains)
    }
    if !neededOfTenants.isEmpty { remarks.append(.tenantsNeed(neededOfTenants)) }
    if !neededOfDomains.isEmpty { remarks.append(.domainsNeed(neededOfDomains)) }
    return remarks
  }

  fileprivate func countsQuery(ledger: String) -> SQL {
    let domains: SQL = domains.map { "(SELECT count(*) FROM \($0.table))" } ?? "NULL"
    return """
      SELECT count(*) FILTER (WHERE \(schema) <> 'public'), \(domains), max(\(name)) FILTER (WHERE \(schema) = 'public'),
        count(*) FILTER (WHERE \(schema) <> 'public'
          AND \(schema) IN (SELECT n.nspname::text FROM pg_catalog.pg_namespace n)),
        count(*) FILTER (WHERE \(schema) <> 'public' AND \(schema) IN (
          SELECT n.nspname::text FROM pg_catalog.pg_namespace n
          WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p'))
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = \(ledger))))
      FROM \(tenants.table) t WHERE t.\(tenants.name) IS NOT NULL
      """
  }
}

// MARK: - No known registry

extension TenantDatabase {
  /// Nothing was recognized. Throws if tables of our names are in the way, or the database has tenants all the same.
  private func refuseUnknown(_ catalog: RegistryCatalog, over connection: Connection) async throws {
    let ours = RegistryMapping()
    if let tenants = catalog.table(ours.tenants) {
      _ = try ColumnMatcher(table: tenants).tenants(ours)
      _ = try await RegistryShape(ours, catalog.tables, over: connection)
    }
    if let table = ours.domains.flatMap(catalog.table) {
      throw TenancyProblem.unclearRegistry(.inTheWay(table))
    }
    let fleet = try await connection.query(Self.fleetQuery)
    guard let fleet = fleet.first else { return }
    let (count, first, last) = try fleet.decode(Int.self, String.self, String.self)
    let names = WellKnown.name.names
    let likely = try await RegistryCatalog.read(
      where: RegistryCatalog.inPublic(having: names), over: connection)
    let tables = likely.tables.filter {
      WellKnown.name.first(in: $0)?.isUnique == true && !MigrationHistory.isOne($0)
    }
    throw TenancyProblem.unclearRegistry(
      .none(schemas: count, examples: [first, last], tables: tables.map(\.name.description)))
  }

  /// The largest set of schemas whose tables have the same names: how many, the first and the last of them.
  private static let fleetQuery: SQL = """
    SELECT count(*), min(s.schema), max(s.schema) FROM (
      SELECT n.nspname::text AS schema, string_agg(c.relname, '/' ORDER BY c.relname) AS tables
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
        AND n.nspname NOT IN ('information_schema', 'public')
      GROUP BY n.nspname
    ) s GROUP BY s.tables HAVING count(*) > 1 ORDER BY count(*) DESC LIMIT 1
    """
}
