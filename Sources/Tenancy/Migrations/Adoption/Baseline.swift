internal import TenancyPostgres

extension TenantDatabase {
  /// Plans to record every tenant migration up to a version as applied, without running it and without inspecting the
  /// tables. Existing records stay as they are, an unfinished migration counts as finished, and a missing ledger is
  /// created. ``planAdoption(_:_:_:)`` is for tenants that another program made.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)`` if no file has the version, ``TenancyProblem/ledgerBeyond(_:tenants:)`` if
  /// a tenant has a newer migration, ``TenancyProblem/checksumMismatch(_:recorded:)``, ``TenancyProblem/emptyMigrations(_:)``,
  /// ``TenancyProblem/squashUneven(_:)``. What is wrong with a single tenant is that tenant's failure in the run.
  package func planBaseline(
    at version: MigrationVersion, _ selection: FleetSelection, _ files: MigrationSet
  ) async throws -> BaselinePlan {
    let set = MigrationSet(tenant: try files.tenant(upTo: version), shared: [])
    _ = try await frame()
    let surveys = try await survey(selection, set, verify: true).tenants
    try await refuseBeyond(version, surveys)
    try refuseUneven(surveys.filter { $0.problem == nil && !$0.pending.isEmpty })
    return BaselinePlan(
      entries: surveys.map { survey in
        let subject = FleetSubject(survey.tenant, survey.schema)
        if let problem = survey.problem { return .init(subject: subject, work: .failure(problem)) }
        return .init(subject: subject, work: .success(self.plan(BaselineWork(survey).planned(limits))))
      })
  }

  /// The same for the migrations of the shared schema. Throws its problem, too.
  package func planSharedBaseline(
    at version: MigrationVersion, _ files: MigrationSet
  ) async throws -> Plan<BaselinedTenant> {
    let set = MigrationSet(tenant: [], shared: try files.shared.upTo(version))
    _ = try await frame()
    guard let survey = try await survey(FleetSelection(names: []), set, verify: true).shared else {
      throw TenancyProblem.versionNotFound(version.rawValue)
    }
    if let problem = survey.problem { throw problem }
    try await refuseBeyond(version, [survey])
    return plan(BaselineWork(survey).planned(limits))
  }

  private func refuseBeyond(_ version: MigrationVersion, _ surveys: [Survey]) async throws {
    let beyond = surveys.filter { $0.head ?? version > version }.map(\.label)
    if !beyond.isEmpty { throw TenancyProblem.ledgerBeyond(version, tenants: beyond) }
    try await refuseChanged(surveys)
    // A file that is still to be written would never run.
    try MigrationFile.refuseEmpty(Set(surveys.flatMap(\.pending)).sorted { $0.version < $1.version })
  }
}

extension TenantDatabase {
  /// Where a file replaces all that there were, it stands for all of them: a tenant that has fewer would never get the rest.
  fileprivate func refuseUneven(_ surveys: [Survey]) throws {
    let squashed = surveys.filter { $0.rows > 0 && $0.unknown.count == $0.rows }
    let groups = Dictionary(grouping: squashed) { Set($0.unknown) }
    if groups.count < 2 { return }
    throw TenancyProblem.squashUneven(
      groups.values.map { UnknownVersion(version: $0[0].unknown.last ?? "", tenants: $0.map(\.label)) }
        .sorted { ($0.tenants.count, $0.version) < ($1.tenants.count, $1.version) })
  }
}

extension MigrationSet {
  /// The tenants' files up to one.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)`` if no file has the version, ``TenancyProblem/versionShared(_:)`` if it is
  /// one of the shared schema.
  func tenant(upTo version: MigrationVersion) throws -> [MigrationFile] {
    if !tenant.contains(where: { $0.version == version }), shared.contains(where: { $0.version == version }) {
      throw TenancyProblem.versionShared(version.rawValue)
    }
    return try tenant.upTo(version)
  }
}

extension [MigrationFile] {
  fileprivate func upTo(_ version: MigrationVersion) throws -> [MigrationFile] {
    guard contains(where: { $0.version == version }) else {
      throw TenancyProblem.versionNotFound(version.rawValue)
    }
    return filter { $0.version <= version }
  }
}
