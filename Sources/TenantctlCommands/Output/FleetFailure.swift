internal import Tenancy

/// A tenant that failed, in JSON.
struct FleetFailure: Encodable, Sendable {
  let name: TenantName
  let error: ErrorReport.Document?

  init(_ tenant: Tenant, _ error: (any Error)?) {
    name = tenant.name
    self.error = error.map { ErrorReport($0).document(of: tenant.name) }
  }
}

extension FleetReport {
  /// The failures grouped by their cause.
  func causes(_ style: Style) -> [String] {
    failureCauses(
      tenants.compactMap { outcome in outcome.failure.map { ("\(outcome.tenant.name)", $0) } }, style)
  }

  /// How the program ends after such a run.
  var status: ExitStatus { wasInterrupted ? .interrupted : failures.isEmpty ? .done : .partial }
}
