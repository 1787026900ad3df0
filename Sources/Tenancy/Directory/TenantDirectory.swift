internal import TenancyPostgres

/// Which host leads to which tenant, answered from memory: for a server that asks at each request.
///
/// ```swift
/// let directory = TenantDirectory(of: database)
/// async let running: Void = directory.run()
/// try await directory.waitUntilReady()
/// let tenant = try directory.tenant(forHost: "acme.example.com")
/// ```
///
/// The registry is read once, and kept current while ``run()`` runs: by notifications of the database where
/// `tenantctl init --notify` has installed them, and by a cheap query each ``Settings/interval`` in any case. A change is in
/// force within the interval and the time of one reading; with notifications it takes milliseconds. While the database is
/// away, what is known goes on being answered, for as long as ``Settings/patience`` says.
public final class TenantDirectory: Sendable {
  /// How a directory is kept current.
  public struct Settings: Sendable, Hashable {
    /// The time between two questions whether the registry has changed. Default: a second.
    public var interval: Duration
    /// How long answers are given while the database does not answer; then they are refused with
    /// ``TenancyError/Code-swift.struct/directoryStale``. `nil`, the default, is for ever.
    public var patience: Duration?
    /// The connection string of a direct connection, on which notifications arrive, where that of the ``TenantDatabase`` leads
    /// to a pooler. Default: the same.
    public var connectionString: String?

    /// The defaults.
    public init(interval: Duration = .seconds(1), patience: Duration? = nil, connectionString: String? = nil)
    {
      (self.interval, self.patience, self.connectionString) = (interval, patience, connectionString)
    }
  }

  /// The database whose tenants it knows.
  public let database: TenantDatabase
  private let settings: Settings
  private let state = DirectoryState()

  /// A directory of that database's tenants. It knows nothing before ``run()`` is called.
  public init(of database: TenantDatabase, settings: Settings = Settings()) {
    (self.database, self.settings) = (database, settings)
  }

  /// Whether what it answers may have changed in the meantime: the database has not answered for longer than the interval.
  package var isOverdue: Bool { age.map { $0 > settings.interval + .seconds(2) } ?? true }

  /// How it is doing.
  package var status: DirectoryStatus { state.status }

  /// How long ago the answers were last known to be current; `nil` before the first reading.
  public var age: Duration? { state.current.map { .now - $0.asOf } }

  /// Why the registry cannot be read at present; `nil` if it can.
  public var failure: TenancyError? { state.status.failure }

  /// Waits until the registry was read for the first time. Throws `CancellationError` when the task is cancelled.
  public func waitUntilReady() async throws { try await state.wait() }

  /// Which tenant serves the host, and why, by the rules of ``TenantDatabase/resolve(host:)``.
  ///
  /// Throws as that does, ``TenancyError/Code-swift.struct/directoryNotReady`` before the registry was read for the first time,
  /// and ``TenancyError/Code-swift.struct/directoryStale``.
  public func resolve(host: Host) throws(TenancyError) -> Resolution {
    switch try answer(for: host) {
    case .tenant(let tenant, let rule):
      guard tenant.isActive else { throw TenancyError(.tenantDeactivated(.init(stored: tenant.name))) }
      return Resolution(host: host.name, tenant: tenant.tenant, rule: rule)
    case .shared(let rule): return Resolution(host: host.name, tenant: nil, rule: rule)
    case .unknown(let label): throw TenancyError(.hostNotFound(host.name, label: label))
    case .domainWithoutTenant:
      throw TenancyError(.domainWithoutTenant(DomainName(stored: host.name), tenant: nil))
    }
  }

  /// The tenant that serves the host, given as the `Host` header gives it.
  ///
  /// Throws as ``resolve(host:)`` does, ``TenancyError/Code-swift.struct/hostNotTenant`` where the shared schema serves it,
  /// and ``TenancyError/Code-swift.struct/invalidDomain``.
  public func tenant(forHost host: String) throws(TenancyError) -> Tenant {
    let host = try Host(parsing: host)
    guard let tenant = try resolve(host: host).tenant else { throw TenancyError(.hostNotTenant(host.name)) }
    return tenant
  }

  /// Whose the host is, deactivated tenants included.
  ///
  /// Throws ``TenancyError/Code-swift.struct/directoryNotReady`` and ``TenancyError/Code-swift.struct/directoryStale``.
  package func answer(for host: Host) throws(TenancyError) -> HostAnswer {
    guard let (contents, asOf) = state.current else { throw TenancyError(.directoryNotReady) }
    if let patience = settings.patience {
      let age = ContinuousClock.now - asOf
      // Between two questions the answers are as old as the interval, and nothing is wrong.
      if age > settings.interval + patience { throw TenancyError(.directoryStale(age)) }
    }
    let answer = contents.answer(for: host, by: database.settings.routing)
    guard case .tenant(let found, let rule) = answer else { return answer }
    let tenant = found.tenant
    if database.settings.obstacle(to: tenant) != nil { return .unknown(label: host.name) }
    return tenant.schema == .shared && tenant.isActive ? .shared(rule) : answer
  }
}

// MARK: - Keeping it current

extension TenantDirectory {
  /// Reads the registry and keeps the directory current, until the task is cancelled. A database that is away is asked again
  /// until it is there.
  ///
  /// Throws `CancellationError`, and ``TenancyError/Code-swift.struct/malformedURL``.
  public func run() async throws {
    var pause = Self.shortestPause
    while true {
      let readings = state.status.readings
      do {
        try await keep()
      } catch {
        try Task.checkCancellation()
        guard let failure = TenancyError.wrapping(error) as? TenancyError else { throw error }
        if failure.code == .malformedURL { throw failure }
        state.fail(failure)
      }
      pause = state.status.readings > readings ? Self.shortestPause : min(pause * 2, Self.longestPause)
      try await Task.sleep(for: pause)  // A database that is away is not asked in a loop.
    }
  }

  /// Reads the registry's shape once.
  ///
  /// Throws ``TenancyError`` if the registry is not what the mapping says, or cannot be reached within two seconds.
  package func checkRegistry() async throws {
    do {
      let limit = Duration.seconds(2)
      let connection = try await database.connect(
        settings.connectionString, patience: limit, answerLimit: limit)
      do {
        _ = try await RegistryShape.load(database.settings.registry, over: connection)
        await connection.close()
      } catch {
        await connection.close()
        throw error
      }
    } catch {
      throw TenancyError.wrapping(error)
    }
  }

  private static let shortestPause = Duration.milliseconds(100)
  private static let longestPause = Duration.seconds(1)

  /// For how long the database's own connection string serves where the one for notifications does not.
  private static let detour = Duration.seconds(30)

  private func keep() async throws {
    let (connection, end) = try await connect()
    do {
      while end.map({ .now < $0 }) ?? true {
        var keeper = try await DirectoryKeeper(
          state, of: database, over: connection, interval: settings.interval)
        do { try await keeper.keep(until: end) } catch is ShapeOutdated {}
      }
      await connection.close()
    } catch {
      await connection.close()
      // The registry has changed while it was read.
      if error is ShapeOutdated { return }
      throw error
    }
  }

  /// By the connection string for notifications; if nobody answers there, for a while by the database's own.
  private func connect() async throws -> (Connection, until: ContinuousClock.Instant?) {
    // A process of the server, or a pooler, may stop answering in the middle. For a lock it is waited longer.
    let limit = database.settings.lockTimeout + .seconds(5)
    do {
      let connection = try await database.connect(
        settings.connectionString, patience: .seconds(2), answerLimit: limit)
      return (connection, nil)
    } catch ConnectionError.refused where settings.connectionString != nil {
      let connection = try await database.connect(nil, patience: .seconds(2), answerLimit: limit)
      return (connection, .now + Self.detour)
    }
  }
}
