#if Gateway
  internal import Arguments
  internal import Glibc
  internal import Hummingbird
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
      let configuration = try session.configuration().gateway
      let address = try input[listen] ?? configuredAddress(configuration.listen)
      try address.checkFree()
      let page = try configuration.deniedPage.map { try Files.bytes($0) }
      let directory = TenantDirectory(
        of: try session.database(onMainThread: false), settings: configuration.directory)
      // A proxy that closes its connection must not end the program.
      signal(SIGPIPE, SIG_IGN)
      var logger = Logger(label: "tenantctl-gateway", factory: { StreamLogHandler.standardError(label: $0) })
      logger.logLevel = .info
      let app = Application(
        responder: GatewayResponder(directory, configuration, page: page),
        configuration: ApplicationConfiguration(address: address.bound), logger: logger)
      let services: [any Service] = [directory.service, DirectoryReporter(directory, logger), app]
      let group = ServiceGroup(
        configuration: .init(
          services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      do {
        try await group.run()
      } catch let error as TenancyError {
        throw error
      } catch {
        throw address.refusal(error)
      }
    }

    private static func configuredAddress(_ text: String) throws -> ListenAddress {
      do {
        return try ListenAddress(parsing: text)
      } catch {
        throw ServiceError("usage", "gateway.listen: \(error)", hint: "see 'man 5 tenantctl.toml'")
      }
    }
  }
#endif
