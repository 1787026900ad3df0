internal import TenancyPostgres

extension TenantDatabase {
  /// Throws ``TenancyProblem/emptyWasApplied(_:)`` or ``TenancyProblem/checksumMismatch(_:recorded:)`` if schemas have files
  /// that are others by now.
  func refuseChanged(_ surveys: [Survey]) async throws {
    if surveys.allSatisfy(\.changed.isEmpty) { return }
    try await connected { try await self.refuseChanged(surveys, over: $0) }
  }

  func refuseChanged(_ surveys: [Survey], over connection: Connection) async throws {
    let empty = MigrationOccurrence.gather(surveys, \.changedFromEmpty)
    if !empty.isEmpty { throw TenancyProblem.emptyWasApplied(empty) }
    let changed = MigrationOccurrence.gather(surveys, \.changed)
    if changed.isEmpty { return }
    throw TenancyProblem.checksumMismatch(changed, recorded: try await otherNames(surveys, over: connection))
  }

  /// The names that ledgers have for changed files, where they differ from the file's: of each file the first ledger's.
  private func otherNames(
    _ surveys: [Survey], over connection: Connection
  ) async throws -> [MigrationVersion: String] {
    var open = Dictionary(surveys.flatMap(\.changed).map { ($0.version, $0) }) { $1 }
    var names: [MigrationVersion: String] = [:]
    for survey in surveys {
      let changed = survey.changed.filter { open.removeValue(forKey: $0.version) != nil }
      if changed.isEmpty { continue }
      let rows = try await survey.ledger.read(survey.ledger.readRecords, limits, over: connection)
      let records = try rows.map { try LedgerRecord($0) }
      for file in changed {
        let name = records.first { (try? MigrationVersion(parsing: $0.version)) == file.version }?.name
        if let name, name != file.name { names[file.version] = name }
      }
    }
    return names
  }
}
