internal import TenancyPostgres

/// The ledgers that record a file's new checksum, and those that could not be read.
package struct RepairedFile: Sendable {
  /// The file, and the schemas whose ledgers record it.
  package let file: MigrationOccurrence
  /// The shared schema's file of that version, if its ledger is one of them.
  package let sharedPath: String?
  /// The files whose checksums were recorded.
  package var paths: [String] { ([file.path] + (sharedPath.map { [$0] } ?? [])).uniqued() }
  /// Why other tenants' ledgers could not be read, by the tenants' names.
  package let problems: [(name: String, error: TenancyProblem)]
}

extension TenantDatabase {
  /// Plans to replace the checksum that ledgers recorded for a file by that of the file as it is now. Their head comments
  /// are written again, also where only the comment is stale. Nothing of the file runs.
  ///
  /// Throws ``TenancyProblem/versionNotFound(_:)`` if no file has the version,
  /// ``TenancyProblem/emptyWasApplied(_:)`` if its statements never ran, ``TenancyProblem/begunStatementwise(_:)`` if some
  /// of them ran outside of a transaction and the file has become one. Each schema has one transaction; after a
  /// failure the same plan, made again, does what is left.
  package func planRepair(
    _ version: MigrationVersion, _ selection: FleetSelection, _ files: MigrationSet
  ) async throws -> Plan<RepairedFile> {
    let own = files.tenant.first { $0.version == version }?.path
    let shared = files.shared.first { $0.version == version }?.path
    guard let path = own ?? shared else { throw TenancyProblem.versionNotFound(version.rawValue) }
    let surveys = try await survey(selection, files, verify: true).all
    let empty = MigrationOccurrence.gather(surveys) {
      $0.changedFromEmpty.filter { $0.version == version }
    }
    if !empty.isEmpty { throw TenancyProblem.emptyWasApplied(empty) }
    let begun = MigrationOccurrence.gather(surveys) { survey in
      survey.changed.filter {
        $0.version == version && survey.begun[version].map($0.isTransaction(begunBy:)) == true
      }
    }
    if !begun.isEmpty { throw TenancyProblem.begunStatementwise(begun) }
    var repaired: [String] = []
    var sharedPath: String?
    var steps: [Step] = []
    for survey in surveys where survey.problem == nil {
      let statements = repair(survey, version)
      if statements.isEmpty { continue }
      repaired.append(survey.label)
      if survey.tenant == nil { sharedPath = shared }
      steps.append(.transaction(survey.ledger.opening(limits) + statements))
    }
    return Plan(
      result: RepairedFile(
        file: MigrationOccurrence(
          version: version, path: repaired.count == 1 ? sharedPath ?? path : path, tenants: repaired),
        sharedPath: sharedPath,
        problems: surveys.compactMap { survey in survey.problem.map { (survey.label, $0) } }), steps: steps,
      database: self, explain: { Guard.lostRace.contains($0.state) ? .changedMeanwhile : nil })
  }

  private func repair(_ survey: Survey, _ version: MigrationVersion) -> [PlannedStatement] {
    let edited = survey.changed.first { $0.version == version }
    guard let edited, let recorded = survey.history.checksums[version] ?? nil else {
      return survey.wrongHead == nil
        ? [] : survey.ledger.rewriteComment(survey.history, survey.state).planned
    }
    var state = survey.state
    // Of a shorter file all may be done.
    if let done = state.begun[version], done >= edited.up.count { state.begun[version] = nil }
    let accept = survey.ledger.accept(
      edited, insteadOf: recorded, isBegun: survey.begun[version] != nil)
    return [PlannedStatement(mustAffectRows: accept)]
      + survey.ledger.rewriteComment(survey.history.adding(edited), state).planned
  }
}

extension MigrationFile {
  /// Whether the direction in which it was begun is one transaction by now, which cannot go on in the middle.
  /// - Parameter progress: as the ledger has it; below 0 it is half undone.
  fileprivate func isTransaction(begunBy progress: Int) -> Bool {
    let direction: MigrationDirection = progress < 0 ? .down : .up
    return options(direction).transaction && !statements(direction).isEmpty
  }
}
