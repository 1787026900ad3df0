#if Gateway
  internal import Arguments
  internal import Glibc
  internal import Hummingbird
  internal import HummingbirdCore
  internal import Logging
  internal import ServiceLifecycle
  internal import Tenancy
  internal import TenancyHummingbird
  internal import TenantctlCommands
  internal import UnixSignals

  /// The program tenantctl-gateway: it tells a proxy in front of an app which tenant a host leads to.
  public enum Gateway {
    /// Runs it until it is told to end. Returns its exit status.
    public static func run(_ words: [String], environment: [String: String]) async -> Int32 {
      // For `make generate`.
      if words == ["__man"] {
        print(manualPage, terminator: "")
        fflush(nil)
        return 0
      }
      return await tree.run(words, environment: environment)
    }

    static let listen = Option(
      "listen", placeholder: "ADDRESS", environment: "TENANTCTL_GATEWAY_LISTEN",
      parse: ListenAddress.init(parsing:),
      summary:
        "Where to listen: ADDRESS:PORT or unix:PATH. Default: gateway.listen of tenantctl.toml, then 127.0.0.1:8017."
    )

    static func serve(_ input: Input, _ session: Session) async throws {
      // Until it listens, there is nothing to end cleanly; to be told to end is no failure then, either.
      for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
      let configuration = try session.configuration().gateway
      let address = input[listen] ?? configuration.listen
      try address.checkFree()
      let page = try configuration.deniedPage.map(deniedPage)
      let database = try session.database(onMainThread: false, applicationName: "tenantctl-gateway")
      let directory = TenantDirectory(of: database, settings: configuration.directory)
      try await check(directory)
      // A proxy that closes its connection must not end the program.
      signal(SIGPIPE, SIG_IGN)
      let most = mostConnections()
      var logger = Logger(label: "tenantctl-gateway", factory: { StreamLogHandler.standardError(label: $0) })
      logger.logLevel = .info
      let app = Application(
        responder: GatewayResponder(directory, configuration, page: page),
        // Longer than proxies keep a connection: Caddy two minutes, nginx one.
        server: .http1(configuration: .init(idleTimeout: .seconds(180))),
        configuration: ApplicationConfiguration(
          address: address.bound,
          availableConnectionsDelegate: MaximumAvailableConnections(most)), logger: logger)
      let services: [any Service] = [directory.service, DirectoryReporter(directory, logger), app]
      let group = ServiceGroup(
        configuration: .init(
          services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      do {
        try await group.run()
      } catch {
        throw address.refusal(error)
      }
    }

    /// How many connections there may be at a time: as many as the process may have files open, but for some of its own.
    /// Without one that is free nothing works any more. The soft limit is 1,024 for programs that use select(2), which this
    /// one does not (systemd.exec(5), LimitNOFILE=).
    private static func mostConnections() -> Int {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = min(limit.rlim_max, 65_536)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      return max(8, Int(limit.rlim_cur) - 48)
    }

    private static func deniedPage(_ path: String) throws -> [UInt8] {
      do {
        return try Files.bytes(path)
      } catch {
        throw ServiceError(
          "usage", "gateway.denied_page: \(path): \(error.reason)",
          hint: "check the path and its permissions",
          isUsage: true)
      }
    }

    /// Throws if the registry is not what the configuration says: a mistake, which no waiting helps. A database that is away
    /// may come back.
    private static func check(_ directory: TenantDirectory) async throws {
      do {
        try await directory.checkRegistry()
      } catch let error as TenancyError {
        switch error.code {
        case .registryMissing, .registryMismatch: throw error
        case .malformedURL:
          // That of the database itself was checked before.
          throw ServiceError(
            "malformed_url", "gateway.notify_database: \(error.message)", hint: "see 'man 5 tenantctl.toml'",
            isUsage: true)
        default: break
        }
      }
    }
  }
#endif
