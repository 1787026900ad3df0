#if Gateway
  internal import Logging
  internal import ServiceLifecycle
  internal import Tenancy

  /// Writes to the log what changes in how a directory is doing: once for each change, however long it lasts.
  struct DirectoryReporter: Service {
    private let directory: TenantDirectory
    private let logger: Logger

    init(_ directory: TenantDirectory, _ logger: Logger) {
      (self.directory, self.logger) = (directory, logger)
    }

    func run() async throws {
      await cancelWhenGracefulShutdown {
        var before = DirectoryStatus()
        while !Task.isCancelled {
          let now = directory.status
          report(before, now)
          before = now
          try? await Task.sleep(for: .milliseconds(500))  // The log may be half a second late.
        }
      }
    }

    private func report(_ before: DirectoryStatus, _ now: DirectoryStatus) {
      if let failure = now.failure, failure.code != before.failure?.code {
        let known = now.asOf == nil ? "nothing is known yet" : "known hosts are answered as they were"
        let reason = failure.message.onOneLine
        logger.warning("cannot read the registry, \(known): \(reason)")
      } else if now.failure == nil, before.failure != nil, before.asOf != nil {
        logger.notice("the registry can be read again")
      }
      if now.failure == nil, now.readings > 0, before.readings == 0 || now.isNotified != before.isNotified {
        let way =
          now.isNotified
          ? "the database notifies of changes"
          : "the database is asked for changes; 'tenantctl init --notify' makes them arrive at once"
        logger.notice("\(now.tenants) tenants and \(now.domains) domains; \(way)")
      }
    }
  }
#endif
