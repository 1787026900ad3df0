import Foundation

/// A role without any privileges, which logs in with a password.
package struct TestRole: Sendable {
  /// Its name, unique on the server.
  package let name: String
  /// Its password.
  package let password = "hunter2"
  private let database: TestDatabase

  /// Creates a role, calls `body` and removes it with all that it owns in `database`.
  ///
  /// - Throws: `ProgramFailed` where psql cannot create or drop it, or what `body` throws.
  package static func with<Result>(
    _ database: TestDatabase, suffix: String = "role", isolation: isolated (any Actor)? = #isolation,
    _ body: (TestRole) async throws -> Result
  ) async throws -> Result {
    let role = TestRole(name: "\(database.name)_\(suffix)", database: database)
    try await database.psql("CREATE ROLE \(role.name) LOGIN PASSWORD '\(role.password)'")
    let drop = "DROP OWNED BY \(role.name); DROP ROLE \(role.name)"
    do {
      let result = try await body(role)
      try await database.psql(drop)
      return result
    } catch {
      // The first error is the one to report.
      _ = try? await database.psql(drop)
      throw error
    }
  }

  /// How libpq reaches the database as this role.
  /// - Parameter password: another one than the right one.
  package func url(password: String? = nil) -> String {
    guard var components = URLComponents(string: database.url), components.scheme != nil else {
      return "\(database.url) user=\(name) password=\(password ?? self.password)"
    }
    components.queryItems =
      (components.queryItems ?? []) + [
        URLQueryItem(name: "user", value: name),
        URLQueryItem(name: "password", value: password ?? self.password),
      ]
    components.user = nil
    components.password = nil
    return components.string ?? database.url
  }
}
