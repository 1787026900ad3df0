internal import TenancyPostgres

/// What taking over its history did to one schema.
package struct ImportedHistory: Sendable, Hashable {
  /// What is recorded from now on, and was not before.
  package let recorded: [MigrationVersion]
  /// What the other tool's table is called now, if it stood where our ledger is.
  package let renamedTable: String?

  /// Whether nothing was to be done.
  package var isUnchanged: Bool { recorded.isEmpty && renamedTable == nil }
}

extension TenantDatabase {
  /// Plans to record as applied what another tool has recorded as applied, without running it. The other tool's table
  /// stays; where it has the name of our ledger, it gets another.
  ///
  /// Throws ``TenancyProblem/historyRefused(_:)`` with every schema whose history cannot be taken over as what it is. What
  /// is applied is one transaction for each schema; after a failure the same plan, made again, does what is left.
  /// - Parameters:
  ///   - selection: the tenants; `nil` is the shared schema.
  ///   - table: the other tool's table; `nil` if it has its usual name.
  package func planImport(
    of placed: PlacedImport, history table: String?, _ selection: FleetSelection?
  ) async throws -> FleetPlan<ImportedHistory> {
    let set = MigrationSet(
      tenant: selection == nil ? [] : placed.files, shared: selection == nil ? placed.files : [])
    _ = try await frame()
    let surveys = try await survey(selection ?? FleetSelection(names: []), set, verify: true).all
    let importer = HistoryImporter(
      placed, table: table ?? placed.source.format.historyTable, ledger: settings.ledger,
      trust: ledgerTrust, limits: limits)
    let histories = try await connected { connection in try await importer.read(surveys, over: connection) }
    try await refuseChanged(surveys.filter { $0.problem == nil })
    var problems: [HistoryProblem] = []
    var entries: [FleetPlan<ImportedHistory>.Entry] = []
    for (survey, history) in zip(surveys, histories) {
      do {
        let planned = try importer.take(history.get(), survey)
        entries.append(
          .init(subject: FleetSubject(survey.tenant, survey.schema), work: .success(self.plan(planned))))
      } catch {
        problems.append(HistoryProblem(tenant: survey.label, reason: error.reason))
      }
    }
    if !problems.isEmpty { throw TenancyProblem.historyRefused(problems) }
    return FleetPlan(entries: entries)
  }
}

/// Takes over histories, schema by schema.
private struct HistoryImporter {
  private let placed: PlacedImport
  private let table: String
  private let ledger: String
  private let trust: LedgerTrust
  private let limits: TimeLimits
  private var format: ImportFormat { placed.source.format }

  init(_ placed: PlacedImport, table: String, ledger: String, trust: LedgerTrust, limits: TimeLimits) {
    self.placed = placed
    self.table = table
    self.ledger = ledger
    self.trust = trust
    self.limits = limits
  }

  /// The histories of schemas; `nil` for a schema without one. A table that is not trusted is not read.
  func read(
    _ surveys: [Survey], over connection: Connection
  ) async throws -> [Result<ForeignHistory?, HistoryFailure>] {
    let surveyor = surveyor
    var distrusted: [SchemaName: LedgerDistrust] = [:]
    for row in try await connection.query(surveyor.inspection(of: surveys.map(\.schema))) {
      let found = try LedgerTable(row)
      distrusted[found.schema] = found.distrust
    }
    var histories: [Result<ForeignHistory?, HistoryFailure>] = []
    for survey in surveys {
      let name = survey.schema.relation(table).description
      if let distrust = distrusted[survey.schema] {
        histories.append(.failure(HistoryFailure(.notTrusted(table: name, distrust))))
        continue
      }
      do {
        histories.append(.success(try await history(in: survey.schema, over: connection)))
      } catch let failure as StatementError where failure.error.state == .insufficientPrivilege {
        histories.append(.failure(HistoryFailure(.schema(.from(failure.error)))))
      }
    }
    return histories
  }

  /// The other tool's table is locked and inspected before it is read, as a ledger is.
  private func history(
    in schema: SchemaName, over connection: Connection
  ) async throws -> ForeignHistory? {
    let source = Ledger(schema: schema, table: table, trust: trust)
    let opening = source.reading(limits)
    do {
      let rows = try await connection.transaction(opening + ForeignHistory.queries(format, source.name))
      return try ForeignHistory(Array(rows.dropFirst(opening.count)))
    } catch let failure as StatementError {
      guard [.undefinedTable, .undefinedColumn, .invalidSchemaName].contains(failure.error.state) else {
        throw failure
      }
      return nil
    }
  }

  private var surveyor: Surveyor { Surveyor(files: [], ledger: table, trust: trust, limits: limits) }

  func take(
    _ history: ForeignHistory?, _ survey: Survey
  ) throws(HistoryFailure) -> (value: ImportedHistory, steps: [Step]) {
    let standsInPlace = table == ledger
    // Our own ledger stands where the other tool's was: it is taken over already.
    if standsInPlace, history == nil, survey.hasLedger, survey.problem == nil {
      return (ImportedHistory(recorded: [], renamedTable: nil), [])
    }
    if let problem = survey.problem, !(standsInPlace && history != nil) {
      throw HistoryFailure(.schema(problem))
    }
    guard let history else {
      throw HistoryFailure(.missing(table: survey.schema.relation(table).description))
    }
    let applied = try history.applied(placed.source.migrations, format)
    let target = standsInPlace ? survey.withoutLedger(placed.files) : survey
    let pending = Set(target.pending.map(\.version))
    let new = zip(placed.source.migrations, placed.files).compactMap { migration, file in
      applied[migration.version].flatMap {
        pending.contains(file.version) ? (file: file, origin: $0 as LedgerOrigin?) : nil
      }
    }
    let renamed = standsInPlace ? "\(table)_\(format.rawValue.replacing("-", with: "_"))" : nil
    let result = ImportedHistory(recorded: new.map(\.file.version), renamedTable: renamed)
    if new.isEmpty, renamed == nil { return (result, []) }
    let relation = survey.schema.relation(table)
    let source = Ledger(schema: survey.schema, table: table, trust: trust)
    let preparation = history.check(source) + (renamed.map { rename(relation, to: $0) } ?? [])
    // The ledger's place has the mark, whatever table stands there.
    let keep = renamed.map {
      let old = Ledger(schema: survey.schema, table: $0, trust: trust)
      return Protection.keep(from: old.marking, on: target.ledger)
    }
    return (
      result,
      LedgerUpdate(target, recording: new).steps(
        limits, after: preparation, then: [keep].compactMap { $0 })
    )
  }

  /// The index of its primary key is renamed too: the ledger's takes the name.
  private func rename(_ relation: QualifiedName, to name: String) -> [SQL] {
    let index = QualifiedName(relation.schema, Identifier("\(table)_pkey"))
    return [
      "ALTER TABLE \(relation) RENAME TO \(Identifier(name))",
      "ALTER INDEX IF EXISTS \(index) RENAME TO \(Identifier("\(name)_pkey"))",
    ]
  }
}

extension Survey {
  /// The same schema without the table that has our ledger's name.
  fileprivate func withoutLedger(_ files: [MigrationFile]) -> Survey {
    let surveyor = Surveyor(files: files, ledger: ledger.table, trust: ledger.trust, limits: TimeLimits())
    return surveyor.unread(.init(tenant, schema, SchemaState(exists: true)))
  }
}
