#if Gateway
  public import ServiceLifecycle
  public import Tenancy

  extension TenantDirectory {
    /// The directory as a service of an app, which keeps it current: `Application(router: router, services: [directory.service])`.
    ///
    /// At a graceful shutdown it ends after the server, so that the last requests are still answered.
    public var service: some Service { DirectoryService(directory: self) }
  }

  /// `run()` of a directory, which alone ends with its task only, and by an error.
  private struct DirectoryService: Service {
    let directory: TenantDirectory

    func run() async throws {
      do {
        try await cancelWhenGracefulShutdown { try await directory.run() }
      } catch is CancellationError where !Task.isCancelled {
        // The shutdown, which is no error.
      }
    }
  }
#endif
