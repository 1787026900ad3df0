import TestSupport

@testable import Tenancy

extension Fleet {
  /// Installs the triggers that notify of changes.
  func install() async throws {
    try await tenancy.planInitialize(.mapping, notify: true).apply()
  }

  func notifications() async throws -> RegistryNotifications.State {
    try await tenancy.planInitialize(.mapping).result.notifications
  }

  /// The payloads, in the order of their arrival, that a session of psql hears which listens and runs SQL meanwhile.
  func heard(_ sql: String) async throws -> [String] {
    let output = try await psql("LISTEN tenantctl_registry;\n\(sql);\nSELECT WHERE false")
    return output.matches(of: #/"tenantctl_registry"(?: with payload "(.*)")? received/#).map {
      String($0.1 ?? "")
    }
  }

  /// The same while a plan's change is made.
  func heard<Result>(during plan: Plan<Result>) async throws -> [String] {
    try await heard(plan.script.joined(separator: "\n"))
  }
}
