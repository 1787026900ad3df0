internal import Synchronization

/// Which host leads to which tenant, answered from memory: for a server that asks at each request.
///
/// ```swift
/// let directory = TenantDirectory(of: database)
/// async let kept: Void = directory.run()
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

  let database: TenantDatabase
  let settings: Settings

  /// A directory of that database's tenants. It knows nothing before ``run()`` is called.
  public init(of database: TenantDatabase, settings: Settings = Settings()) {
    (self.database, self.settings) = (database, settings)
  }

  /// Reads the registry and keeps the directory current, until the task is cancelled. A database that is away is asked again
  /// until it is there.
  ///
  /// Throws `CancellationError`, and ``TenancyError`` if the connection string is not valid.
  public func run() async throws {
    fatalError()
  }

  /// Waits until the registry has been read once. Throws `CancellationError` when the task is cancelled.
  public func waitUntilReady() async throws {
    fatalError()
  }

  /// Which tenant serves the host, and why, by the rules of ``TenantDatabase/resolve(host:)``.
  ///
  /// Throws as that does, ``TenancyError/Code-swift.struct/directoryNotReady`` before the registry was read for the first time,
  /// and ``TenancyError/Code-swift.struct/directoryStale``.
  public func resolve(host: Host) throws(TenancyError) -> Resolution {
    fatalError()
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
}
