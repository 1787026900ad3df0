internal import Postgres

/// What a run of migrations would do. Every file is parsed and every checksum compared by the time there is one.
public struct MigrationPlan: Sendable {
  /// The shared schema, which comes first; `nil` if there are no files for it.
  public let shared: Survey?
  /// The tenants of the selection.
  public let tenants: [Survey]
  /// Whether migrations are applied or undone.
  public let direction: MigrationDirection
  let files: MigrationSet
  let guards: SQL
  private let choose: @Sendable (Survey) -> [MigrationFile]

  init(
    _ direction: MigrationDirection, shared: Survey?, tenants: [Survey], files: MigrationSet, guards: SQL,
    choose: @escaping @Sendable (Survey) -> [MigrationFile]
  ) {
    self.direction = direction
    self.shared = shared
    self.tenants = tenants
    self.files = files
    self.guards = guards
    self.choose = choose
  }

  /// What is to be applied to one of them, or undone, in that order.
  public func pending(_ survey: Survey) -> [MigrationFile] { choose(survey) }

  /// Whether there is nothing to do.
  public var isEmpty: Bool {
    (tenants + [shared].compactMap { $0 }).allSatisfy { pending($0).isEmpty }
  }

  /// The SQL that a run would send, with a line above each tenant's.
  public var script: [String] {
    var lines: [String] = []
    for survey in [shared].compactMap({ $0 }) + tenants {
      var progress = SchemaProgress(survey)
      for file in pending(survey) {
        lines.append("-- \(survey.label): \(file.path)")
        lines += progress.steps(for: file, direction, guards: guards).flatMap(\.script)
        progress.note(file, direction)
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
    try refuseChanged([shared].compactMap { $0 } + tenants)
    return MigrationPlan(.up, shared: shared, tenants: tenants, files: files, guards: guards) { survey in
      guard let target, survey.tenant != nil else { return survey.pending }
      return survey.pending.filter { $0.version <= target }
    }
  }

  /// Plans to undo the last migrations of tenants by their files' down sections, newest first.
  ///
  /// Throws ``TenancyError/checksumMismatch(_:)`` as ``planMigration(_:_:to:)`` does,
  /// ``TenancyError/notReversible(_:)`` if one of the migrations has no down section or no file.
  public func planRollback(
    _ selection: FleetSelection, _ files: MigrationSet, _ extent: RollbackExtent
  ) async throws -> MigrationPlan {
    if case .to(let version) = extent, !files.tenant.contains(where: { $0.version == version }) {
      throw TenancyError.versionNotFound(version.rawValue)
    }
    let set = MigrationSet(tenant: files.tenant, shared: [])
    // Which migration is the last one is too grave a question for a comment.
    let tenants = try await survey(selection, set, verify: true).tenants
    try refuseChanged(tenants)
    let known = Dictionary(files.tenant.map { ($0.version, $0) }, uniquingKeysWith: { $1 })
    let irreversible = Set(tenants.flatMap { extent.versions(of: $0) }).filter { known[$0]?.down == nil }
    if !irreversible.isEmpty { throw TenancyError.notReversible(irreversible.sorted()) }
    return MigrationPlan(.down, shared: nil, tenants: tenants, files: files, guards: guards) { survey in
      extent.versions(of: survey).compactMap { known[$0] }
    }
  }

  private func refuseChanged(_ surveys: [Survey]) throws {
    var schemas: [MigrationFile: [String]] = [:]
    for survey in surveys {
      for file in survey.changed { schemas[file, default: []].append(survey.label) }
    }
    if schemas.isEmpty { return }
    let changed = schemas.map { ChangedMigration(version: $0.version, path: $0.path, schemas: $1) }
    throw TenancyError.checksumMismatch(changed.sorted { $0.version < $1.version })
  }
}

/// How far back a rollback goes.
public enum RollbackExtent: Sendable, Hashable {
  /// So many migrations of each tenant.
  case steps(Int)
  /// Until this one is the newest.
  case to(MigrationVersion)

  /// The versions to undo, newest first.
  func versions(of survey: Survey) -> [MigrationVersion] {
    switch self {
    case .steps(let count): survey.applied.suffix(count).reversed()
    case .to(let version): survey.applied.filter { $0 > version }.reversed()
    }
  }
}
