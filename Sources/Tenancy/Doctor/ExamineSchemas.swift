internal import TenancyPostgres

extension TenantDatabase {
  /// Reads every ledger: what is wrong with it cannot be told from its comment.
  func examineLedgers(of members: [FleetMember]) async throws -> [Diagnosis.Entry] {
    let present = members.filter(\.state.exists)
    let inspected = try await inspect(present)
    let surveyor = surveyor([])
    let othersHaveOne = present.contains(where: \.state.hasLedger)
    let entries = try await inBatches(of: Surveyor.batch, present) { batch, connection in
      let surveys = try await surveyor.survey(batch, over: connection, verify: true)
      let keyless = try await self.ledgersWithoutKey(in: batch.map(\.tenant.schema), over: connection)
      return zip(batch, surveys).flatMap { member, survey -> [Diagnosis.Entry] in
        if member.state.hasLedger {
          let key = keyless.contains(survey.schema) ? self.addKey(survey, of: member.tenant) : []
          return self.examine(survey, of: member.tenant) + key
        }
        let isWithout = othersHaveOne && inspected[member.tenant.schema]?.hasTables ?? false
        return isWithout ? [.init(.noLedger(member.tenant))] : []
      }
    }
    return Array(entries.joined())
  }

  /// The same for the shared schema, as if it were a tenant of its schema's name.
  func examineSharedLedger() async throws -> [Diagnosis.Entry] {
    let shared = Tenant(name: TenantName(stored: SchemaName.shared.rawValue), schema: .shared, isActive: true)
    return try await connected { connection in
      let survey = try await self.surveyor([]).inspect((tenant: nil, schema: .shared), over: connection)
      if !survey.hasLedger { return [] }
      let keyless = try await self.ledgersWithoutKey(in: [.shared], over: connection)
      return self.examine(survey, of: shared) + (keyless.isEmpty ? [] : self.addKey(survey, of: shared))
    }
  }

  /// Whether the database is a subscriber that gets ledgers from elsewhere (PostgreSQL manual, 31.6 "Restrictions" of logical
  /// replication: the schema is not replicated).
  func examineReplication(of members: [FleetMember]) async throws -> [Finding] {
    let rows = try await connected { connection in
      try await connection.query(
        """
        SELECT n.nspname FROM pg_catalog.pg_subscription_rel s JOIN pg_catalog.pg_class c ON c.oid = s.srrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = \(self.settings.ledger) ORDER BY 1
        """)
    }
    let tenants = Set(members.map(\.tenant.schema))
    let schemas = rows.compactMap { $0[0].map(SchemaName.init(stored:)) }.filter(tenants.contains)
    guard let first = schemas.first else { return [] }
    return [
      .ledgersReplicated(
        count: schemas.count, first: QualifiedLedger(schema: first, table: settings.ledger))
    ]
  }

  /// Those of the schemas whose ledger could have a version twice.
  private func ledgersWithoutKey(
    in schemas: [SchemaName], over connection: Connection
  ) async throws -> Set<SchemaName> {
    let rows = try await connection.query(
      """
      SELECT n.nspname FROM pg_catalog.pg_namespace n
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(settings.ledger) AND c.relkind = 'r'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version'
      WHERE n.nspname = ANY(\(schemas.map(\.rawValue))::text[]) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1
          AND i.indkey[0] = a.attnum)
      """)
    return Set(rows.compactMap { $0[0].map(SchemaName.init(stored:)) })
  }

  /// Of one that can be read: any other is a finding of its own.
  private func addKey(_ survey: Survey, of tenant: Tenant) -> [Diagnosis.Entry] {
    if survey.problem != nil { return [] }
    let (ledger, limits) = (survey.ledger, limits)
    return [
      .init(.ledgerWithoutKey(tenant)) {
        let key: SQL = "ALTER TABLE ONLY \(ledger.name) ADD PRIMARY KEY (\(Identifier(Ledger.markedColumn)))"
        return [.transaction(ledger.opening(limits) + [key].planned)]
      }
    ]
  }

  private func examine(_ survey: Survey, of tenant: Tenant) -> [Diagnosis.Entry] {
    switch survey.problem {
    case .ledgerNotTrusted(_, let distrust): return [.init(.ledgerNotTrusted(tenant, distrust))]
    case .schemaNotEnterable: return []
    case .foreignLedger(_, let tool, _): return [.init(.foreignLedger(tenant, tool))]
    case .ledgerInUse(_, let tool): return [.init(.foreignLedger(tenant, tool))]
    case let problem?: return [.init(.ledgerUnreadable(tenant, problem))]
    case nil: break
    }
    let begun = Dictionary(grouping: survey.begun) { $0.value < 0 ? MigrationDirection.down : .up }
    let unfinished = [MigrationDirection.up, .down].compactMap { direction in
      begun[direction].map {
        Diagnosis.Entry(.migrationUnfinished(tenant, $0.map(\.key).sorted(), direction))
      }
    }
    guard let wrong = survey.wrongHead else { return unfinished }
    let (ledger, history, state, limits) = (survey.ledger, survey.history, survey.state, limits)
    return unfinished + [
      .init(.wrongHead(tenant, says: wrong, has: history.head)) {
        [.transaction(ledger.opening(limits) + ledger.rewriteComment(history, state).planned)]
      }
    ]
  }

  /// Checks the indexes and extensions in tenants' schemas.
  /// - Parameter unfinished: schemas with a migration that was started but not finished, and what finishes it.
  func examineContents(
    _ shape: RegistryShape, unfinished: [SchemaName: MigrationDirection]
  ) async throws -> [Diagnosis.Entry] {
    let answers = try await connected { connection in
      let path = try await self.traits(over: connection).path
      return try await connection.pipeline([
        shape.invalidIndexesQuery, shape.extensionsQuery, Self.extensionsHomeQuery(path),
      ])
    }
    let home = answers[2].first?[0].map(SchemaName.init(stored:))
    let indexes = try answers[0].compactMap { row -> Diagnosis.Entry? in
      let (name, schema, active, index, isTransient, table, toast) = try row.decode(
        String.self, String.self, Bool.self, String.self, Bool.self, String?.self, String?.self)
      let tenant = Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: active)
      if self.settings.isShared(tenant.schema) { return nil }
      if let toast { return entry(tenant, index, of: nil, .leftoverOfTOAST(table: toast)) }
      let kind = unfinished[tenant.schema].map { Finding.InvalidIndex.unfinishedMigration($0) }
      return entry(tenant, index, of: table, kind ?? (isTransient ? .leftover : .unbuilt))
    }
    let extensions = try answers[1].compactMap { row -> Diagnosis.Entry? in
      let (name, schema, active, found, canMove, untrusted) = try row.decode(
        String.self, String.self, Bool.self, String.self, Bool.self, String?.self)
      let tenant = Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: active)
      if self.settings.isShared(tenant.schema) { return nil }
      let extensionMove: Finding.ExtensionMove =
        untrusted.map { .untrusted($0) } ?? (canMove ? .possible : .notRelocatable)
      let finding = Finding.extensionInTenant(tenant, name: found, to: home, extensionMove)
      guard let home, extensionMove == .possible else { return .init(finding) }
      return .init(finding) {
        let move: SQL = "ALTER EXTENSION \(Identifier(found)) SET SCHEMA \(home.identifier)"
        return [.transaction(self.limits.opening + [move])]
      }
    }
    return indexes + extensions
  }

  /// The schema where all tenants find an extension: `public` where their search path has it, or else the first that exists.
  private static func extensionsHomeQuery(_ path: TenantPath) -> SQL {
    """
    SELECT p.name FROM unnest(\(path.shared.map(\.rawValue))::text[]) WITH ORDINALITY p (name, place)
    WHERE EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname::text = p.name)
    ORDER BY p.name <> \(SchemaName.shared.rawValue)::text, p.place LIMIT 1
    """
  }

  /// An index whose build failed is built again: it was wanted. What a failed REINDEX has left in addition to the index is
  /// dropped (PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently"). Neither blocks writes, and neither may
  /// give up half-way, so that they wait for locks as long as it takes: but for the first, for which nothing is lost yet.
  private func entry(
    _ tenant: Tenant, _ index: String, of table: String?, _ kind: Finding.InvalidIndex
  ) -> Diagnosis.Entry {
    let relation = tenant.schema.relation(index)
    let fix: SQL? =
      switch kind {
      case .unbuilt: "REINDEX INDEX CONCURRENTLY \(relation)"
      case .leftover: IndexState.drop(index, in: tenant.schema)
      case .leftoverOfTOAST: IndexState.drop(index, in: SchemaName(stored: "pg_toast"))
      case .unfinishedMigration: nil
      }
    let settings = SessionSettings(schema: tenant.schema, frame: Frame(limits: TimeLimits(lock: .zero)))
    let finding = Finding.invalidIndex(tenant, index: index, kind)
    guard let fix else { return .init(finding) }
    let locks: [SQL] =
      table.map {
        ["LOCK TABLE ONLY \(tenant.schema.relation($0)) IN SHARE UPDATE EXCLUSIVE MODE"]
      } ?? []
    return .init(finding) {
      [.transaction(self.limits.opening + locks), .alone(PlannedStatement(fix), settings)]
    }
  }
}

extension RegistryShape {
  /// Of partitioned tables, an index is not valid until each partition has one; and one that is being built is not yet. Those
  /// of TOAST tables are in a schema of their own; they belong to the tenant whose table it is.
  fileprivate var invalidIndexesQuery: SQL {
    """
    SELECT \(tenantColumns), c.relname, c.relname ~ '_cc(new|old)[0-9]*$',
      CASE WHEN r.relkind IN ('r', 'p') THEN r.relname END, o.relname
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
    LEFT JOIN pg_catalog.pg_class o ON r.relkind = 't' AND o.reltoastrelid = r.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(o.relnamespace, c.relnamespace)
    JOIN \(tenants.table) t ON n.nspname::text = \(schema)
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND (o.oid IS NULL OR c.relname ~ '_cc(new|old)[0-9]*$')
      AND NOT \(IndexState.isBeingBuilt)
    ORDER BY 1, c.relname
    """
  }

  fileprivate var extensionsQuery: SQL {
    """
    WITH trusted (oid) AS (\(LedgerTrust(registry: tenants.table).owners))
    SELECT \(tenantColumns), e.extname, e.extrelocatable, (
        SELECT pg_get_userbyid(o.owner) FROM (
          SELECT e.extowner UNION ALL
          SELECT coalesce(p.proowner, r.oprowner, y.typowner, c.relowner) FROM pg_catalog.pg_depend d
          LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
          LEFT JOIN pg_catalog.pg_operator r ON d.classid = 'pg_operator'::regclass AND r.oid = d.objid
          LEFT JOIN pg_catalog.pg_type y ON d.classid = 'pg_type'::regclass AND y.oid = d.objid
          LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
          WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e') o (owner)
        WHERE o.owner NOT IN (SELECT oid FROM trusted) LIMIT 1)
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    JOIN \(tenants.table) t ON n.nspname::text = \(schema)
    ORDER BY 1, e.extname
    """
  }
}
