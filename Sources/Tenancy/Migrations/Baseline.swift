internal import Postgres

/// What recording migrations as applied did to one tenant.
public struct BaselinedTenant: Sendable, Hashable, Encodable {
  /// The tenant.
  public let name: TenantName
  /// What is recorded from now on, and was not before.
  public let recorded: [MigrationVersion]
}

extension TenantDatabase {
  /// Plans to record every tenant migration up to a version as applied, without running it: for schemas that have their
  /// tables already. The ledger is created where there is none; what is recorded already stays as it is.
  ///
  /// Throws ``TenancyError/versionNotFound(_:)`` if no file has the version, ``TenancyError/ledgerBeyond(_:tenants:)`` if
  /// a tenant has a newer migration, ``TenancyError/checksumMismatch(_:)``, or a tenant's ``Survey/problem``. What is
  /// applied is one transaction for each schema; after a failure the same plan, made again, does what is left.
  public func planBaseline(
    at version: MigrationVersion, _ selection: FleetSelection, _ files: MigrationSet
  ) async throws -> Change<[BaselinedTenant]> {
    guard files.tenant.contains(where: { $0.version == version }) else {
      throw TenancyError.versionNotFound(version.rawValue)
    }
    let set = MigrationSet(tenant: files.tenant.filter { $0.version <= version }, shared: [])
    let surveys = try await survey(selection, set, verify: true).tenants
    for survey in surveys { if let problem = survey.problem { throw problem } }
    let beyond = surveys.filter { $0.head ?? version > version }.map(\.label)
    if !beyond.isEmpty { throw TenancyError.ledgerBeyond(version, tenants: beyond) }
    try refuseChanged(surveys)
    return Change(
      result: surveys.compactMap { survey in
        survey.tenant.map { BaselinedTenant(name: $0.name, recorded: survey.pending.map(\.version)) }
      },
      steps: surveys.filter { !$0.pending.isEmpty }.map(baseline), database: self,
      explain: { [.uniqueViolation, .duplicateTable].contains($0.state) ? .changedMeanwhile : nil })
  }

  private func baseline(_ survey: Survey) -> Step {
    let ledger = survey.ledger
    let records = survey.pending.map { file in
      survey.begun[file.version] == nil
        ? ledger.record(file, statementsDone: file.up.count) : ledger.finish(file)
    }
    let comment = ledger.comment(survey.pending.reduce(survey.history) { $0.adding($1) })
    let statements = (survey.hasLedger ? [] : [ledger.create]) + records + [comment]
    return .transaction(ledger.opening(guards) + statements.map { PlannedStatement($0) })
  }
}
