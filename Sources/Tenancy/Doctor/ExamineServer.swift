internal import TenancyPostgres

extension TenantDatabase {
  /// Checks the connection, and the privileges of the role.
  func examineServer() async throws -> [Finding] {
    let isDirect = try await connected { try await $0.isDirect() }
    if !isDirect, try await !keepsTransactions() { return [.settingsLost] }
    let role = try await connected { connection in
      try await connection.query(
        """
        SELECT CURRENT_USER::text, current_database()::text, has_database_privilege(current_database(), 'CREATE'),
          pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on'
        """
      )[0]
      .decode(String.self, String.self, Bool.self, Bool.self, Bool.self)
    }
    let readOnly: [Finding] = role.3 || role.4 ? [.readOnly(isStandby: role.3)] : []
    let pooler: [Finding] = isDirect ? [] : [.pooler(sharesSessions: try await sharesSessions())]
    return readOnly + pooler + (role.2 ? [] : [.cannotCreateSchemas(role: role.0, database: role.1)])
  }

  /// Whether what a transaction begins with still holds in its second message.
  private func keepsTransactions() async throws -> Bool {
    do {
      return try await pool.withConnection { connection in
        let mark = "tenantctl"
        return try await connection.transaction(opening: [
          "SELECT set_config('tenantctl.probe', \(mark), true)"
        ]) { _ in
          try await connection.query("SELECT current_setting('tenantctl.probe', true)")[0][0] == mark
        }
      }
    } catch is ServerError {
      return false
    } catch is StatementError {
      return false
    } catch ConnectionError.lost {
      // PgBouncer closes the connection when a transaction is begun in statement mode.
      return false
    }
  }

  /// Whether a second client gets the server's session that the first one had; `nil` if there can be no second one. A
  /// pooler that keeps sessions apart may have none left for it, and let it wait.
  private func sharesSessions() async throws -> Bool? {
    if pool.size < 2 { return nil }
    return try await connected { first in
      let own = try await first.process()
      do {
        let limit = Duration.seconds(2)
        return try await pool.withConnection(within: limit) { try await $0.process(within: limit) } == own
      } catch ConnectionError.lost {
        return false
      } catch is PoolError {
        return false
      } catch ConnectionError.refused {
        return nil
      }
    }
  }
}

extension Connection {
  /// The server's process that answers.
  fileprivate func process(within limit: Duration? = nil) async throws -> Int {
    try await segments([["SELECT pg_backend_pid()"]], within: limit)[0].get()[0][0].decode(Int.self)
  }
}
