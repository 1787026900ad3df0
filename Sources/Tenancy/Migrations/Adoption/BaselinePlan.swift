internal import TenancyPostgres

/// What recording migrations as applied did to one tenant. No migration was run.
package struct BaselinedTenant: Sendable, Hashable {
  /// The versions that were recorded.
  package let recorded: [String]
  /// The newest migration in its ledger afterwards; `nil` if it is empty.
  package let head: MigrationVersion?
  /// The columns that were added to its ledger.
  package let addedColumns: [String]
  /// Other tools' records of migrations in its schema. They stay as they are.
  package let histories: [MigrationHistory]
}

/// What is to be recorded in each tenant's ledger, or why it cannot be.
package struct BaselinePlan: Sendable {
  struct Entry: Sendable {
    let tenant: Tenant
    let work: Result<BaselineWork, TenancyProblem>

    init(tenant: Tenant, _ work: Result<BaselineWork, TenancyProblem>) {
      self.tenant = tenant
      self.work = work
    }
  }

  let entries: [Entry]
  let limits: TimeLimits

  /// The SQL that a run sends, with a comment above each tenant's.
  package var script: [String] {
    entries.flatMap { entry -> [String] in
      guard let work = try? entry.work.get(), let step = work.step(limits) else { return [] }
      return [Step.comment(entry.tenant.name.rawValue)] + step.script
    }
  }

  /// The outcome of a run if nothing changes until then.
  package var forecast: FleetReport<BaselinedTenant> {
    FleetReport(
      shared: nil,
      tenants: entries.map { entry in
        switch entry.work {
        case .success(let work): FleetOutcome(FleetSubject(entry.tenant), .done, work.result)
        case .failure(let error): FleetOutcome(FleetSubject(entry.tenant), .failed(error))
        }
      },
      duration: .zero, wasInterrupted: false)
  }

  /// The tenants whose ledger lacks columns, and the SQL that adds them.
  package var completions: [(tenant: TenantName, sql: String)] {
    entries.compactMap { entry in
      guard let work = try? entry.work.get(), let sql = work.update.completion else { return nil }
      return (entry.tenant.name, "\(sql.inlined);")
    }
  }
}

/// What is to be done for one tenant.
struct BaselineWork: Sendable {
  let update: LedgerUpdate
  var histories: [MigrationHistory] = []

  var result: BaselinedTenant {
    BaselinedTenant(
      recorded: update.finished.map(\.version.rawValue) + update.records.map(\.version),
      head: update.history.versions.last,
      addedColumns: update.completion == nil ? [] : update.ledger.missingColumns, histories: histories)
  }

  /// One transaction; `nil` if nothing is to be recorded.
  func step(_ limits: TimeLimits) -> Step? {
    let statements = update.statements
    if statements.isEmpty { return nil }
    let opening = update.ledger.opening(limits, exists: update.hasLedger)
    return .transaction(opening + statements.map { PlannedStatement($0) })
  }
}

extension TenantDatabase {
  /// Runs the plan, in one transaction and one round trip for each tenant. One tenant's failure is in the report and does
  /// not affect the others; the same plan, made again, does what is left.
  package func record(
    _ plan: BaselinePlan, _ run: FleetRun<BaselinedTenant> = FleetRun()
  ) async -> FleetReport<BaselinedTenant> {
    let work = Dictionary(plan.entries.map { ($0.tenant.name, $0.work) }, uniquingKeysWith: { $1 })
    let state = SchemaState(exists: true)
    let members = plan.entries.map { FleetMember(tenant: $0.tenant, state: state) }
    return await SelectedTenants(members: members).forEach(run, retries: FleetRetry.usual) { tenant in
      guard let work = try work[tenant.name]?.get() else { throw TenancyProblem.tenantNotFound(tenant.name) }
      if let step = work.step(plan.limits) {
        try await self.connected { connection in
          do {
            try await step.run(over: connection)
          } catch let failure as StatementError where Guard.lostRace.contains(failure.error.state) {
            throw TenancyProblem.changedMeanwhile
          }
        }
      }
      return work.result
    }
  }
}
