internal import TenancyPostgres

extension TenantDatabase {
  /// Checks the triggers that notify of changes, if the registry has any of them.
  func examineNotifications() async throws -> [Diagnosis.Entry] {
    try await connected { connection in
      // Not the known shape, which may be only promised: what is installed depends on all columns.
      let shape = try await RegistryShape.load(self.settings.registry, over: connection)
      let notifications = RegistryNotifications(shape)
      guard try await notifications.state(over: connection) == .outdated else { return [] }
      let table = shape.tenants.table.description
      do {
        try await notifications.admit(over: connection)
      } catch is TenancyProblem {
        return [Diagnosis.Entry(.notificationsOutdated(table: table, isBlocked: true))]
      }
      return [
        Diagnosis.Entry(.notificationsOutdated(table: table, isBlocked: false)) {
          [.transaction(self.limits.opening.planned + notifications.planned)]
        }
      ]
    }
  }
}
