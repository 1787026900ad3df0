import Foundation
import Glibc
import Synchronization

/// A TCP port in front of the test server that can go silent, as a network does whose cable is pulled: what is sent
/// arrives nowhere, new connections are taken, and nobody says a word.
package final class TestProxy: Sendable {
  private let isSilent = Atomic(false)
  private let listener: Int32
  private let server: (host: String, port: UInt16)
  private let ends = Mutex<[Int32]>([])
  /// The URL of the database through the proxy.
  package let url: String

  /// Calls `body` with a proxy that leads to `database`.
  package static func with<Result>(
    _ database: TestDatabase, isolation: isolated (any Actor)? = #isolation,
    _ body: (TestProxy) async throws -> Result
  ) async throws -> Result {
    let words = try await Psql(url: database.url)(#"\echo :HOST :PORT :USER"#).split(separator: " ").map(
      String.init)
    let password = URLComponents(string: database.url)?.password.map { ":\($0)" } ?? ""
    let proxy = try TestProxy((words[0], UInt16(words[1]) ?? 5432)) { port in
      "postgresql://\(words[2])\(password)@127.0.0.1:\(port)/\(database.name)"
    }
    defer { proxy.close() }
    Thread.detachNewThread { proxy.accept() }
    return try await body(proxy)
  }

  /// From now on nothing arrives.
  package func goSilent() { isSilent.store(true, ordering: .sequentiallyConsistent) }

  /// From now on new connections lead to the server again; those that were open stay silent.
  package func recover() { isSilent.store(false, ordering: .sequentiallyConsistent) }

  private init(_ server: (String, UInt16), _ url: (UInt16) -> String) throws {
    self.server = server
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    guard isBound else { throw SystemError(call: "bind", code: errno) }
    self.url = url(UInt16(bigEndian: address.sin_port))
  }

  private func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    ends.withLock { for end in $0 { shutdown(end, Int32(SHUT_RDWR)) } }
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      if client < 0 {
        Glibc.close(listener)
        return
      }
      let server = connectToServer()
      ends.withLock { $0 += [client, server] }
      for (source, target) in [(client, server), (server, client)] {
        Thread.detachNewThread { self.pump(from: source, to: target) }
      }
    }
  }

  /// The descriptors stay open until the process ends: another thread may still use the number.
  private func pump(from source: Int32, to target: Int32) {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(source, &bytes, bytes.count)
      if isSilent.load(ordering: .sequentiallyConsistent) { return }
      guard count > 0, send(target, bytes, count, Int32(MSG_NOSIGNAL)) == count else {
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
        return
      }
    }
  }

  private func connectToServer() -> Int32 {
    if server.host.hasPrefix("/") {
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) {
        $0.copyBytes(from: "\(server.host)/.s.PGSQL.\(server.port)".utf8)
      }
      _ = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      return descriptor
    }
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(server.host, "\(server.port)", nil, &found) == 0, let found else { return -1 }
    defer { freeaddrinfo(found) }
    let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen)
    return descriptor
  }
}
