import TestSupport

@testable import Tenancy

extension Fleet {
  /// A directory that is kept current while the block runs. It asks often, so that tests need not wait.
  func withDirectory<T>(
    _ settings: TenantDirectory.Settings = .init(interval: .milliseconds(20)),
    of database: TenantDatabase? = nil,
    isolation: isolated (any Actor)? = #isolation, _ body: (TenantDirectory) async throws -> T
  ) async throws -> T {
    let directory = TenantDirectory(of: database ?? tenancy, settings: settings)
    let keeping = Task { try await directory.run() }
    defer { keeping.cancel() }
    try await directory.waitUntilReady()
    let result = try await body(directory)
    keeping.cancel()
    _ = await keeping.result
    return result
  }
}

extension Fleet {
  func addDomain(_ name: String, _ host: String) async throws {
    _ = try await tenancy.planAddDomain(
      DomainName(parsing: host), to: TenantName(parsing: name), primary: false
    ).apply()
  }

  func removeDomain(_ host: String) async throws {
    _ = try await tenancy.planRemoveDomain(DomainName(parsing: host)).apply()
  }
}

extension TenantDirectory {
  /// Returns once the answers are of a moment after the call.
  func catchUp() async throws {
    try await wait { [now = ContinuousClock.now] in $0.asOf.map { $0 > now } ?? false }
  }

  /// Returns once the status is so, however long that takes on a busy machine. Throws where nothing has come for minutes.
  func wait(until condition: @Sendable (DirectoryStatus) -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(300)
    while !condition(status) {
      guard .now < end else { throw NeverSo(status: status) }
      try await Task.sleep(for: .milliseconds(2))  // The status tells of no change by itself.
    }
  }

  private struct NeverSo: Error {
    let status: DirectoryStatus
  }

  /// As ``Fleet/resolve(_:)``, with errors by their code.
  func told(_ host: String) -> String {
    do throws(TenancyError) {
      let found = try resolve(host: Host(parsing: host))
      return "\(found.tenant?.name.rawValue ?? "public") by \(found.rule.rawValue)"
    } catch {
      return error.code.rawValue
    }
  }
}
