internal import Tenancy

/// Failures grouped by their cause, the most frequent first: 500 tenants with one cause are one thing to fix.
func failureCauses(_ failures: [(name: String, error: any Error)], _ style: Style) -> [String] {
  let groups = Dictionary(grouping: failures) { ErrorReport(inFleet: $0.error).cause }
  return groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.flatMap { cause, failures in
    [style.red("failed on \(counted(failures.count, "tenant")) (\(named(failures.map(\.name), upTo: 50))):")]
      + cause.split(separator: "\n").map { "  \($0)" }
  }
}

/// That a run goes on with fewer tenants at a time than it was told to.
func fewerJobs(_ jobs: Int, _ problem: TenancyProblem) -> String {
  let reason = if case .cannotConnect(let failure) = problem { failure.message } else { "\(problem)" }
  return
    "the server has no connection for \(jobs) tenants at a time, so fewer run at once: \(reason.firstLine)"
}

/// A tenant whose ledger cannot be read, in JSON.
struct FleetFailure: Encodable, Sendable {
  let name: String
  let error: ErrorReport.Document

  static func all(_ problems: [(name: String, error: TenancyProblem)]) -> [FleetFailure] {
    problems.map { FleetFailure(name: $0.name, error: ErrorReport($0.error).document()) }
  }
}

/// The first few names, and `...` if there are more.
func named(_ names: [some CustomStringConvertible], upTo limit: Int = 5) -> String {
  names.prefix(limit).map(\.description).joined(separator: ", ") + (names.count > limit ? ", ..." : "")
}

extension ErrorReport {
  /// Without the tenant's name, so that tenants with one cause can be grouped.
  init(inFleet error: any Error) {
    switch error {
    case TenancyProblem.schemaMissing:
      self.init(
        "schema_missing", .failed, "its schema does not exist",
        hint: "unless another session has just dropped or renamed the tenant: \(missingSchemaHint("NAME"))")
    case TenancyProblem.tenantExists:
      self.init(
        "tenant_exists", .refused, "it already exists",
        hint: "--if-not-exists leaves existing tenants as they are")
    default: self.init(error)
    }
  }
}
