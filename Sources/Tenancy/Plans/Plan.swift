internal import Synchronization
internal import TenancyPostgres

/// A planned change: what would be sent, and the result once it is applied.
///
/// Planning reads the database and changes nothing. ``apply()`` makes the change; ``script`` is what a dry run prints. Both
/// come from the same statements.
package struct Plan<Result: Sendable>: Sendable {
  /// What will be true once the change is applied.
  package var result: Result
  let steps: [Step]
  let database: TenantDatabase
  /// What a server error means here; `nil` leaves it as it is.
  var explain: @Sendable (ServerError) -> TenancyProblem? = { _ in nil }
  /// Called when a step fails after so many were committed, so that nothing unfinished is left. Returns what the failure is if
  /// something is left all the same.
  var cleanUp: (@Sendable (_ done: Int, _ cause: any Error) async -> TenancyProblem?)?

  /// Plans the change once more, if another session was faster: most often there is a better answer by then.
  var again: (@Sendable () async throws -> Plan)?
  /// Whether no other session is to blame for what is in the way.
  var isAlone = false
  /// A lock that is held over another connection during a change of several transactions.
  var lock: SQL?
  /// The tenant's schema, if all that is in it is locked.
  var schema: SchemaName?
  /// Tables outside of it that are locked so that others cannot even read them.
  var exclusive: [QualifiedName] = []
  /// What it means that a step failed after so many others were committed; `nil` leaves the problem as it is.
  var explainHalf: (@Sendable (TenancyProblem, Int) -> TenancyProblem)?
  /// Adds to a problem what has to be asked for; `nil` leaves it as it is.
  var detailed: (@Sendable (TenancyProblem) async -> TenancyProblem)?
  private let progress = PlanProgress()

  /// Makes the change. If the program is killed, the server rolls the open transaction back. After a failure it may be called
  /// again, and goes on where it failed.
  ///
  /// Throws ``TenancyProblem``; a change of one transaction has then not happened at all.
  @discardableResult
  package func apply() async throws -> Result {
    do {
      return try await applyAlone()
    } catch let problem as TenancyProblem where again != nil && problem.isOvertaken {
      return try await again?().apply() ?? result
    } catch let problem as TenancyProblem {
      let held = await namingLockHolders(problem)
      let named = await detailed?(held) ?? held
      throw progress.isBegun ? explainHalf?(named, progress.done) ?? named : named
    }
  }

  private func namingLockHolders(_ problem: TenancyProblem) async -> TenancyProblem {
    guard case .locked(let failure, _) = problem else { return problem }
    let holders = try? await database.connected {
      try await LockHolder.find(in: schema, orOn: exclusive, over: $0)
    }
    return .locked(failure, by: holders ?? [])
  }

  private func applyAlone() async throws -> Result {
    // A transaction's lock, not the session's: behind a pooler a session outlives its client.
    if let lock, database.pool.size > 1 {
      do {
        let isApplied = try await database.connected { holder in
          try await holder.transaction(opening: database.limits.opening + [Self.patience, lock]) { _ in
            guard await database.isServedBesides() else { return false }
            try await applySteps()
            return true
          }
        }
        if isApplied { return result }
      } catch  where progress.done == steps.count {
        // The lock was lost, with all that it was for committed.
        return result
      }
    }
    try await applySteps()
    return result
  }

  /// The server's limits, except on waiting for a lock, are for those who forget a transaction. PostgreSQL 17 has another one.
  private static var patience: SQL {
    """
    SELECT set_config('idle_in_transaction_session_timeout', '0', true),
      CASE WHEN current_setting('transaction_timeout', true) <> '' THEN set_config('transaction_timeout', '0', true) END
    """
  }

  private func applySteps() async throws {
    do {
      try await database.connected { connection in
        try await Step.check(steps, over: connection)
        for step in steps.dropFirst(progress.done) {
          do {
            // Only the last one decides: what a kill leaves of the others is taken up by the same command, run again.
            try await step.runPersistently(over: connection, commitsApart: progress.done == steps.count - 1)
          } catch {
            await connection.clean()
            throw explained(error)
          }
          progress.advance()
        }
      }
    } catch {
      guard progress.isBegun, let cleanUp else { throw error }
      // In a new task: this one may be cancelled, and a cancelled task cannot use the connection.
      let (done, cause) = (progress.done, error)
      let left = await Task { await cleanUp(done, cause) }.value
      progress.startOver()
      throw left ?? error
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
      if isAlone {
        TenancyProblem.translating(error)
      } else if isLostRace(error.error) {
        TenancyProblem.changedMeanwhile
      } else {
        explain(error.error) ?? TenancyProblem.translating(error)
      }
    default: error
    }
  }

  /// Whether the error means that another session has changed what the plan relied on.
  private func isLostRace(_ error: ServerError) -> Bool {
    switch error.state {
    case .invalidSchemaName, .duplicateColumn, .invalidLogarithm: true
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

/// How many steps of a plan are committed.
private final class PlanProgress: Sendable {
  private let count = Mutex(0)
  var done: Int { count.withLock { $0 } }
  var isBegun: Bool { done > 0 }
  func advance() { count.withLock { $0 += 1 } }
  func startOver() { count.withLock { $0 = 0 } }
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
