internal import TenancyPostgres

extension TenantDatabase {
  /// Plans a new tenant: schema, migrations, row and domains.
  ///
  /// Each file is a transaction of its own, the one that ``migrate(_:_:)`` makes of it: a new tenant takes what every old one
  /// took. The row is what makes a tenant, and it is written last: until then the app sees nothing of it. The ledger carries
  /// a mark until the row exists, by which the same command, run again after a crash, knows the schema for its own and
  /// starts over.
  ///
  /// Throws ``TenancyProblem`` if the name, a domain or a column value will not do, or one is taken.
  /// - Parameter shared: the files of the shared schema, which are not applied; a failure names those that are pending.
  package func planCreate(
    _ new: NewTenant, migrations: [MigrationFile] = [], shared: [MigrationFile] = []
  ) async throws -> Plan<CreatedTenant> {
    try MigrationFile.refuseEmpty(migrations)
    try migrations.flatMap { $0.statementsWithoutEffect(.up) }.refuse()
    try admit(new)
    let questions = { (shape: RegistryShape) in
      shape.obstacleQueries(new.name, new.schema ?? shape.schema(of: new.name))
    }
    return try await withRegistry(asking: questions) { connection, shape, found in
      try shape.admit(new.name)
      let computed = try await self.computedSchema(of: new, shape, over: connection)
      let schema = new.schema ?? computed ?? shape.schema(of: new.name)
      do {
        try self.settings.names.admit(schema)
      } catch TenancyProblem.invalidSchemaName(_, let problem)
        where new.schema == nil && computed == nil && shape.tenants.schemaApart != nil
      {
        throw TenancyProblem.schemaRequired(new.name, problem)
      }
      if schema != shape.schema(of: new.name), shape.tenants.schemaApart == nil {
        throw TenancyProblem.noSchemaColumn(table: shape.tenants.table.description)
      }
      let tenant = Tenant(name: new.name, schema: schema, isActive: new.isActive)
      let obstacles =
        try await computed == nil
        ? found : connection.pipeline(shape.obstacleQueries(tenant.name, tenant.schema))
      if try RegistryShape.rival(of: tenant.name, in: obstacles[0])?.name != tenant.name {
        try await self.refuseShared(tenant, over: connection)
      }
      let remains = try await self.checkFree(tenant, new.domains, shape, obstacles, over: connection)
      let domains = new.domains.enumerated().map {
        Domain(name: $1, tenant: new.name, isPrimary: $0 == 0 && shape.domains?.primary != nil)
      }
      let mark = CreationMark()
      let lock = CreationLock(schema)
      let isDirect = try await self.traits(over: connection).isDirect
      var frame = try await self.frame(over: connection)
      frame.sessionLock = isDirect ? lock.take : nil
      frame.sharedTargets = try await self.sharedTargets(
        ofNew: migrations.flatMap(\.up), frame.path, over: connection)
      let ledger = self.ledger(of: schema)
      let row = try shape.insertTenant(tenant, new.values, onlyIf: mark.isOn(ledger))
      // Twice, as the domains' rows could not be added without it.
      let first = [PlannedStatement].changing(row).confirmed(by: shape, settling: false)
      let others = try domains.flatMap {
        [PlannedStatement].changing(try shape.insertDomain($0, tenantIsNew: true))
      }
      let changes = first + shape.refuseStaleDomains(of: tenant.name) + others
      var remove: [Step] = []
      if let remains {
        let contents = try await SchemaContents.read(ledger, over: connection)
        // As the plan has it, with a connection to spare.
        let isHeldBesides = !isDirect && self.pool.size > 1
        remove = self.removal(of: schema, marked: remains, contents, ifFree: isHeldBesides ? nil : lock)
      }
      return Plan(
        result: CreatedTenant(tenant: tenant, domains: domains, migrations: migrations.map(\.version)),
        steps: remove
          + self.creationSteps(
            of: tenant, migrations, mark: mark, frame, rows: changes.confirmed(by: shape),
            leaving: new.isProtected ? Protection.mark : nil),
        database: self,
        explain: {
          self.explainCreate($0, RefusedRow(shape: shape, tenant: tenant.name, values: new.values))
        },
        cleanUp: { await self.cleanUp(tenant, marked: mark, after: $1) },
        lock: isDirect ? nil : lock.takeForTransaction,
        detailed: { await self.namingPendingShared($0, among: shared) })
    }
  }

  private func admit(_ new: NewTenant) throws {
    try settings.names.admit(new.name, in: settings.registry)
    if let schema = new.schema { try settings.names.admit(schema) }
  }

  /// Plans a new tenant, or nothing if a tenant has its name. Throws as ``planCreate(_:migrations:)`` does.
  /// - Parameter attempts: how often it is planned if other sessions are faster.
  package func planCreate(
    _ new: NewTenant, migrations: [MigrationFile], shared: [MigrationFile] = [], ifNotExists: Bool,
    attempts: Int = 3
  ) async throws -> Plan<CreatedTenant> {
    do {
      var plan = try await planCreate(new, migrations: migrations, shared: shared)
      if attempts > 1 {
        plan.again = {
          try await self.planCreate(
            new, migrations: migrations, shared: shared, ifNotExists: ifNotExists, attempts: attempts - 1)
        }
      }
      return plan
    } catch TenancyProblem.tenantExists(new.name) where ifNotExists {
      let selection = FleetSelection(names: [new.name])
      guard let found = try await list(selection, withState: false).first else {
        throw TenancyProblem.changedMeanwhile
      }
      let existing = CreatedTenant(tenant: found.tenant, domains: found.domains, migrations: [], isNew: false)
      return Plan(result: existing, steps: [], database: self)
    }
  }

  /// Plans several new tenants.
  ///
  /// Throws ``TenancyProblem/tenantGivenTwice(_:)`` or ``TenancyProblem/domainGivenTwice(_:)``, and what would be wrong with
  /// each of them; what is wrong with one is that tenant's failure.
  package func planCreate(
    _ new: [NewTenant], migrations: [MigrationFile], shared: [MigrationFile] = [], ifNotExists: Bool
  ) async throws -> FleetPlan<CreatedTenant> {
    for tenant in new { try admit(tenant) }
    if let name = new.map(\.name).firstRepeated { throw TenancyProblem.tenantGivenTwice(name) }
    let schemas = new.map { $0.schema ?? settings.registry.schema(of: $0.name) }
    if let schema = schemas.firstRepeated { throw TenancyProblem.schemaGivenTwice(schema) }
    if let host = new.flatMap(\.domains).firstRepeated { throw TenancyProblem.domainGivenTwice(host) }
    let tenants = new.map {
      Tenant(
        name: $0.name, schema: $0.schema ?? self.settings.registry.schema(of: $0.name), isActive: $0.isActive)
    }
    return try await planEach(tenants) {
      try await self.planCreate(
        new[$0], migrations: migrations, shared: shared, ifNotExists: ifNotExists)
    }
  }

  /// Checks for obstacles. Returns the mark on the remains of an interrupted create.
  /// - Parameter found: what the obstacles' queries have found.
  private func checkFree(
    _ tenant: Tenant, _ hosts: [DomainName], _ shape: RegistryShape, _ found: [Rows],
    over connection: Connection
  ) async throws -> CreationMark? {
    if let rival = try RegistryShape.rival(of: tenant.name, in: found[0]) {
      guard rival.name == tenant.name else { throw shape.collision(tenant, with: rival) }
      let schema = try await connection.query(
        "SELECT FROM pg_catalog.pg_namespace WHERE nspname = \(rival.schema.rawValue)")
      throw schema.isEmpty
        ? TenancyProblem.schemaMissing(tenant.name, rival.schema) : TenancyProblem.tenantExists(tenant.name)
    }
    try await checkFree(hosts, shape, over: connection)
    guard try found[1][0].decode(Bool.self) else { return nil }
    do {
      return try await remains(of: tenant, hosts, shape, over: connection)
    } catch TenancyProblem.schemaWithoutTenant {
      // Another create may have finished meanwhile: then the tenant exists.
      let again = try await connection.query(shape.obstacleQueries(tenant.name, tenant.schema)[0])
      if try RegistryShape.rival(of: tenant.name, in: again)?.name == tenant.name {
        throw TenancyProblem.tenantExists(tenant.name)
      }
      throw TenancyProblem.schemaWithoutTenant(tenant.schema)
    }
  }

  /// The mark on the schema that an interrupted create has left. Throws ``TenancyProblem`` if the schema is something else.
  func remains(
    of tenant: Tenant, _ hosts: [DomainName], _ shape: RegistryShape, over connection: Connection
  ) async throws -> CreationMark? {
    let found = try await connection.query(
      """
      SELECT left(obj_description(n.oid, 'pg_namespace'), 500), \(CreationMark.trusted(by: ledgerTrust)),
        n.nspowner IN (\(ledgerTrust.owners))
      FROM pg_catalog.pg_namespace n
      LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(settings.ledger)
      WHERE n.nspname = \(tenant.schema.rawValue)
      """)
    guard let row = found.first else { return nil }
    // The owner of a schema can write any comment on it.
    guard row[2] == "t" else { throw TenancyProblem.schemaWithoutTenant(tenant.schema) }
    if row[0] == Self.dropMark(of: tenant.name) { throw TenancyProblem.dropUnfinished(tenant.name) }
    guard let mark = CreationMark(comment: row[1]) ?? CreationMark(comment: row[0]) else {
      throw TenancyProblem.schemaWithoutTenant(tenant.schema)
    }
    try await refuseReferenced(tenant, over: connection)
    let isTaken = try await connection.query("SELECT \(CreationLock(tenant.schema).isTaken)")[0].decode(
      Bool.self)
    guard isTaken else { return mark }
    try await waitForOther(tenant, over: connection)
    let obstacles = try await connection.pipeline(shape.obstacleQueries(tenant.name, tenant.schema))
    return try await checkFree(tenant, hosts, shape, obstacles, over: connection)
  }

  /// Waits until no other session creates the tenant: the server may not have noticed yet that it was killed.
  private func waitForOther(_ tenant: Tenant, over connection: Connection) async throws {
    do {
      try await connection.transaction(limits.opening + [CreationLock(tenant.schema).takeForTransaction])
    } catch let error as StatementError where error.error.state == .lockNotAvailable {
      throw TenancyProblem.createInProgress(tenant.name)
    }
  }

  private func creationSteps(
    of tenant: Tenant, _ migrations: [MigrationFile], mark: CreationMark, _ frame: Frame,
    rows: [PlannedStatement], leaving last: String?
  ) -> [Step] {
    let schema = tenant.schema
    let ledger = ledger(of: schema)
    let lock: [SQL] = frame.sessionLock.map { ["SELECT \($0)"] } ?? []
    let create: [SQL] =
      ["CREATE SCHEMA \(schema.identifier)"] + ledger.creation + [
        ledger.comment(LedgerHistory()), mark.set(on: ledger), mark.show(on: schema),
      ] + frame.deferral
    let begun = SchemaState(exists: true, hasLedger: true)
    var progress = SchemaProgress(surveyor(migrations).unread(.init(tenant, schema, begun)))
    var steps: [Step] = [.transaction(limits.opening + create + lock)]
    for file in migrations {
      steps += progress.steps(for: file, .up, frame)
      if !file.runsInTransaction(.up) { steps.append(.cleaning(frame)) }
      progress.note(file, .up)
    }
    let release: [SQL] = frame.sessionLock == nil ? [] : ["SELECT \(SessionCleaning.unlock)"]
    let opening = limits.opening + [ledger.lock]
    let closing = [ledger.mark(last), mark.hide(on: ledger, after: migrations)] + release
    return steps + [.transaction(opening.planned + rows + closing.planned)]
  }

  private func explainCreate(_ error: ServerError, _ row: RefusedRow) -> TenancyProblem? {
    switch (error.state, error.schema, error.table) {
    case (.duplicateSchema, _, _), (.uniqueViolation, "pg_catalog", "pg_namespace"): .tenantExists(row.tenant)
    case (CreationMark.isLocked, _, _): .createInProgress(row.tenant)
    default: row.problem(error)
    }
  }
}

extension RegistryShape {
  /// What may be in the way of a new tenant: other tenants, and the schema.
  fileprivate func obstacleQueries(_ name: TenantName, _ schema: SchemaName) -> [SQL] {
    [
      rivalsQuery(name, schema), "SELECT to_regnamespace(\(literal: schema.identifier.quoted)) IS NOT NULL",
    ]
  }
}
