internal import TenancyPostgres

extension TenantDatabase {
  /// The transactions that remove what an interrupted create has left. A large schema takes several, as a tenant's does:
  /// the ledger goes last, whose mark tells what the schema is.
  /// - Parameters:
  ///   - lock: must be free; `nil` if another session of this program holds it.
  ///   - rest: further statements of the last transaction.
  func removal(
    of schema: SchemaName, marked mark: CreationMark, _ contents: SchemaContents, ifFree lock: CreationLock?,
    then rest: [PlannedStatement] = []
  ) -> [Step] {
    let ledger = ledger(of: schema)
    return contents.batches(
      of: schema, after: [mark.hold(ledger, ifFree: lock), mark.guardOn(ledger)], opening: limits.opening)
      + [
        .transaction(
          limits.opening.planned + SchemaDependents(schema: schema).guardStatements
            + [PlannedStatement(mark.drop(ledger, ifFree: lock))] + rest)
      ]
  }

  /// Drops the schema of a create that has failed, if it still is the one that this create made, and not a tenant's by now:
  /// after a lost connection it is not known whether its last transaction is committed.
  /// - Returns: what the failure is then, if the schema stays: dropping it would take along what others have made, or it is
  ///   locked. Its mark stays, by which the next create starts over.
  func cleanUp(_ tenant: Tenant, marked mark: CreationMark, after cause: any Error) async -> TenancyProblem? {
    let ledger = ledger(of: tenant.schema)
    do {
      try await connected { connection in
        guard try await connection.query("SELECT \(mark.isOn(ledger))")[0][0] == "t" else { return }
        try await self.refuseReferenced(tenant, over: connection)
        do {
          try await self.drop(tenant.schema, marked: mark, over: connection)
        } catch TenancyProblem.changedMeanwhile {
          // Somebody has just made a dependent, or the create has succeeded after all.
          guard try await connection.query("SELECT \(mark.isOn(ledger))")[0][0] == "t" else { return }
          try await self.refuseReferenced(tenant, over: connection)
        }
      }
    } catch let rest as TenancyProblem {
      switch rest {
      case .schemaReferenced, .locked:
        return .createStopped(tenant.name, tenant.schema, because: cause as? TenancyProblem, left: rest)
      default: return nil
      }
    } catch {}
    return nil
  }

  private func drop(
    _ schema: SchemaName, marked mark: CreationMark, over connection: Connection
  ) async throws {
    let ledger = ledger(of: schema)
    let contents = try await SchemaContents.read(ledger, over: connection)
    let checks = [mark.hold(ledger), mark.guardOn(ledger)]
    let last = Step.transaction(
      limits.opening.planned + checks + SchemaDependents(schema: schema).guardStatements
        + [PlannedStatement(mark.drop(ledger))])
    for step in contents.batches(of: schema, after: checks, opening: limits.opening) + [last] {
      try await step.run(over: connection)
    }
  }

  /// Throws ``TenancyProblem/schemaReferenced(_:of:by:count:)`` if something outside of the schema depends on what is in it.
  func refuseReferenced(_ tenant: Tenant, over connection: Connection) async throws {
    let outside = try await SchemaDependents(schema: tenant.schema).find(over: connection)
    if outside.count > 0 {
      throw TenancyProblem.schemaReferenced(
        tenant.schema, of: tenant.name, by: outside.objects, count: outside.count)
    }
  }
}
