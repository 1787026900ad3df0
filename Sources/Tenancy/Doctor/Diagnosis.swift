internal import TenancyPostgres

/// What an examination of a database has found.
package struct Diagnosis: Sendable {
  /// A finding and its fix.
  package struct Entry: Sendable {
    /// What it is.
    package let finding: Finding
    /// Made when it is wanted: for ten thousand tenants at once it is much.
    private let steps: (@Sendable () -> [Step])?
    fileprivate var fix: [Step] { steps?() ?? [] }

    /// - Parameter fix: the fix; `nil` if it needs a decision.
    init(_ finding: Finding, fix: (@Sendable () -> [Step])? = nil) {
      self.finding = finding
      steps = fix
    }

    /// Whether it can be fixed without a decision and without losing data.
    package var canBeFixed: Bool { steps != nil }

    /// The SQL of the fix.
    package var script: [String] { fix.flatMap(\.script) }
    /// The same with a line above it that says what for.
    package func script(under title: String) -> [String] { [Step.comment(title)] + script }
  }

  /// How many tenants there are.
  package let tenants: Int
  /// The gravest first.
  package let entries: [Entry]

  init(tenants: Int, entries: [Entry]) {
    self.tenants = tenants
    self.entries = Finding.Severity.allCases.reversed().flatMap { severity in
      entries.filter { $0.finding.severity == severity }
    }
  }
}

/// What became of a finding.
package enum FixOutcome: Sendable {
  /// It was fixed.
  case fixed
  /// The fix failed and was rolled back.
  case failed(TenancyProblem)
  /// It has no fix, or the run ended before it.
  case left
}

extension TenantDatabase {
  /// Finds inconsistencies, with a few queries for the whole fleet. Changes nothing.
  ///
  /// Throws ``TenancyProblem`` if the registry does not exist, or is not a registry.
  /// - Parameter migratesShared: whether there are migrations of the shared schema, so that its ledger matters.
  package func diagnose(migratesShared: Bool = false) async throws -> Diagnosis {
    let server = try await examineServer()
    if server.contains(.settingsLost) {
      // What the other queries would say could not be trusted.
      return Diagnosis(tenants: 0, entries: server.map { .init($0) })
    }
    let shape = try await connected { try await self.shape(over: $0) }
    let members = try await connected { try await shape.members(ledger: self.settings.ledger, over: $0) }
    let tenants = members.filter { !self.settings.isNoTenants($0.tenant.schema) }
    var entries = server.map { Diagnosis.Entry($0) }
    let schemas = try await examineSchemas(of: tenants, shape)
    entries += schemas.map { .init($0) }
    entries += try await examineSearchPath(members).map { .init($0) }
    entries += try await examineNotifications()
    entries += try await examineDomains(of: tenants, shape, strays: schemas.compactMap(\.stray))
    if migratesShared { entries += try await examineSharedLedger() }
    entries += try await examineLedgers(of: tenants)
    entries += try await examineReplication(of: tenants).map { .init($0) }
    entries += try await examineContents(shape, unfinished: entries.unfinishedSchemas)
    entries += try await examineReferences(shape)
    entries += try await examinePrivileges(shape).map { .init($0) }
    return Diagnosis(tenants: tenants.count, entries: entries)
  }

  /// Fixes what can be fixed, one finding after the other. A failure does not affect the others.
  ///
  /// - Parameter shouldStop: asked before each of them.
  /// - Returns: the outcomes of the ``Diagnosis/entries``.
  package func fix(
    _ diagnosis: Diagnosis, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) async -> [FixOutcome] {
    var outcomes: [FixOutcome] = []
    for entry in diagnosis.entries {
      guard entry.canBeFixed, !shouldStop(), !Task.isCancelled else {
        outcomes.append(.left)
        continue
      }
      do {
        try await apply(entry.fix)
        outcomes.append(.fixed)
      } catch let error as TenancyProblem {
        outcomes.append(.failed(error))
      } catch {
        outcomes.append(.left)
      }
    }
    return outcomes
  }

  private func apply(_ fix: [Step]) async throws {
    try await connected { connection in
      try await Step.check(fix, over: connection)
      for step in fix {
        do {
          try await step.runCleaningUp(over: connection)
        } catch let failure as StatementError
          where Guard.failures.contains(failure.error.state)
        {
          throw TenancyProblem.changedMeanwhile
        }
      }
    }
  }
}

extension Step {
  /// If building an index fails, the invalid one that it leaves is dropped.
  fileprivate func runCleaningUp(over connection: Connection) async throws {
    guard case .alone(_, let settings) = self else { return try await run(over: connection) }
    let before = Set(try await IndexState.invalid(in: settings.schema, over: connection))
    do {
      try await run(over: connection)
    } catch {
      for index in try await IndexState.invalid(in: settings.schema, over: connection)
      where !before.contains(index) {
        let drop = PlannedStatement(IndexState.drop(index, in: settings.schema))
        try? await Step.alone(drop, settings).run(over: connection)
      }
      throw error
    }
  }
}

extension RegistryShape {
  /// All rows of the registry that have a name, with what the catalog says about their schemas.
  fileprivate func members(ledger: String, over connection: Connection) async throws -> [FleetMember] {
    try await FleetMember.all(in: connection.query(statesQuery(ledger: ledger))).map(\.member)
      .sorted { $0.tenant.name < $1.tenant.name }
  }
}

extension [Diagnosis.Entry] {
  /// The schemas with a migration that was started but not finished, and what finishes it. A rollback comes first.
  fileprivate var unfinishedSchemas: [SchemaName: MigrationDirection] {
    let found = compactMap { entry -> (SchemaName, MigrationDirection)? in
      if case .migrationUnfinished(let tenant, _, let direction) = entry.finding {
        (tenant.schema, direction)
      } else {
        nil
      }
    }
    return Dictionary(found) { $0 == .down ? $0 : $1 }
  }
}
