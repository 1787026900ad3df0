import Foundation
import Synchronization

/// A fresh database that exists while a closure runs.
package struct TestDatabase: Sendable {
  /// Its name, unique in this test run.
  package let name: String
  /// How libpq reaches it, as a superuser.
  package let url: String

  private static let turnstile = Turnstile(width: 8)
  private static let counter = Atomic(0)
  /// A test that holds a database already may have a second one without waiting behind itself.
  @TaskLocal private static var isAdmitted = false

  /// Creates a database, a copy of `template` (default: an empty one), calls `body` and drops it, whoever is
  /// still connected.
  ///
  /// - Throws: `NoServer`, `ProgramFailed` where psql cannot create or drop it, or what `body` throws.
  package static func with<Result>(
    template: String = "template0", isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Result
  ) async throws -> Result {
    guard !isAdmitted else { return try await withCopy(of: template, body) }
    await turnstile.enter()
    do {
      let result = try await $isAdmitted.withValue(true) { try await withCopy(of: template, body) }
      await turnstile.leave()
      return result
    } catch {
      await turnstile.leave()
      throw error
    }
  }

  /// The same with an empty database of another encoding.
  package static func with<Result>(
    encoding: String, isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Result
  ) async throws -> Result {
    try await with(template: "template0 ENCODING '\(encoding)' LC_COLLATE 'C' LC_CTYPE 'C'", body)
  }

  private static func withCopy<Result>(
    of template: String, isolation: isolated (any Actor)? = #isolation,
    _ body: (TestDatabase) async throws -> Result
  ) async throws -> Result {
    let server = try TestServer.given()
    let number = counter.add(1, ordering: .relaxed).newValue
    let name = "tenantctl_test_\(ProcessInfo.processInfo.processIdentifier)_\(number)"
    let maintenance = Psql(url: server.url)
    try await maintenance("CREATE DATABASE \(name) TEMPLATE \(template)")
    do {
      let result = try await body(TestDatabase(name: name, url: server.url(database: name)))
      try await maintenance("DROP DATABASE \(name) WITH (FORCE)")
      return result
    } catch {
      // The first error is the one to report.
      _ = try? await maintenance("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
      throw error
    }
  }

  /// Runs SQL through `psql`, a judge that shares no code with what is tested.
  ///
  /// - Returns: The rows, one a line, columns separated by `|`, NULL as `NULL`.
  /// - Throws: `ProgramFailed` with psql's own words at the first error.
  @discardableResult
  package func psql(_ sql: String) async throws -> String {
    try await Psql(url: url)(sql)
  }

  /// What a program prints.
  ///
  /// - Throws: `ProgramFailed` with the program's own words.
  package func output(_ command: [String]) async throws -> String {
    try await Program(command).succeed().stdout
  }

  /// All that is in it, as `pg_dump` writes it down.
  ///
  /// - Throws: `ProgramFailed` with pg_dump's own words.
  package func contents() async throws -> String { try await dump([]) }

  /// All that is defined outside of a schema, as `pg_dump` writes it down.
  ///
  /// - Throws: `ProgramFailed` with pg_dump's own words.
  package func definitions(outside schema: String) async throws -> String {
    try await dump(["--schema-only", "-N", schema])
  }

  private func dump(_ options: [String]) async throws -> String {
    // These lines carry a random key.
    try await Program(["pg_dump", "--no-sync"] + options + [url]).succeed().stdout
      .replacing(#/\\(un)?restrict .*/#, with: "")
  }
}
