internal import SQLText
internal import TenancyPostgres

extension TenancyProblem {
  /// The migration that failed, if one did.
  package var migrationFailure: MigrationFailure? {
    switch self {
    case .migrationFailed(let failure), .sharedPending(let failure, _): failure
    case .createStopped(_, _, let cause, _): cause?.migrationFailure
    default: nil
    }
  }
}

extension MigrationFailure {
  /// Whether the statement names something that does not exist (PostgreSQL manual, Appendix A).
  fileprivate var lacksAnObject: Bool {
    // invalid_schema_name, undefined_table, undefined_column, undefined_object such as a type, undefined_function
    ["3F000", "42P01", "42703", "42704", "42883"].contains(server?.sqlState)
  }
}

extension TenantDatabase {
  /// A failure of a new tenant's migration, with the migrations of the shared schema that are pending: `create` does not
  /// apply them, and they may create what the file needs. If the shared ledger cannot be read, without.
  func namingPendingShared(
    _ problem: TenancyProblem, among shared: [MigrationFile]
  ) async -> TenancyProblem {
    if case .createStopped(let name, let schema, let cause?, let left) = problem {
      let cause = await namingPendingShared(cause, among: shared)
      return .createStopped(name, schema, because: cause, left: left)
    }
    guard case .migrationFailed(let failure) = problem, failure.lacksAnObject, !shared.isEmpty else {
      return problem
    }
    let survey = try? await connected {
      try await self.surveyor(shared).inspect((tenant: nil, schema: .shared), over: $0)
    }
    guard let survey, survey.problem == nil, !survey.pending.isEmpty else { return problem }
    return .sharedPending(failure, survey.pending.map(\.version))
  }
}
