#if Gateway
  internal import Glibc
  internal import Hummingbird
  internal import TenantctlCommands

  /// Where the gateway listens.
  enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    case port(Int, address: String)
    case socket(path: String)

    struct Malformed: Error, CustomStringConvertible {
      let text: String

      var description: String { "'\(text)' is neither ADDRESS:PORT, such as 127.0.0.1:8017, nor unix:PATH" }
    }

    init(parsing text: String) throws {
      if text.hasPrefix("unix:") {
        let path = String(text.dropFirst("unix:".count))
        // The size of sun_path in unix(7).
        guard path.hasPrefix("/"), path.utf8.count < 108 else { throw Malformed(text: text) }
        self = .socket(path: path)
        return
      }
      guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
        (1...65535).contains(port), colon > text.startIndex
      else { throw Malformed(text: text) }
      let address = text[..<colon]
      let isBracketed = address.hasPrefix("[") && address.hasSuffix("]")
      if address.contains(":") && !isBracketed { throw Malformed(text: text) }
      self = .port(port, address: String(isBracketed ? address.dropFirst().dropLast() : address))
    }

    var description: String {
      switch self {
      case .port(let port, let address): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
      case .socket(let path): "unix:\(path)"
      }
    }

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
      let reason = "\(error)"
      if reason.contains("(errno: \(EADDRINUSE))") { return inUse }
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
