#if Gateway
  internal import Glibc
  internal import Hummingbird
  internal import NIOCore
  internal import TenantctlCommands

  extension ListenAddress {
    var bound: BindAddress {
      switch self {
      case .port(let port, let address): .hostname(address, port: port)
      case .socket(let path): .unixDomainSocket(path: path)
      }
    }

    /// Throws `ServiceError` if another program answers on the socket. A socket that nobody listens on was left behind by a
    /// program that was killed, and is replaced.
    func checkFree() throws {
      guard case .socket(let path) = self else { return }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      let isTaken = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
      }
      if isTaken { throw inUse }
    }

    /// Why the server cannot listen there.
    func refusal(_ error: any Error) -> ServiceError {
      let code = (error as? IOError)?.errnoCode
      if code == EADDRINUSE { return inUse }
      let reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
      return ServiceError(
        "listen", "cannot listen on \(self): \(reason)", hint: "choose another address with --listen")
    }

    private var inUse: ServiceError {
      ServiceError(
        "address_in_use", "cannot listen on \(self): the address is in use",
        hint: "stop the program that listens there, or choose another address with --listen")
    }
  }
#endif
