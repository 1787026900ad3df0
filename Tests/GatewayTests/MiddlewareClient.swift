#if Gateway
  import Foundation
  import Glibc
  import Hummingbird
  import Logging
  import ServiceLifecycle

  /// A client that sends what it is told, byte for byte: what a library would refuse or put in order, too.
  struct MiddlewareClient: Sendable {
    let port: Int

    /// What a server answered.
    struct Answer: Equatable, CustomStringConvertible {
      let status: Int
      let body: String

      init(_ status: Int, _ body: String = "") { (self.status, self.body) = (status, body) }

      var description: String { "\(status) \(body)" }
    }

    struct NoAnswer: Error {
      let text: String
    }

    /// Serves the routes on a free port while the block asks for them. HummingbirdTesting does this too, but brings a TLS
    /// library, whose build takes longer than all of these tests.
    static func ask<Router: HTTPResponderBuilder, T: Sendable>(
      _ router: Router, services: [any Service] = [],
      whenReady wait: @escaping @Sendable () async throws -> Void = {},
      _ body: @Sendable (MiddlewareClient) async throws -> T
    ) async throws -> T
    where Router.Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
      let (ports, port) = AsyncThrowingStream.makeStream(of: Int.self)
      var app = Application(
        router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        services: services, onServerRunning: { port.yield($0.localAddress?.port ?? 0) })
      app.logger.logLevel = .critical
      app.beforeServerStarts(perform: wait)
      let group = ServiceGroup(configuration: .init(services: [app], logger: app.logger))
      async let running: Void = {
        do {
          try await group.run()
          port.finish()
        } catch {
          port.finish(throwing: error)
          throw error
        }
      }()
      var started = ports.makeAsyncIterator()
      guard let number = try await started.next() else { throw NoAnswer(text: "the app ended at once") }
      let result = try await body(MiddlewareClient(port: number))
      await group.triggerGracefulShutdown()
      try await running
      return result
    }

    /// Asks for a path at a host, with further header lines.
    func ask(_ path: String, at host: String, method: String = "GET", lines: [String] = []) async throws
      -> Answer
    {
      try await send("\(method) \(path) HTTP/1.1", ["Host: \(host)"] + lines)
    }

    /// Sends a request line and header lines, and reads until the server closes the connection.
    func send(_ request: String, _ lines: [String]) async throws -> Answer {
      let text = ([request] + lines + ["Connection: close", "", ""]).joined(separator: "\r\n")
      let reply = try await withCheckedThrowingContinuation { continuation in
        // The calls block.
        Thread.detachNewThread { continuation.resume(with: Result { try exchange(text) }) }
      }
      guard let end = reply.firstRange(of: "\r\n\r\n"), let status = Int(reply.dropFirst(9).prefix(3)) else {
        throw NoAnswer(text: reply)
      }
      return Answer(status, String(reply[end.upperBound...]))
    }

    private func exchange(_ text: String) throws -> String {
      let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(end) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let isConnected = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      let bytes = Array(text.utf8)
      guard isConnected, Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
        throw NoAnswer(text: String(cString: strerror(errno)))
      }
      var reply: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while case let count = recv(end, &chunk, chunk.count, 0), count > 0 { reply += chunk[..<count] }
      return String(decoding: reply, as: UTF8.self)
    }
  }
#endif
