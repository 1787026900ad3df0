internal import TenancyPostgres

/// What a run of migrations would do. Every file was parsed and every checksum compared before it was made.
package struct MigrationPlan: Sendable {
  private let found: FleetSurvey
  /// Whether migrations are applied or undone.
  package let direction: MigrationDirection
  /// Whether the same run again does only what is left; a rollback by a number of steps would undo as many more.
  package let isRepeatable: Bool
  let files: MigrationSet
  let frame: Frame
  private let choose: @Sendable (Survey) -> [MigrationFile]

  init(
    _ direction: MigrationDirection, _ found: FleetSurvey, files: MigrationSet, frame: Frame,
    isRepeatable: Bool = true,
    choose: @escaping @Sendable (Survey) -> [MigrationFile]
  ) {
    self.direction = direction
    self.found = found
    self.files = files
    var frame = frame
    // Deferred commits cost one flush at the end: not worth it for a single file.
    frame.defersCommits =
      frame.defersCommits && found.all.map { choose($0).count }.reduce(0, +) > 1
    self.frame = frame
    self.isRepeatable = isRepeatable
    self.choose = choose
  }

  /// The shared schema, which comes first; `nil` if there are no files for it.
  package var shared: Survey? { found.shared }
  /// The tenants of the selection.
  package var tenants: [Survey] { found.tenants }
  /// The shared schema's, then the tenants'.
  package var surveys: [Survey] { found.all }

  /// The files to apply to a schema, or to undo there, in order.
  package func pending(_ survey: Survey) -> [MigrationFile] { choose(survey) }

  /// Why nothing is applied to a schema: a migration there is half done, and no file says what is left of it.
  func obstacle(_ survey: Survey) -> TenancyProblem? {
    let lost = survey.begun.keys.filter { survey.unknown.contains($0.rawValue) }.min()
    return direction == .up ? lost.map { .unfinishedWithoutFile($0) } : nil
  }

  /// Whether nothing is pending anywhere.
  package var isEmpty: Bool {
    surveys.allSatisfy { pending($0).isEmpty && obstacle($0) == nil }
  }

  /// Files to apply that are older than the newest migration of some schema.
  package var outOfOrder: [MigrationOccurrence] {
    MigrationOccurrence.gather(surveys) { survey in
      let pending = Set(pending(survey).map(\.version))
      return survey.outOfOrder.filter { pending.contains($0.version) }
    }
  }

  /// Versions that some schema has and no file has.
  package var unknown: [UnknownVersion] { UnknownVersion.gather(surveys) }

  /// The SQL that a run would send, with a comment above each tenant's. A tenant with a problem gets none.
  package var script: [String] {
    var lines: [String] = []
    for survey in surveys where survey.problem == nil {
      var progress = SchemaProgress(survey)
      for file in pending(survey) {
        lines.append(Step.comment("\(survey.label): \(file.path)"))
        lines += progress.steps(for: file, direction, frame).flatMap(\.script)
        progress.note(file, direction)
      }
    }
    return lines
  }
}

/// A file, and the tenants that a statement about it concerns.
package struct MigrationOccurrence: Sendable, Hashable, Encodable {
  /// The version.
  package let version: MigrationVersion
  /// The file.
  package let path: String
  /// The tenants' names; `public` is the shared schema.
  package let tenants: [String]

  /// By version.
  static func gather(_ surveys: [Survey], _ files: (Survey) -> [MigrationFile]) -> [MigrationOccurrence] {
    var tenants: [MigrationFile: [String]] = [:]
    for survey in surveys {
      for file in files(survey) { tenants[file, default: []].append(survey.label) }
    }
    return tenants.map { MigrationOccurrence(version: $0.version, path: $0.path, tenants: $1) }
      .sorted { $0.version < $1.version }
  }
}

extension TenantDatabase {
  /// Plans a run: what each tenant lacks.
  ///
  /// Throws ``TenancyProblem/checksumMismatch(_:recorded:)`` if a file was edited after one of the tenants got it,
  /// ``TenancyProblem/versionNotFound(_:)`` if no file has the target's version,
  /// ``TenancyProblem/emptyMigrations(_:)`` for a pending file without statements,
  /// ``TenancyProblem/statementsWithoutEffect(_:)``,
  /// ``TenancyProblem/folderEmptied(_:)`` if tenants have migrations and the folder has none,
  /// ``TenancyProblem/folderForeign(_:)`` if it has others alone;
  /// ``TenancyProblem/outOfOrder(_:)`` and ``TenancyProblem/versionsUnknown(_:)`` as `strict` says.
  /// - Parameters:
  ///   - target: the last version to apply, in the shared schema, too.
  ///   - strict: whether a file that is older than what a tenant has, and a version that no file has, is refused.
  ///   - statementTimeout: how long a statement may take, unless its file says otherwise; `nil`: as the server says.
  package func planMigration(
    _ selection: FleetSelection, _ files: MigrationSet, to target: MigrationVersion? = nil,
    strict: Bool = false, statementTimeout: Duration? = nil
  ) async throws -> MigrationPlan {
    if let target, !(files.tenant + files.shared).contains(where: { $0.version == target }) {
      throw TenancyProblem.versionNotFound(target.rawValue)
    }
    var frame = try await frame(statementTimeout: statementTimeout)
    let found = try await survey(selection, files, closely: true)
    try await refuseChanged(found.all)
    let choose = { @Sendable (survey: Survey) in
      target.map { target in survey.pending.filter { $0.version <= target } } ?? survey.pending
    }
    frame.sharedTargets = try await sharedTargets(
      of: Set(found.tenants.flatMap(choose)).flatMap(\.up), frame.path,
      after: found.shared.map(choose)?.flatMap(\.up) ?? [])
    let plan = MigrationPlan(.up, found, files: files, frame: frame, choose: choose)
    try plan.checkFiles(strict: strict)
    try plan.checkTransactions()
    return plan
  }

  /// Plans to undo the last migrations of tenants by their files' down sections, newest first.
  ///
  /// Throws ``TenancyProblem/checksumMismatch(_:recorded:)`` as ``planMigration(_:_:to:)`` does,
  /// ``TenancyProblem/notReversible(_:)`` if one of the migrations has no down section,
  /// ``TenancyProblem/filesMissing(_:)`` if the file of one does not exist, ``TenancyProblem/rollbackUneven(_:)`` if a number
  /// of steps means other files of one tenant than of another.
  package func planRollback(
    _ selection: FleetSelection, _ files: MigrationSet, _ extent: RollbackExtent,
    statementTimeout: Duration? = nil
  ) async throws -> MigrationPlan {
    let all = (files.tenant + files.shared).map(\.version)
    if case .to(let version) = extent, !all.contains(version), !version.isBeforeAll(all) {
      throw TenancyProblem.versionNotFound(version.rawValue)
    }
    let set = MigrationSet(tenant: files.tenant, shared: [])
    // A stale comment would undo the wrong migration, so the ledgers themselves are read.
    let found = try await survey(selection, set, verify: true)
    let tenants = found.tenants
    try await refuseChanged(tenants)
    let known = Dictionary(files.tenant.map { ($0.version, $0) }, uniquingKeysWith: { $1 })
    let undone = UnknownVersion.gather(tenants) { extent.versions(of: $0).map(\.rawValue) }
    func without(_ part: (MigrationFile?) -> Bool) -> [UnknownVersion] {
      undone.filter { !part((try? MigrationVersion(parsing: $0.version)).flatMap { known[$0] }) }
    }
    let missing = without { $0 != nil }
    if !missing.isEmpty { throw TenancyProblem.filesMissing(missing) }
    let irreversible = without { $0?.down != nil }
    if !irreversible.isEmpty { throw TenancyProblem.notReversible(irreversible) }
    let isRepeatable = if case .to = extent { true } else { false }
    let choose = { @Sendable (survey: Survey) in extent.versions(of: survey).compactMap { known[$0] } }
    var frame = try await frame(statementTimeout: statementTimeout)
    frame.sharedTargets = try await sharedTargets(
      of: Set(tenants.flatMap(choose)).flatMap { $0.statements(.down) }, frame.path)
    let plan = MigrationPlan(
      .down, found, files: files, frame: frame, isRepeatable: isRepeatable,
      choose: choose)
    try plan.checkTransactions()
    let files = Set(tenants.map { plan.pending($0) }.filter { !$0.isEmpty })
    if !isRepeatable, files.count > 1 {
      throw TenancyProblem.rollbackUneven(MigrationOccurrence.gather(tenants, plan.pending).reversed())
    }
    return plan
  }
}

extension MigrationPlan {
  /// Whether tenants have migrations, and none of these has a file.
  private var isOfAnotherProject: Bool {
    let migrated = tenants.filter { $0.problem == nil && $0.rows > 0 }
    return !migrated.isEmpty && migrated.allSatisfy { $0.unknown.count == $0.rows }
  }

  /// What makes the folder the wrong one for these tenants, or a file not worth recording.
  fileprivate func checkFiles(strict: Bool) throws {
    let unknown = unknown
    if files.tenant.isEmpty, !unknown.isEmpty { throw TenancyProblem.folderEmptied(unknown) }
    if isOfAnotherProject { throw TenancyProblem.folderForeign(unknown) }
    try MigrationFile.refuseEmpty(Set(surveys.flatMap(pending)).sorted { $0.version < $1.version })
    guard strict else { return }
    if !unknown.isEmpty { throw TenancyProblem.versionsUnknown(unknown) }
    let late = outOfOrder
    if !late.isEmpty { throw TenancyProblem.outOfOrder(late) }
  }
}

/// A version that tenants have and whose file does not exist, as in a checkout that is older than the fleet, or cannot be used.
package struct UnknownVersion: Sendable, Hashable, Encodable {
  /// The version, as the ledgers spell it.
  package let version: String
  /// The tenants' names; `public` is the shared schema.
  package let tenants: [String]

  package init(version: String, tenants: [String]) {
    self.version = version
    self.tenants = tenants
  }

  /// By version.
  package static func gather(
    _ surveys: [Survey], _ versions: (Survey) -> [String] = { $0.unknown }
  ) -> [UnknownVersion] {
    var tenants: [String: [String]] = [:]
    for survey in surveys where survey.problem == nil {
      for version in versions(survey) { tenants[version, default: []].append(survey.label) }
    }
    return tenants.map { UnknownVersion(version: $0, tenants: $1) }.sorted { $0.version < $1.version }
  }
}

/// How far back a rollback goes.
package enum RollbackExtent: Sendable, Hashable {
  /// So many migrations of each tenant.
  case steps(Int)
  /// Until this one is the newest; 0, if no file has it, is before the first.
  case to(MigrationVersion)

  /// The versions to undo, newest first.
  func versions(of survey: Survey) -> [MigrationVersion] {
    switch self {
    case .steps(let count): Array(survey.undoable.prefix(count))
    case .to(let version): survey.undoable.filter { $0 > version }
    }
  }
}
