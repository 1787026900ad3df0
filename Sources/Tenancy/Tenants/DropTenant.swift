internal import TenancyPostgres

/// A tenant that was removed, and what went with it.
package struct DroppedTenant: Sendable, Hashable, Encodable {
  /// The tenant's name.
  package let name: TenantName
  /// Its schema.
  package let schema: SchemaName
  /// Whether the registry had it; if not, only a schema that an interrupted drop or create left behind is removed.
  package let hadRow: Bool
  /// Whether the schema was there.
  package let hadSchema: Bool
  /// How many tables the schema had.
  package let tables: Int
  /// Extensions that stood in its schema: no other tenant has them any more.
  package let extensions: [String]
  /// Its domains.
  package let domains: [DomainName]
  /// Whether it was active. The app may serve it without a domain, too: by the first label of a host.
  package let isActive: Bool
  /// Tables outside of its schema whose rows go along with the registry's.
  package var otherTables: [AffectedTable] = []

  private enum CodingKeys: CodingKey { case name, schema, hadRow, hadSchema, tables, domains, otherTables }

  /// Without the other tables where nothing goes along.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(schema, forKey: .schema)
    try container.encode(hadRow, forKey: .hadRow)
    try container.encode(hadSchema, forKey: .hadSchema)
    try container.encode(tables, forKey: .tables)
    try container.encode(domains, forKey: .domains)
    if !otherTables.isEmpty { try container.encode(otherTables.map(\.name), forKey: .otherTables) }
  }
}

extension TenantDatabase {
  /// Plans the removal of a tenant: domains, row and schema.
  ///
  /// The rows go first, so the app never serves a tenant that is half gone; the same transaction marks the schema (not the
  /// ledger, which is dropped on the way), by which the same command, run again after a crash, finishes the work. A large schema is dropped a few hundred
  /// relations at a time: PostgreSQL locks each one, and its lock table is shared by all sessions
  /// (PostgreSQL manual, 20.12 `max_locks_per_transaction`).
  ///
  /// Throws ``TenancyProblem`` if there is no such tenant, it is protected, or something outside of its schema would be dropped with it.
  package func planDrop(_ name: TenantName) async throws -> Plan<DroppedTenant> {
    var plan = try await connected { try await self.planDrop(name, over: $0) }
    if plan.result.hadRow { plan.result.otherTables = try await referrers(to: [name]).affected[name] ?? [] }
    return plan
  }

  /// - Parameter others: the tenants that must be gone before.
  private func planDrop(
    _ name: TenantName, after others: [TenantName] = [], over connection: Connection
  ) async throws -> Plan<DroppedTenant> {
    try await withRegistry(over: connection) { shape in
      let own = try await connection.query(shape.tenantQuery(name))
      try shape.refuseSeveral(own, name)
      let found = try own.first.map { try RegistryShape.tenant(in: $0) }
      // By them it is known how a transaction begins.
      _ = try await self.traits(over: connection)
      if let found {
        try await self.refuseShared(found, over: connection)
        if found.schema.isTooLong { throw TenancyProblem.schemaNotEnterable(name, found.schema) }
        if let other = try await shape.sharer(of: found, over: connection) {
          throw TenancyProblem.schemaNotAlone(found.schema, of: name, and: other)
        }
      }
      let mark = Self.dropMark(of: name)
      let marked = found == nil ? try await self.schema(marked: mark, shape, over: connection) : nil
      let schema = found?.schema ?? marked ?? shape.schema(of: name)
      let domains = try await self.domains(of: [name], shape, over: connection)
      let contents = try await SchemaContents.read(self.ledger(of: schema), over: connection)
      guard found != nil || marked != nil else {
        return try await self.planRemovalUnlessCreated(
          Tenant(name: name, schema: schema, isActive: false), contents, shape, over: connection)
      }
      if contents.isProtected { throw TenancyProblem.tenantProtected(name) }
      try await self.refuseReferenced(
        Tenant(name: name, schema: schema, isActive: found?.isActive == true), over: connection)
      let keys =
        try await found == nil || !contents.exists
        ? .none : RegistryKeys.read(of: schema, shape, over: connection)
      let drop = contents.dropping(
        schema, keys, after: shape.checkGone(others, before: name) + shape.delete(found).confirmed(by: shape),
        checks: Protection.guardOff(self.ledger(of: schema)), mark: mark, opening: self.limits.opening)
      var plan = Plan(
        result: DroppedTenant(
          name: name, schema: schema, hadRow: found != nil, hadSchema: contents.exists,
          tables: contents.tables, extensions: contents.extensions, domains: domains.map(\.name),
          isActive: found?.isActive == true),
        steps: drop.steps, database: self,
        explain: { error in
          error.state == .foreignKeyViolation
            ? .tenantReferenced(name, detail: error.detail ?? error.message) : nil
        }, schema: schema)
      plan.explainHalf = { problem, done in
        done > drop.beforeRows
          ? .dropStopped(name, because: problem) : .keysDropped(name, because: problem)
      }
      plan.exclusive = keys.targets
      return plan
    }
  }

  /// Plans the removal of what an interrupted create has left, as ``planRemoval(of:_:_:over:)`` does. If another session has
  /// created the tenant since its row was looked for, what is said about the schema is out of date.
  private func planRemovalUnlessCreated(
    _ tenant: Tenant, _ contents: SchemaContents, _ shape: RegistryShape, over connection: Connection
  ) async throws -> Plan<DroppedTenant> {
    do {
      return try await planRemoval(of: tenant, contents, shape, over: connection)
    } catch let problem as TenancyProblem {
      switch problem {
      case .tenantExists, .schemaMissing, .tenantNameCollides: throw TenancyProblem.changedMeanwhile
      default:
        let rows = try await connection.query(shape.tenantQuery(tenant.name))
        throw rows.isEmpty ? problem : .changedMeanwhile
      }
    }
  }

  /// Plans the removal of what an interrupted create has left. Throws ``TenancyProblem`` if that is not what the schema is.
  private func planRemoval(
    of tenant: Tenant, _ contents: SchemaContents, _ shape: RegistryShape, over connection: Connection
  ) async throws -> Plan<DroppedTenant> {
    let isOrphan = try await shape.sharer(of: tenant, over: connection) == nil
    guard contents.exists, isOrphan, try await !isShared(tenant.schema, over: connection) else {
      throw TenancyProblem.tenantNotFound(tenant.name)
    }
    let mark: CreationMark?
    do {
      mark = try await remains(of: tenant, [], shape, over: connection)
    } catch TenancyProblem.dropUnfinished {
      // By a mark that is trusted the schema would have been found.
      throw TenancyProblem.schemaWithoutTenant(tenant.schema)
    }
    guard let mark else { throw TenancyProblem.tenantNotFound(tenant.name) }
    let isGone: SQL = "to_regnamespace(\(literal: tenant.schema.identifier.quoted)) IS NULL"
    let check = PlannedStatement(
      guarding: "SELECT \(Guard.number(if: isGone))",
      purpose: "fails if another session has created the tenant")
    return Plan(
      result: DroppedTenant(
        name: tenant.name, schema: tenant.schema, hadRow: false, hadSchema: true, tables: contents.tables,
        extensions: contents.extensions, domains: [], isActive: false),
      steps: removal(
        of: tenant.schema, marked: mark, contents, ifFree: CreationLock(tenant.schema), then: [check]),
      database: self,
      explain: { $0.state == CreationMark.isLocked ? .createInProgress(tenant.name) : nil })
  }

  /// Plans the removal of several tenants: those that refer to others come before these.
  ///
  /// Throws the first ``TenancyProblem`` of a tenant that cannot be dropped: then none is.
  package func planDrop(_ names: [TenantName]) async throws -> FleetPlan<DroppedTenant> {
    let (referrers, referenced) = try await referrers(orProblemOf: names)
    let turns = try referrers.ordered(names.uniqued())
    // A few at a time, each over a connection of its own.
    let plans = try await inBatches(of: 16, turns) { turns, connection in
      var plans: [Plan<DroppedTenant>] = []
      for turn in turns {
        plans.append(try await self.planDrop(turn.name, after: turn.after, over: connection))
      }
      return plans
    }
    if let referenced { throw referenced }
    let entries = plans.joined().map { plan in
      var plan = plan
      plan.result.otherTables = referrers.affected[plan.result.name] ?? []
      let tenant = Tenant(name: plan.result.name, schema: plan.result.schema, isActive: plan.result.isActive)
      return FleetPlan<DroppedTenant>.Entry(subject: FleetSubject(tenant), work: .success(plan))
    }
    // Each takes up to a quarter of the server's lock table. One that locks the registry is in the way of all others.
    let isOneByOne = turns.contains { !$0.after.isEmpty } || plans.joined().contains { !$0.exclusive.isEmpty }
    return FleetPlan(entries: entries, mostJobs: isOneByOne ? 1 : 3)
  }

  /// What refers to them, or why they cannot be dropped for that: what else is wrong with one of them is said before it.
  private func referrers(
    orProblemOf names: [TenantName]
  ) async throws -> (RowReferrers, problem: TenancyProblem?) {
    do {
      return (try await referrers(to: names), nil)
    } catch let problem as TenancyProblem {
      switch problem {
      case .tenantReferenced, .domainReferenced: return (RowReferrers(), problem)
      default: throw problem
      }
    }
  }

  /// The comment on the schema of a tenant whose row is gone already.
  static func dropMark(of name: TenantName) -> String { dropMarkPrefix + name.rawValue }

  /// The tenant whose ``dropMark(of:)`` a schema's comment is; `nil` if it is another comment.
  static func tenantDropped(comment: String?) -> TenantName? {
    guard let comment, comment.hasPrefix(dropMarkPrefix) else { return nil }
    return TenantName(stored: String(comment.dropFirst(dropMarkPrefix.count)))
  }

  private static let dropMarkPrefix = "tenantctl: being dropped, tenant "

  /// The schema with the mark that no tenant has. The owner of a schema can write any comment on it: a mark counts only on
  /// the schema of a role that could drop it anyway.
  func schema(
    marked mark: String, _ shape: RegistryShape, over connection: Connection
  ) async throws -> SchemaName? {
    let found = try await connection.query(
      """
      SELECT n.nspname FROM pg_catalog.pg_namespace n
      WHERE obj_description(n.oid, 'pg_namespace') = \(mark) AND n.nspowner IN (\(ledgerTrust.owners))
        AND NOT EXISTS (SELECT FROM \(shape.tenants.table) t WHERE \(shape.schema) = n.nspname)
      """)
    return found.first?[0].map(SchemaName.init(stored:))
  }
}

extension RegistryShape {
  /// The row must go, or the schema stays: it may have been renamed or activated meanwhile, or a trigger or a policy keeps
  /// it.
  fileprivate func delete(_ tenant: Tenant?) -> [PlannedStatement] {
    guard let tenant else { return [] }
    let isOne: SQL = "\(isNamed(tenant.name)) AND \(schema) = \(tenant.schema.rawValue)"
    let isIt: SQL = "\(isOne) AND \(has(activity: tenant.isActive))"
    let source: SQL = "FROM \(tenants.table) t WHERE \(isIt)"
    let row = RowChange(
      event: .delete, table: tenants.table, hasRule: tenants.rules.contains(.delete), sql: "DELETE \(source)",
      source: source, outcome: "NOT EXISTS (SELECT FROM \(tenants.table) t WHERE \(isOne))")
    guard let domains else { return .changing(row) }
    let areIts: SQL = "\(isIt) AND \(link(domains))"
    let theirSource: SQL = "FROM \(domains.table) d, \(tenants.table) t WHERE \(areIts)"
    // By the name they are known without the tenant's row, too.
    let areLeft: SQL =
      keys(domains).tenant == tenants.name
      ? "SELECT FROM \(domains.table) d WHERE d.\(keys(domains).domain)::text = \(tenant.name.rawValue)"
      : "SELECT \(theirSource)"
    return .changing(
      RowChange(
        event: .delete, table: domains.table, hasRule: domains.rules.contains(.delete),
        sql: "DELETE FROM \(domains.table) d USING \(tenants.table) t WHERE \(areIts)",
        count: "(SELECT count(*) \(theirSource))", source: theirSource,
        outcome: "NOT EXISTS (\(areLeft))")) + .changing(row)
  }
}
