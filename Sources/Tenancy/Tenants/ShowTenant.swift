internal import TenancyPostgres

/// Everything about one tenant.
package struct TenantDetails: Sendable, Hashable, Encodable {
  /// The tenant, its domains and its schema's state.
  package let entry: TenantEntry
  /// What its ledger says; `nil` for a tenant without a schema of its own.
  package let ledger: LedgerSummary?
  /// The registry's other columns, as text; `nil` is NULL.
  package let columns: [String: String?]
  /// How many tables the schema has, the ledger not counted.
  package let tables: Int
  /// What the schema's tables and indexes take on disk, in bytes.
  package let bytes: Int
  /// Whether ``TenantDatabase/planDrop(_:)`` refuses it.
  package let isProtected: Bool

  private enum CodingKeys: String, CodingKey {
    case columns, tables, bytes, head, applied, pending, lastMigration
    case isProtected = "protected"
  }

  /// Flat: the entry's keys and the others in one object.
  package func encode(to encoder: any Encoder) throws {
    try entry.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(columns, forKey: .columns)
    try container.encode(tables, forKey: .tables)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(ledger?.applied?.last, forKey: .head)
    try container.encode(ledger?.applied?.count, forKey: .applied)
    try container.encode(ledger?.pending?.map(\.version), forKey: .pending)
    try container.encode(ledger?.last, forKey: .lastMigration)
    try container.encode(isProtected, forKey: .isProtected)
  }
}

/// What the ledger of one tenant says.
package struct LedgerSummary: Sendable, Hashable {
  /// Whether there is one.
  package let exists: Bool
  /// Why it cannot be read; then nothing else is known.
  package let problem: TenancyProblem?
  /// The migrations that the tenant has.
  package let applied: [MigrationVersion]?
  /// Those that it lacks; `nil` if there are no files to compare with.
  package let pending: [MigrationFile]?
  /// The one that was applied last; `nil` if nothing is applied, or the ledger has no times.
  package let last: LedgerEntry?
}

extension TenantDatabase {
  /// Everything about one tenant.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)``.
  /// - Parameter files: the migrations to compare its ledger with; `nil` for none.
  package func show(_ name: TenantName, _ files: MigrationSet? = nil) async throws -> TenantDetails {
    try await readingRegistry { connection, _ in
      let shape = try await self.shape(over: connection)
      let tenant = try await shape.tenantToChange(name, over: connection)
      let answers = try await connection.pipeline([
        shape.statesQuery(ledger: self.settings.ledger, of: FleetSelection(names: [name])),
        "SELECT \(SQL.joined(["NULL"] + shape.customValues)) FROM \(shape.tenants.table) t WHERE \(shape.isNamed(name))",
        self.sizeQuery(tenant.schema),
      ])
      guard let state = RegistryShape.states(in: answers[0]).first else {
        throw TenancyProblem.tenantNotFound(name)
      }
      let domains = try await self.domains(of: [name], shape, over: connection)
      let (tables, bytes, isProtected) = try answers[2][0].decode(Int.self, Int.self, Bool.self)
      let values = shape.customColumns.enumerated().map { ($1.name, answers[1].first?[$0 + 1]) }
      let member = FleetMember(tenant: tenant, state: state)
      return TenantDetails(
        entry: TenantEntry(tenant: tenant, domains: domains, state: state),
        ledger: try await self.ledger(of: member, files, over: connection),
        columns: Dictionary(values, uniquingKeysWith: { $1 }), tables: tables, bytes: bytes,
        isProtected: isProtected)
    }
  }

  private func ledger(
    of member: FleetMember, _ files: MigrationSet?, over connection: Connection
  ) async throws -> LedgerSummary? {
    if settings.isShared(member.tenant.schema) { return nil }
    let set = files ?? MigrationSet(tenant: [], shared: [])
    let survey = try await currentSurvey(of: member, set, over: connection)
    if let problem = survey.problem {
      return LedgerSummary(exists: survey.hasLedger, problem: problem, applied: nil, pending: nil, last: nil)
    }
    let entries = try await entries(of: survey, over: connection).filter {
      $0.appliedAt != nil && !$0.isUnfinished
    }
    return LedgerSummary(
      exists: survey.hasLedger, problem: nil, applied: survey.finished.versions,
      pending: files == nil ? nil : survey.pending,
      last: entries.max { ($0.appliedAt ?? "") < ($1.appliedAt ?? "") })
  }

  private func sizeQuery(_ schema: SchemaName) -> SQL {
    // As text: the server cuts a name that is too long, and would meet another schema.
    """
    WITH tenant (oid) AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = \(schema.rawValue)::text)
    SELECT count(*) FILTER (WHERE relname <> \(settings.ledger)), coalesce(sum(\(RelationSize.of("c"))), 0)::bigint,
      EXISTS (TABLE tenant) AND \(Protection.isOn(ledger(of: schema)))
    FROM pg_catalog.pg_class c WHERE relnamespace = (TABLE tenant) AND relkind IN ('r', 'p', 'm')
    """
  }
}
