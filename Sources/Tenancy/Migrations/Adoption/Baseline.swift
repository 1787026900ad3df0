internal import TenancyPostgres

extension TenantDatabase {
  /// Plans to record every tenant migration up to a version as applied, without running it and without inspecting the
  /// tables. Existing records stay as they are, an unfinished migration counts as finished, and a missing ledger is
  /// created. ``planAdoption(_:_:_:)`` is for tenants that another program made.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)`` if no file has the version, ``TenancyProblem/ledgerBeyond(_:tenants:)`` if
  /// a tenant has a newer migration, ``TenancyProblem/checksumMismatch(_:)``. What is wrong with a single tenant is that
  /// tenant's failure in the run.
  package func planBaseline(
    at version: MigrationVersion, _ selection: FleetSelection, _ files: MigrationSet
  ) async throws -> BaselinePlan {
    let set = MigrationSet(tenant: try files.tenant(upTo: version), shared: [])
    _ = try await frame()
    let surveys = try await survey(selection, set, verify: true).tenants
    let beyond = surveys.filter { $0.head ?? version > version }.map(\.label)
    if !beyond.isEmpty { throw TenancyProblem.ledgerBeyond(version, tenants: beyond) }
    try refuseChanged(surveys)
    return BaselinePlan(
      entries: surveys.map { survey in
        let subject = FleetSubject(survey.tenant, survey.schema)
        if let problem = survey.problem { return .init(subject: subject, work: .failure(problem)) }
        let update = LedgerUpdate(survey, recording: survey.pending.map { ($0, nil) })
        return .init(
          subject: subject, work: .success(self.plan(BaselineWork(update: update).planned(limits))))
      })
  }
}

extension MigrationSet {
  /// The tenants' files up to one.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)`` if no file has the version.
  func tenant(upTo version: MigrationVersion) throws -> [MigrationFile] {
    guard tenant.contains(where: { $0.version == version }) else {
      throw TenancyProblem.versionNotFound(version.rawValue)
    }
    return tenant.filter { $0.version <= version }
  }
}
