internal import TenancyPostgres

struct RegistryNotifications {
  static let channel = "tenantctl_registry"
  static let everything = "*"
  enum State { case none, outdated, current }
  init(_ shape: RegistryShape) {}
  func state(over connection: Connection) async throws -> State { .none }
}
