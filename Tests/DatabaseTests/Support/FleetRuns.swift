@testable import Tenancy

extension Fleet {
  /// Makes tenants by hand, which is quicker than one by one.
  func populate(_ names: [String]) async throws {
    try await psql(
      names.map { "CREATE SCHEMA \($0); INSERT INTO tenants (name) VALUES ('\($0)')" }.joined(separator: ";"))
  }

  /// Applies what is pending to all tenants.
  @discardableResult
  func migrate(
    _ files: [MigrationFile], shared: [MigrationFile] = [],
    _ configure: (inout MigrationRun) -> Void = { _ in }
  ) async throws -> MigrationReport {
    var run = MigrationRun()
    configure(&run)
    let set = MigrationSet(tenant: files, shared: shared)
    return try await tenancy.migrate(tenancy.planMigration(.all, set), run)
  }

  /// Undoes migrations of all tenants.
  @discardableResult
  func rollback(_ files: [MigrationFile], _ extent: RollbackExtent) async throws -> MigrationReport {
    try await tenancy.migrate(planRollback(files, extent))
  }

  func planRollback(_ files: [MigrationFile], _ extent: RollbackExtent) async throws -> MigrationPlan {
    try await tenancy.planRollback(.all, MigrationSet(tenant: files, shared: []), extent)
  }

  /// The versions in a tenant's ledger, and whether its head comment repeats them.
  func ledger(_ tenant: String, of files: [MigrationFile]) async throws -> String {
    let versions = try await psql(
      "SELECT coalesce(string_agg(version, ',' ORDER BY version), 'none') FROM \(tenant).schema_migrations")
    let comment = try await psql("SELECT obj_description('\(tenant).schema_migrations'::regclass)")
    let applied = files.filter { versions.split(separator: ",").contains($0.version.rawValue[...]) }
    return comment == LedgerHistory(of: applied).head.comment ? versions : "\(versions), but: \(comment)"
  }
}

extension FleetSelection {
  static let all = FleetSelection(names: nil)
}

extension MigrationReport {
  /// `a: 1,2; b: failed; c: not run`.
  var outline: String { tenants.map { "\($0.label): \($0.outline)" }.joined(separator: "; ") }
}

extension MigrationOutcome {
  var outline: String {
    switch status {
    case .done: value == nil ? "up to date" : versions.map(\.rawValue).joined(separator: ",")
    case .failed: "failed"
    case .unfinished: "unfinished"
    case .notRun: "not run"
    }
  }

  var versions: [MigrationVersion] { value ?? [] }
  var isUpToDate: Bool { isDone && value == nil }
  var migrationFailure: MigrationFailure? {
    if case TenancyProblem.migrationFailed(let failure)? = failure { failure } else { nil }
  }
}

extension FleetReport<BaselinedTenant> {
  /// `a: 1,2; b: ; c: changedMeanwhile; d: not run`: what was recorded, or what went wrong.
  var outline: String {
    tenants.map { outcome in
      switch outcome.status {
      case .done:
        "\(outcome.label): \(((outcome.value?.recorded ?? []) + (outcome.value?.addedColumns ?? []).map { "+\($0)" }).joined(separator: ","))"
      case .failed(let error): "\(outcome.label): \(Self.name(of: error))"
      case .unfinished: "\(outcome.label): unfinished"
      case .notRun: "\(outcome.label): not run"
      }
    }.joined(separator: "; ")
  }

  private static func name(of error: any Error) -> String {
    switch error as? TenancyProblem {
    case .foreignLedger(_, let tool, _): "foreignLedger \(tool?.rawValue ?? "?")"
    case .ledgerInUse(_, let tool): "ledgerInUse \(tool.rawValue)"
    case let error?: String("\(error)".prefix { $0 != "(" })
    case nil: "\(error)"
    }
  }
}

/// `CREATE TABLE t1`, and how to undo it.
func tableMigration(_ number: Int) throws -> MigrationFile {
  try migration(
    "\(number)",
    "-- migrate:up\nCREATE TABLE t\(number) (id integer);\n-- migrate:down\nDROP TABLE t\(number);\n")
}
