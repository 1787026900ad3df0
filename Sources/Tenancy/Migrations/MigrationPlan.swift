internal import Postgres

/// What a run of migrations would do. Every file is parsed and every checksum compared by the time there is one.
public struct MigrationPlan: Sendable {
  /// The shared schema, which comes first; `nil` if there are no files for it.
  public let shared: Survey?
  /// The tenants of the selection.
  public let tenants: [Survey]
  /// The last version to apply; `nil` is the newest.
  public let target: MigrationVersion?
  let guards: SQL

  /// What is to be applied to one of them.
  public func pending(_ survey: Survey) -> [MigrationFile] {
    guard let target, survey.tenant != nil else { return survey.pending }
    return survey.pending.filter { $0.version <= target }
  }

  /// Whether there is nothing to do.
  public var isEmpty: Bool {
    (tenants + [shared].compactMap { $0 }).allSatisfy { pending($0).isEmpty }
  }

  /// The SQL that a run would send, with a line above each tenant's.
  public var script: [String] {
    var lines: [String] = []
    for survey in [shared].compactMap({ $0 }) + tenants {
      var progress = Progress(survey)
      for file in pending(survey) {
        lines.append("-- \(survey.label): \(file.path)")
        lines += progress.steps(for: file, guards: guards).flatMap(\.script)
        progress.add(file)
      }
    }
    return lines
  }
}

/// A file that was edited after it had been applied.
public struct ChangedMigration: Sendable, Hashable {
  /// The version.
  public let version: MigrationVersion
  /// The file.
  public let path: String
  /// Where it is applied.
  public let schemas: [String]
}

extension TenantDatabase {
  /// Plans a run: who lacks what.
  ///
  /// Throws ``TenancyError/checksumMismatch(_:)`` if a file was edited after one of the tenants got it,
  /// ``TenancyError/versionNotFound(_:)`` if no file has the target's version.
  public func planMigration(
    _ selection: FleetSelection, _ files: MigrationSet, to target: MigrationVersion? = nil
  ) async throws -> MigrationPlan {
    if let target, !files.tenant.contains(where: { $0.version == target }) {
      throw TenancyError.versionNotFound(target.rawValue)
    }
    let (shared, tenants) = try await survey(selection, files)
    var schemas: [MigrationFile: [String]] = [:]
    for survey in [shared].compactMap({ $0 }) + tenants {
      for file in survey.changed { schemas[file, default: []].append(survey.label) }
    }
    if !schemas.isEmpty {
      let changed = schemas.map { ChangedMigration(version: $0.version, path: $0.path, schemas: $1) }
      throw TenancyError.checksumMismatch(changed.sorted { $0.version < $1.version })
    }
    return MigrationPlan(shared: shared, tenants: tenants, target: target, guards: guards)
  }
}

/// How far one schema has come while its migrations are applied, and what the next one sends.
struct Progress: Sendable {
  private(set) var history: LedgerHistory
  private(set) var hasLedger: Bool
  private var rows: Int
  private let begun: [MigrationVersion: Int]
  private let ledger: Ledger

  init(_ survey: Survey) {
    history = survey.history
    hasLedger = survey.hasLedger
    rows = survey.rows
    begun = survey.begun
    ledger = survey.ledger
  }

  /// What applies the file. With a transaction that is one, and one round trip: the ledger's row goes first.
  func steps(for file: MigrationFile, guards: SQL) -> [Step] {
    let source = MigrationSource(file: file, place: .ledger)
    let opening =
      ledger.opening(guards) + (hasLedger ? [] : [PlannedStatement(ledger.create, source: source)])
    let comment = PlannedStatement(ledger.comment(history.adding(file)), source: source)
    if file.upOptions.transaction {
      return [.transaction(opening + ledger.run(file, after: rows) + [comment])]
    }
    let create: [Step] = hasLedger ? [] : [.transaction(opening)]
    return create + ledger.runAlone(file, begun: begun[file.version], guards: guards)
      + [.transaction([comment])]
  }

  mutating func add(_ file: MigrationFile) {
    if !history.contains(file.version) { rows += 1 }
    history = history.adding(file)
    hasLedger = true
  }
}
