internal import TenancyPostgres

/// What a tenant without a ledger gets one from.
package enum AdoptionBasis: Sendable, Hashable {
  /// The tenant has all migrations up to this one.
  case version(MigrationVersion)
  /// The tenant has what this tenant's ledger says, if their tables are equal.
  case like(TenantName)
}

extension TenantDatabase {
  /// Plans to adopt tenants that an app or another tool made: each gets a ledger that says what it has, and no migration
  /// is run. A tenant whose ledger records something stays as it is; one without tables is refused, and so is one whose ledger's name is
  /// taken by another tool's table. A table of dbmate's is used as the ledger and gets the columns that it lacks.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)``, ``TenancyProblem/emptyMigrations(_:)``; with a model ``TenancyProblem/tenantNotFound(_:)``,
  /// ``TenancyProblem/nothingRecorded(_:hasLedger:)``, ``TenancyProblem/migrationUnfinished(_:_:)`` and what its ``Survey/problem``
  /// is. What is wrong with a single tenant is that tenant's failure in the run.
  package func planAdoption(
    _ basis: AdoptionBasis, _ selection: FleetSelection, _ files: MigrationSet
  ) async throws -> BaselinePlan {
    _ = try await frame()
    let model = try await adoptionModel(basis, files)
    let members = try await tenants(in: selection).members
    let inspected = try await inspect(members)
    let ledgers = try await ledgers(of: members.filter(\.state.hasLedger))
    var adoptions = members.map { member in
      let schema = member.tenant.schema
      return Adoption(
        member: member, histories: inspected[schema]?.histories ?? [],
        hasTables: inspected[schema]?.hasTables ?? false, survey: ledgers[schema])
    }
    let strangers = adoptions.filter(\.isWanted).map(\.member.tenant.schema)
    let differences = try await differences(of: strangers, from: model.schema)
    for index in adoptions.indices {
      adoptions[index].difference = differences[adoptions[index].member.tenant.schema]
    }
    return BaselinePlan(
      entries: adoptions.map { adoption in
        .init(
          subject: FleetSubject(adoption.member.tenant),
          work: Result { () throws(TenancyProblem) in
            let ledger = self.ledger(of: adoption.member.tenant.schema)
            return self.plan(try adoption.work(model, ledger).planned(limits))
          })
      })
  }

  private func adoptionModel(_ basis: AdoptionBasis, _ files: MigrationSet) async throws -> AdoptionModel {
    switch basis {
    case .version(let version):
      let files = try files.tenant(upTo: version)
      try MigrationFile.refuseEmpty(files)
      return AdoptionModel(
        tenant: nil, schema: nil, records: files.map { LedgerRecord($0) }, history: LedgerHistory(of: files))
    case .like(let name):
      let survey = try await survey(FleetSelection(names: [name]), files, verify: true).tenants[0]
      if let problem = survey.problem { throw problem }
      if survey.rows == 0 { throw TenancyProblem.nothingRecorded(name, hasLedger: survey.hasLedger) }
      if !survey.begun.isEmpty { throw TenancyProblem.migrationUnfinished(name, survey.begun.keys.sorted()) }
      let rows = try await connected { connection in
        try await survey.ledger.read(survey.ledger.readRecords, self.limits, over: connection)
      }
      return AdoptionModel(
        tenant: name, schema: survey.schema, records: try rows.map { try LedgerRecord($0) },
        history: survey.history)
    }
  }

  /// The ledgers themselves, by their schemas: a dump may have had their comments without their rows.
  private func ledgers(of members: [FleetMember]) async throws -> [SchemaName: Survey] {
    let surveyor = surveyor([])
    let surveys = try await inBatches(of: Surveyor.batch, members) { batch, connection in
      try await surveyor.survey(batch, over: connection, verify: true)
    }
    return Dictionary(surveys.joined().map { ($0.schema, $0) }, uniquingKeysWith: { $1 })
  }
}

/// What adopted tenants have.
private struct AdoptionModel: Sendable {
  let tenant: TenantName?
  let schema: SchemaName?
  let records: [LedgerRecord]
  let history: LedgerHistory
}

/// What was found about one tenant.
private struct Adoption {
  let member: FleetMember
  let histories: [MigrationHistory]
  let hasTables: Bool
  /// `nil` without a ledger.
  let survey: Survey?
  /// From the model; `nil` without a model.
  var difference: Result<SchemaDifference, TenancyProblem>?

  /// Whether there are tables, and nothing says what made them: `create` leaves an empty ledger to an app's own migrations.
  var isWanted: Bool {
    if !member.tenant.schema.canBeEntered { return false }
    guard let survey else { return hasTables }
    return hasTables && survey.problem == nil && survey.rows == 0 && survey.ledger.missingColumns.isEmpty
  }

  func work(_ model: AdoptionModel, _ ledger: Ledger) throws(TenancyProblem) -> BaselineWork {
    let tenant = member.tenant
    if let problem = Surveyor.Subject(tenant, tenant.schema, member.state).problem { throw problem }
    if let problem = survey?.problem { throw problem }
    if isWanted { return work(try adopting(as: model, survey?.ledger ?? ledger)) }
    if let survey {
      return work(
        LedgerUpdate(
          ledger: survey.ledger, hasLedger: true, records: [], history: survey.history, state: survey.state,
          completes: true))
    }
    throw .schemaEmpty(tenant.name)
  }

  private func adopting(as model: AdoptionModel, _ ledger: Ledger) throws(TenancyProblem) -> LedgerUpdate {
    if let like = model.tenant {
      guard let difference else { throw .changedMeanwhile }
      let found = try difference.get()
      if !found.isEmpty { throw .schemaDiffers(from: like, found) }
    }
    return LedgerUpdate(
      ledger: ledger, hasLedger: member.state.hasLedger, records: model.records, history: model.history,
      state: survey?.state, completes: true)
  }

  private func work(_ update: LedgerUpdate) -> BaselineWork {
    BaselineWork(update: update, histories: histories)
  }
}
