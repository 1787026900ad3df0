internal import Synchronization
internal import TenancyPostgres

/// A planned change: what would be sent, and the result once it is applied.
///
/// Planning reads the database and changes nothing. ``apply()`` makes the change; ``script`` is what a dry run prints. Both
/// come from the same statements.
package struct Plan<Result: Sendable>: Sendable {
  /// What will be true once the change is applied.
  package let result: Result
  let steps: [Step]
  let database: TenantDatabase
  /// What a server error means here; `nil` leaves it as it is.
  var explain: @Sendable (ServerError) -> TenancyProblem? = { _ in nil }
  /// Sent when a step after the first one fails, so that nothing unfinished is left.
  var cleanUp: [SQL] = []

  /// Plans the change once more, if another session was faster: most often there is a better answer by then.
  var again: (@Sendable () async throws -> Plan)?
  /// A lock that is held over another connection during a change of several transactions.
  var lock: SQL?
  /// The tenant's schema, if all that is in it is locked.
  var schema: SchemaName?

  /// Makes the change. If the program is killed, the server rolls the open transaction back.
  ///
  /// Throws ``TenancyProblem``; a change of one transaction has then not happened at all.
  @discardableResult
  package func apply() async throws -> Result {
    do {
      return try await applyAlone()
    } catch let problem as TenancyProblem where again != nil && problem.isOvertaken {
      return try await again?().apply() ?? result
    } catch TenancyProblem.locked(let failure, _) {
      let holders = try? await database.connected { try await LockHolder.find(in: schema, over: $0) }
      throw TenancyProblem.locked(failure, by: holders ?? [])
    }
  }

  private func applyAlone() async throws -> Result {
    // A transaction's lock, not the session's: behind a pooler a session outlives its client.
    if let lock, database.pool.size > 1 {
      let isApplied = try await database.connected { holder in
        try await holder.transaction(opening: database.limits.opening + [lock]) { _ in
          guard await database.isServedBesides() else { return false }
          try await applySteps()
          return true
        }
      }
      if isApplied { return result }
    }
    try await applySteps()
    return result
  }

  private func applySteps() async throws {
    var done = 0
    do {
      try await database.connected { connection in
        try await Step.check(steps, over: connection)
        for step in steps {
          do {
            // Only the last one decides: what a kill leaves of the others is taken up by the same command, run again.
            try await step.runPersistently(over: connection, commitsApart: done == steps.count - 1)
          } catch {
            await connection.clean()
            throw explained(error)
          }
          done += 1
        }
      }
    } catch {
      // In a new task: this one may be cancelled, and a cancelled task cannot use the connection.
      if done > 0 && !cleanUp.isEmpty {
        await Task { _ = try? await database.connected { try await $0.transaction(cleanUp) } }.value
      }
      throw error
    }
  }

  /// The statements that ``apply()`` would send, each with a semicolon.
  package var script: [String] {
    steps.flatMap(\.script)
  }

  private func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as MigrationStatementError:
      TenancyProblem.migrationFailed(error.source.failure(error.error, ofNewTenant: true))
    case let error as StatementError:
      isLostRace(error.error)
        ? TenancyProblem.changedMeanwhile : explain(error.error) ?? TenancyProblem.translating(error)
    default: error
    }
  }

  /// Whether the error means that another session has changed what the plan relied on.
  private func isLostRace(_ error: ServerError) -> Bool {
    switch error.state {
    case .deadlockDetected, .invalidSchemaName, .duplicateColumn, .invalidLogarithm: true
    case .internalError: error.isCatalogRace
    case .foreignKeyViolation: isBetweenRegistryTables(error)
    default: false
    }
  }

  /// Whether a domain was added or a tenant removed. Only the detail names the other table, in the quotes of the server's
  /// language. A value of the user's may refer to another table.
  private func isBetweenRegistryTables(_ error: ServerError) -> Bool {
    let registry = database.settings.registry
    guard let domains = registry.domains?.name.name, error.table == domains else { return false }
    return [registry.tenants.name.name, domains].contains { error.detail?.contains($0) ?? false }
  }
}

extension TenancyProblem {
  /// Whether another session has done something since the change was planned.
  fileprivate var isOvertaken: Bool {
    switch self {
    case .changedMeanwhile, .tenantExists: true
    default: false
    }
  }
}

extension TenantDatabase {
  /// Whether the pooler serves one connection more while others are in a transaction. Where each of its sessions is held by one
  /// that waits for another, all wait until it gives up, and its other clients with them.
  fileprivate func isServedBesides() async -> Bool {
    if poolerIsFull.load(ordering: .relaxed) { return false }
    do {
      let limit = Duration.seconds(2)
      _ = try await pool.withConnection(within: limit) {
        try await $0.segments([["SELECT 1"]], within: limit)
      }
      return true
    } catch {
      poolerIsFull.store(true, ordering: .relaxed)
      return false
    }
  }
}
